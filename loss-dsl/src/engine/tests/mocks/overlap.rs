//! 1 − (2 Σ p t + 1) / (Σ p + Σ t + 1) over all positions: the soft Dice loss, a scalar;
//! p: [N], t: mask [N]. The batch axis may come with trailing axes.

use super::without_scalars;
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::{DimSpec, Loss, Options, ParameterKind, ParameterSpec, Spec};

/// Soft Dice. `WRONG` makes its gradient too large by one part in a thousand.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Overlap<const WRONG: bool = false> {
    pub(in super::super) options: Options,
}

static SPEC: Spec = Spec {
    name: "Overlap",
    dims: &[DimSpec {
        name: "N",
        batch: true,
    }],
    parameters: &[
        ParameterSpec {
            name: "p",
            kind: ParameterKind::Tensor {
                differentiable: true,
            },
            axes: &[0],
        },
        ParameterSpec {
            name: "t",
            kind: ParameterKind::Mask,
            axes: &[0],
        },
    ],
    value_axes: &[],
    auxiliary: &[],
    splittable: true,
    coupled: true,
};

/// Numerator and denominator.
fn fraction<F: Float>(call: &Call<'_, F>) -> (f64, f64) {
    let p = &call.tensors[0];
    (0..call.dims[0]).fold((1.0, 1.0), |(over, under), n| {
        let (p, t) = (
            p.get(p.at(0, n)).to_f64(),
            f64::from(u8::from(call.masks[0][n])),
        );
        (over + 2.0 * p * t, under + p + t)
    })
}

impl<const WRONG: bool> Loss for Overlap<WRONG> {
    const NAME: &'static str = "Overlap";
    without_scalars!();

    fn spec() -> &'static Spec {
        &SPEC
    }

    fn forward_kernel<F: Float>(call: &Call<'_, F>, losses: Losses<'_, F>, _: &mut [Vec<F>]) {
        let mut losses = losses.whole(1);
        let (over, under) = fraction(call);
        losses[0] = F::from_f64(1.0 - over / under);
        losses.finish();
    }

    fn gradient_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        gradients: &mut [TensorMut<'_, F>],
        _: &mut [f64],
    ) {
        Self::forward_kernel(call, losses, &mut []);
        let (over, under) = fraction(call);
        let (mut dp, layout) = gradients[0].parts_mut();
        let factor = if WRONG { 1.001 } else { 1.0 };
        for n in 0..call.dims[0] {
            let t = f64::from(u8::from(call.masks[0][n]));
            let slope = (over - 2.0 * t * under) / (under * under);
            let slope = F::from_f64(factor * call.cotangent[0].to_f64() * slope);
            dp.set(layout.at(0, n), slope);
        }
    }

    fn weight_kernel<F: Float>(_: &Call<'_, F>, _: &mut [F]) -> bool {
        false
    }
}
