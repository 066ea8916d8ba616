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
            // A row handed out has the target's length, which the compiler cannot see.
            let g = &mut gradient.row(n)[..self.classes];

            // Pass 1: the largest logit.
            let max = F::largest(z);
            let shift = if max.is_finite() { max } else { F::ZERO };

            // Pass 2, strip by strip: exponentials into the gradient, and their sum.
            let mut sum = [F::ZERO; LANES];
            for (g, z) in g.chunks_mut(STRIP).zip(z.chunks(STRIP)) {
                for i in 0..z.len() {
                    g[i] = (z[i] - shift).exp(isa);
                }
                add(&mut sum, g);
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
