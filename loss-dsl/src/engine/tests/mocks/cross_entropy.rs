//! ℓₙ = v_y (lse_C z − z_y), z: [N, C], v: const [C], y: [N] in C, with the weight v_y declared.
//! Auxiliary output: the softmax, [N, C].

use super::without_scalars;
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::{AuxiliarySpec, DimSpec, Loss, Options, ParameterKind, ParameterSpec, Spec};

/// Class-weighted softmax cross-entropy; `SPLIT` says whether its kernel takes a split batch axis.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct CrossEntropy<const SPLIT: bool = true> {
    pub(in super::super) options: Options,
}

const fn spec(splittable: bool) -> Spec {
    Spec {
        name: "CrossEntropy",
        dims: &[
            DimSpec {
                name: "N",
                batch: true,
            },
            DimSpec {
                name: "C",
                batch: false,
            },
        ],
        parameters: &[
            ParameterSpec {
                name: "z",
                kind: ParameterKind::Tensor {
                    differentiable: true,
                },
                axes: &[0, 1],
            },
            ParameterSpec {
                name: "v",
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
        auxiliary: &[AuxiliarySpec {
            next: None,
            name: "p",
            axes: &[0, 1],
        }],
        splittable,
        coupled: false,
    }
}

/// The softmax of row `n` and its log-sum-exp.
fn softmax<F: Float>(call: &Call<'_, F>, n: usize) -> (Vec<f64>, f64) {
    let z = &call.tensors[0];
    let logits: Vec<f64> = (0..call.dims[1])
        .map(|c| z.get(z.at(0, n) + z.at(1, c)).to_f64())
        .collect();
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logits.iter().map(|z| (z - highest).exp()).sum();
    (
        logits.iter().map(|z| (z - highest).exp() / total).collect(),
        highest + total.ln(),
    )
}

impl<const SPLIT: bool> Loss for CrossEntropy<SPLIT> {
    const NAME: &'static str = "CrossEntropy";
    without_scalars!();

    fn spec() -> &'static Spec {
        static SPLIT_SPEC: Spec = spec(true);
        static JOINED_SPEC: Spec = spec(false);
        if SPLIT { &SPLIT_SPEC } else { &JOINED_SPEC }
    }

    fn forward_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        auxiliary: &mut [Vec<F>],
    ) {
        let mut losses = losses.whole(call.dims[0]);
        let (z, v) = (&call.tensors[0], &call.tensors[1]);
        for (n, loss) in losses.iter_mut().enumerate() {
            let (softmax, lse) = softmax(call, n);
            let y = call.labels[0][n];
            *loss = F::from_f64(
                v.get(v.at(0, y)).to_f64() * (lse - z.get(z.at(0, n) + z.at(1, y)).to_f64()),
            );
            for output in auxiliary.iter_mut() {
                let row = &mut output[n * call.dims[1]..][..call.dims[1]];
                row.iter_mut()
                    .zip(&softmax)
                    .for_each(|(to, from)| *to = F::from_f64(*from));
            }
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
        let (v, (mut dz, layout)) = (&call.tensors[1], gradients[0].parts_mut());
        for n in 0..call.dims[0] {
            let (softmax, _) = softmax(call, n);
            let y = call.labels[0][n];
            let scale = cotangent(n).to_f64() * v.get(v.at(0, y)).to_f64();
            for (c, p) in softmax.into_iter().enumerate() {
                let slope = p - f64::from(u8::from(c == y));
                dz.set(
                    layout.at(0, n) + layout.at(1, c),
                    F::from_f64(scale * slope),
                );
            }
        }
    }

    fn weight_kernel<F: Float>(call: &Call<'_, F>, weights: &mut [F]) -> bool {
        let v = &call.tensors[1];
        weights
            .iter_mut()
            .zip(call.labels[0].iter())
            .for_each(|(weight, &y)| *weight = v.get(v.at(0, y)));
        true
    }
}
