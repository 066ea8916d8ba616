//! Plain loops in place of generated kernels.

use crate::rt::{Call, Float, StoredMut, TensorMut};

pub(super) fn logits<F: Float>(call: &Call<'_, F>, n: usize) -> Vec<f64> {
    let (x, w) = (&call.tensors[0], &call.tensors[1]);
    let product = |c, d| (x.get(x.at(0, n) + x.at(1, d)) * w.get(w.at(0, c) + w.at(1, d))).to_f64();
    (0..call.dims[2])
        .map(|c| (0..call.dims[1]).map(|d| product(c, d)).sum::<f64>() / call.scalars[0].to_f64())
        .collect()
}

pub(super) fn lse(z: &[f64]) -> f64 {
    let highest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + z.iter().map(|z| (z - highest).exp()).sum::<f64>().ln()
}

pub(super) fn gradients<F: Float>(
    call: &Call<'_, F>,
    gradients: &mut [TensorMut<'_, F>],
    learn: &mut [f64],
) {
    let (x, w, t) = (&call.tensors[0], &call.tensors[1], call.scalars[0].to_f64());
    let [dx, dw] = gradients else {
        unreachable!("two differentiable tensors")
    };
    let ((StoredMut::Number(dx), at_x), (StoredMut::Number(dw), at_w)) =
        (dx.parts_mut(), dw.parts_mut())
    else {
        unreachable!("gradients that are stored as they are computed")
    };
    dx.fill(F::ZERO);
    dw.fill(F::ZERO);
    learn[0] = 0.0;
    let cotangent = call.seed(&[call.dims[0]]);
    for n in 0..call.dims[0] {
        let z = logits(call, n);
        let lse = lse(&z);
        for (c, z) in z.into_iter().enumerate() {
            let one_hot = f64::from(u8::from(c == call.labels[0][n]));
            let g = cotangent.get(cotangent.at(0, n)).to_f64() * ((z - lse).exp() - one_hot) / t;
            learn[0] -= g * z;
            let g = F::from_f64(g);
            for d in 0..call.dims[1] {
                let (to_x, to_w) = (at_x.at(0, n) + at_x.at(1, d), at_w.at(0, c) + at_w.at(1, d));
                dx[to_x] += g * w.get(w.at(0, c) + w.at(1, d));
                dw[to_w] += g * x.get(x.at(0, n) + x.at(1, d));
            }
        }
    }
}
