//! From the losses of positions to a value, and from an upstream gradient to their cotangents.
//!
//! total = Σ_{n∈V} uₙ ℓₙ / Z, hence ∂total/∂ℓₙ = uₙ / Z; see [`options`](crate::Options) for V, u and Z.
//! Sums are in double precision whatever the number type.

use ndarray::ArrayD;

use super::bound::Bound;
use crate::error::Error;
use crate::loss::Loss;
use crate::options::{Normalizer, Options, Reduction};
use crate::rt::{Call, Float};
use crate::value::{Upstream, Value};

/// How losses are scaled and joined in one call.
pub(super) struct Scaling<'o> {
    reduction: Reduction,
    /// Row-major over the batch positions.
    weights: Option<&'o ArrayD<f64>>,
    /// Z, or 1 if the reduction is not a mean.
    denominator: f64,
}

impl<'o> Scaling<'o> {
    pub(super) fn of<L: Loss, F: Float>(loss: &'o L, bound: &Bound<F>, call: &Call<'_, F>) -> Self {
        let Options {
            reduction,
            normalizer,
            ref sample_weights,
            ..
        } = *loss.options();
        let weights = sample_weights.as_ref();
        let denominator = match (reduction, normalizer) {
            _ if bound.is_scalar() => 1.0,
            (Reduction::Sum | Reduction::None, _) | (Reduction::Mean, Normalizer::None) => 1.0,
            (Reduction::Mean, Normalizer::Valid) => valid(bound).count() as f64,
            (Reduction::Mean, Normalizer::Full) => bound.positions() as f64,
            (Reduction::Mean, Normalizer::BatchSize) => bound.batch_size() as f64,
            (Reduction::Mean, Normalizer::WeightedMean) => {
                total_weight::<L, F>(bound, call, weights)
            }
        };
        Self {
            reduction,
            weights,
            denominator,
        }
    }

    /// Whether value and gradients are 0 because the normaliser is.
    pub(super) fn vanishes(&self) -> bool {
        self.denominator == 0.0
    }

    /// The value.
    pub(super) fn reduce<F: Float>(&self, bound: &Bound<F>, mut losses: Vec<F>) -> Value<F> {
        if bound.is_scalar() {
            return Value::Total(losses[0]);
        }
        if self.reduction == Reduction::None {
            let weights = weight_iter(self.weights);
            for (n, (loss, weight)) in losses.iter_mut().zip(weights).enumerate() {
                let scaled = self.weights.map_or(*loss, |_| *loss * F::from_f64(weight));
                *loss = if is_ignored(bound, n) {
                    F::ZERO
                } else {
                    scaled
                };
            }
            return Value::PerSample(bound.array(bound.value_axes(), losses));
        }
        if self.vanishes() {
            return Value::Total(F::ZERO);
        }
        let terms = losses.iter().zip(weight_iter(self.weights)).enumerate();
        let total: f64 = terms
            .filter(|(n, _)| !is_ignored(bound, *n))
            .map(|(_, (loss, weight))| weight * loss.to_f64())
            .sum();
        Value::Total(F::from_f64(total / self.denominator))
    }

    /// ∂total/∂ℓₙ times the upstream gradient.
    pub(super) fn cotangent<F: Float>(
        &self,
        bound: &Bound<F>,
        upstream: Option<&Upstream<'_, F>>,
    ) -> Vec<F> {
        let (scale, per_sample) = match upstream {
            None => (1.0, None),
            Some(Upstream::Scalar(scale)) => (scale.to_f64(), None),
            Some(Upstream::PerSample(gradient)) => (1.0, Some(gradient)),
        };
        if bound.is_scalar() {
            return vec![F::from_f64(scale)];
        }
        let mut cotangent: Vec<F> = weight_iter(self.weights)
            .take(bound.positions())
            .map(|weight| F::from_f64(scale * weight / self.denominator))
            .collect();
        if let Some(gradient) = per_sample {
            cotangent
                .iter_mut()
                .zip(gradient.iter())
                .for_each(|(own, &upstream)| *own = *own * upstream);
        }
        for (own, _) in cotangent
            .iter_mut()
            .zip(&bound.ignored)
            .filter(|(_, ignored)| **ignored)
        {
            *own = F::ZERO;
        }
        cotangent
    }
}

/// The shape of the value, none for a total.
fn value_shape<F: Float>(options: &Options, bound: &Bound<F>) -> Option<Vec<usize>> {
    let per_sample = options.reduction == Reduction::None && !bound.is_scalar();
    per_sample.then(|| bound.array_shape(bound.value_axes()))
}

/// Refuses an upstream gradient that is not shaped like the value.
pub(super) fn check_upstream<F: Float>(
    options: &Options,
    bound: &Bound<F>,
    upstream: &Upstream<'_, F>,
) -> Result<(), Error> {
    let expected = value_shape(options, bound);
    let shape = match upstream {
        Upstream::Scalar(_) => None,
        Upstream::PerSample(gradient) => Some(gradient.shape().to_vec()),
    };
    if shape == expected {
        Ok(())
    } else {
        Err(Error::Upstream { shape, expected })
    }
}

/// Sample weights in row-major order, without end where there are none.
fn weight_iter(weights: Option<&ArrayD<f64>>) -> impl Iterator<Item = f64> + '_ {
    let given = weights.into_iter().flatten().copied();
    given.chain(std::iter::repeat(1.0))
}

fn is_ignored<F>(bound: &Bound<F>, position: usize) -> bool {
    bound.ignored.get(position).copied().unwrap_or(false)
}

fn valid<F: Float>(bound: &Bound<F>) -> impl Iterator<Item = usize> + '_ {
    (0..bound.positions()).filter(|&position| !is_ignored(bound, position))
}

/// Σ_{n∈V} uₙ wₙ.
fn total_weight<L: Loss, F: Float>(
    bound: &Bound<F>,
    call: &Call<'_, F>,
    weights: Option<&ArrayD<f64>>,
) -> f64 {
    let mut declared = vec![F::ONE; bound.positions()];
    if !bound.is_empty() && !L::weight_kernel(call, &mut declared) {
        declared.fill(F::ONE);
    }
    let terms = declared.iter().zip(weight_iter(weights)).enumerate();
    terms
        .filter(|(n, _)| !is_ignored(bound, *n))
        .map(|(_, (own, weight))| weight * own.to_f64())
        .sum()
}
