//! ℓₙₕ = x[n, yₙ, h]² where the mask mₙₕ holds, else 0; x: [N, C, H], y: [N] in C, m: mask [N, H].
//! Two batch axes, one of which the label lacks.

use super::without_scalars;
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::{DimSpec, Loss, Options, ParameterKind, ParameterSpec, Spec};

/// A loss with two batch axes.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Grid {
    pub(in super::super) options: Options,
}

static SPEC: Spec = Spec {
    name: "Grid",
    dims: &[
        DimSpec {
            name: "N",
            batch: true,
        },
        DimSpec {
            name: "C",
            batch: false,
        },
        DimSpec {
            name: "H",
            batch: true,
        },
    ],
    parameters: &[
        ParameterSpec {
            name: "x",
            kind: ParameterKind::Tensor {
                differentiable: true,
            },
            axes: &[0, 1, 2],
        },
        ParameterSpec {
            name: "y",
            kind: ParameterKind::Label { range: 1 },
            axes: &[0],
        },
        ParameterSpec {
            name: "m",
            kind: ParameterKind::Mask,
            axes: &[0, 2],
        },
    ],
    value_axes: &[0, 2],
    auxiliary: &[],
    splittable: false,
    coupled: false,
};

fn target<F: Float>(call: &Call<'_, F>, place: usize) -> (usize, usize, F) {
    let (n, h) = (place / call.dims[2], place % call.dims[2]);
    let x = &call.tensors[0];
    let kept = if call.masks[0][place] {
        F::ONE
    } else {
        F::ZERO
    };
    (
        n,
        h,
        x.get(x.at(0, n) + x.at(1, call.labels[0][n]) + x.at(2, h)) * kept,
    )
}

impl Loss for Grid {
    const NAME: &'static str = "Grid";
    without_scalars!();

    fn spec() -> &'static Spec {
        &SPEC
    }

    fn forward_kernel<F: Float>(call: &Call<'_, F>, losses: Losses<'_, F>, _: &mut [Vec<F>]) {
        let mut losses = losses.whole(call.dims[0] * call.dims[2]);
        for (place, loss) in losses.iter_mut().enumerate() {
            let (_, _, x) = target(call, place);
            *loss = x * x;
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
        let cotangent = call.seed(&[call.dims[0], call.dims[2]]);
        let (mut dx, layout) = gradients[0].parts_mut();
        (0..dx.len()).for_each(|at| dx.set(at, F::ZERO));
        for place in 0..call.dims[0] * call.dims[2] {
            let (n, h, x) = target(call, place);
            let slope = cotangent.get(cotangent.at(0, n) + cotangent.at(1, h));
            let at = layout.at(0, n) + layout.at(1, call.labels[0][n]) + layout.at(2, h);
            dx.set(at, (x + x) * slope);
        }
    }

    fn weight_kernel<F: Float>(_: &Call<'_, F>, _: &mut [F]) -> bool {
        false
    }
}
