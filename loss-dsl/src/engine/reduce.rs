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
            (Reduction::Mean, Normalizer::Valid) => valid_positions(bound) as f64,
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

    /// Whether the value follows from the sum of the losses.
    pub(super) fn is_of_total<F: Float>(&self, bound: &Bound<F>) -> bool {
        let alike = self.weights.is_none() && bound.ignored.is_empty();
        self.reduction != Reduction::None && alike && !bound.is_scalar()
    }

    /// The value, from the sum of the weighted losses.
    pub(super) fn of_total<F: Float>(&self, total: f64) -> Value<F> {
        if self.vanishes() {
            return Value::Total(F::ZERO);
        }
        Value::Total(F::from_f64(total / self.denominator))
    }

    /// The value.
    pub(super) fn reduce<F: Float>(&self, bound: &Bound<F>, mut losses: Vec<F>) -> Value<F> {
        if bound.is_scalar() {
            return Value::Total(losses[0]);
        }
        clear_ignored(bound, &mut losses);
        if self.reduction == Reduction::None {
            for (loss, &weight) in losses.iter_mut().zip(self.weights.into_iter().flatten()) {
                *loss *= F::from_f64(weight);
            }
            return Value::PerSample(bound.array(bound.value_axes(), losses));
        }
        let losses = losses.iter().map(|loss| loss.to_f64());
        let total = match self.weights {
            None => sum(losses),
            Some(weights) => sum(losses.zip(weights).map(|(loss, weight)| loss * weight)),
        };
        self.of_total(total)
    }

    /// ∂total/∂ℓₙ times the upstream gradient; one number if it is the same for all positions.
    pub(super) fn cotangent<F: Float>(
        &self,
        bound: &Bound<F>,
        upstream: Option<&Upstream<'_, F>>,
    ) -> Vec<F> {
        let scale = match upstream {
            Some(Upstream::Scalar(scale)) => scale.to_f64() / self.denominator,
            _ => 1.0 / self.denominator,
        };
        let per_sample = matches!(upstream, Some(Upstream::PerSample(_)));
        let mut cotangent = match self.weights {
            None if !per_sample && bound.ignored.is_empty() => return vec![F::from_f64(scale)],
            None => vec![F::from_f64(scale); bound.positions()],
            Some(weights) => weights
                .iter()
                .map(|weight| F::from_f64(scale * weight))
                .collect(),
        };
        if let Some(Upstream::PerSample(gradient)) = upstream {
            cotangent
                .iter_mut()
                .zip(gradient)
                .for_each(|(own, &upstream)| *own *= upstream);
        }
        clear_ignored(bound, &mut cotangent);
        cotangent
    }
}

/// Sets what belongs to ignored positions to 0, whatever it was.
fn clear_ignored<F: Float>(bound: &Bound<F>, values: &mut [F]) {
    for (value, _) in values
        .iter_mut()
        .zip(&bound.ignored)
        .filter(|(_, ignored)| **ignored)
    {
        *value = F::ZERO;
    }
}

/// A sum in sixteen lanes: additions don't wait for each other, and errors grow more slowly.
fn sum(terms: impl Iterator<Item = f64>) -> f64 {
    let mut lanes = [0.0; 16];
    terms
        .enumerate()
        .for_each(|(n, term)| lanes[n % 16] += term);
    lanes.iter().sum()
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

/// |V|.
fn valid_positions<F: Float>(bound: &Bound<F>) -> usize {
    bound.positions() - bound.ignored.iter().filter(|ignored| **ignored).count()
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
    clear_ignored(bound, &mut declared);
    let declared = declared.iter().map(|weight| weight.to_f64());
    match weights {
        None => sum(declared),
        Some(weights) => sum(declared.zip(weights).map(|(own, weight)| own * weight)),
    }
}
