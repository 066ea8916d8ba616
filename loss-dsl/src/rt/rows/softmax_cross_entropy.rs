/// Softmax cross-entropy, loss and gradient: lossₙ = lse(zₙ) − zₙ[yₙ],
/// ∂/∂zₙ = cotangentₙ · (softmax(zₙ) − onehot(yₙ)).
struct SoftmaxCrossEntropy<'a, F> {
    /// Logits, [N, C] row-major.
    z: &'a [F],
    /// Labels, [N].
    y: &'a [usize],
    /// [N].
    cotangent: &'a [F],
    classes: usize,
}

impl<F: Float> RowKernel<F, 2> for SoftmaxCrossEntropy<'_, F> {
    #[inline(always)]
    fn run<S: Isa>(&self, isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, F>; 2]) {
        let [losses, gradient] = out;
        for n in rows {
            let z = &self.z[n * self.classes..][..self.classes];
            let (z_chunks, z_tail) = z.as_chunks::<LANES>();
            // A row handed out has the target's length, which the compiler cannot see.
            let g = &mut gradient.row(n)[..self.classes];

            // Pass 1: the largest logit.
            let mut max = [F::NEG_INFINITY; LANES];
            for z in z_chunks {
                for i in 0..LANES {
                    max[i] = max[i].max(isa, z[i]);
                }
            }
            for (max, &z) in max.iter_mut().zip(z_tail) {
                *max = max.max(isa, z);
            }
            let max = maximum(&max);
            let shift = if max.is_finite() { max } else { F::ZERO };

            // Pass 2: exponentials into the gradient, and their sum.
            let mut sum = [F::ZERO; LANES];
            let (g_chunks, g_tail) = g.as_chunks_mut::<LANES>();
            for (g, z) in g_chunks.iter_mut().zip(z_chunks) {
                for i in 0..LANES {
                    g[i] = (z[i] - shift).exp(isa);
                    sum[i] += g[i];
                }
            }
            if !z_tail.is_empty() {
                // The rest as one more step, filled up so that it adds nothing.
                let z = padded(z_tail, F::NEG_INFINITY);
                let mut g = [F::ZERO; LANES];
                for i in 0..LANES {
                    g[i] = (z[i] - shift).exp(isa);
                    sum[i] += g[i];
                }
                g_tail.copy_from_slice(&g[..g_tail.len()]);
            }
            let sum = total(&sum);

            // Per row: the loss, and what its gradient needs.
            let log_p = z[self.y[n]] - shift - sum.ln(isa);
            losses.row(n)[0] = -log_p;
            let scale = self.cotangent[n] / sum;

            // Pass 3: the gradient in place. The target's p − 1 would cancel.
            for g in g.iter_mut() {
                *g *= scale;
            }
            g[self.y[n]] = self.cotangent[n] * log_p.expm1(isa);
        }
    }
}
