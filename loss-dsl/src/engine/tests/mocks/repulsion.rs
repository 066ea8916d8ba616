//! ℓₙ = Σ_{m ≠ n, y_m ≠ y_n} |x_n − x_m|, x: [N], y: [N] in K, s: const [K] (sizes K): samples interact,
//! and there is a kink wherever two samples meet.

use super::without_scalars;
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::{DimSpec, Loss, Options, ParameterKind, ParameterSpec, Spec};

/// A coupled loss.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Repulsion {
    pub(in super::super) options: Options,
}

static SPEC: Spec = Spec {
    name: "Repulsion",
    dims: &[
        DimSpec {
            name: "N",
            batch: true,
        },
        DimSpec {
            name: "K",
            batch: false,
        },
    ],
    parameters: &[
        ParameterSpec {
            name: "x",
            kind: ParameterKind::Tensor {
                differentiable: true,
            },
            axes: &[0],
        },
        ParameterSpec {
            name: "s",
            kind: ParameterKind::Tensor {
                differentiable: false,
            },
            axes: &[1],
        },
        ParameterSpec {
            name: "y",
            kind: ParameterKind::Label { range: 1 },
            axes: &[0],
        },
    ],
    value_axes: &[0],
    auxiliary: &[],
    splittable: false,
    coupled: true,
};

/// x_n − x_m for a pair that counts, 0 otherwise.
fn gap<F: Float>(call: &Call<'_, F>, n: usize, m: usize) -> f64 {
    let x = &call.tensors[0];
    let differ = call.labels[0][n] != call.labels[0][m];
    if differ {
        x.get(x.at(0, n)).to_f64() - x.get(x.at(0, m)).to_f64()
    } else {
        0.0
    }
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

impl Loss for Repulsion {
    const NAME: &'static str = "Repulsion";
    without_scalars!();

    fn spec() -> &'static Spec {
        &SPEC
    }

    fn forward_kernel<F: Float>(call: &Call<'_, F>, losses: Losses<'_, F>, _: &mut [Vec<F>]) {
        let mut losses = losses.whole(call.dims[0]);
        for (n, loss) in losses.iter_mut().enumerate() {
            *loss = F::from_f64((0..call.dims[0]).map(|m| gap(call, n, m).abs()).sum());
        }
        losses.finish();
    }

    fn gradient_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        gradients: &mut [TensorMut<'_, F>],
        _: &mut [f64],
    ) {
        Self::forward_kernel(call, losses, &mut []);
        let cotangent = call.seed(&[call.dims[0]]);
        let cotangent = |n| cotangent.get(cotangent.at(0, n));
        let (mut dx, layout) = gradients[0].parts_mut();
        for n in 0..call.dims[0] {
            let pair = |m: usize| (cotangent(n) + cotangent(m)).to_f64() * sign(gap(call, n, m));
            dx.set(
                layout.at(0, n),
                F::from_f64((0..call.dims[0]).map(pair).sum()),
            );
        }
    }

    fn weight_kernel<F: Float>(_: &Call<'_, F>, _: &mut [F]) -> bool {
        false
    }
}
