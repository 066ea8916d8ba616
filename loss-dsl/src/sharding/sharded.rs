//! Losses over shards of an axis.

use std::sync::Arc;

use super::{Axis, Communicator, Ranks, Traffic};
use crate::derivation::Derivation;
use crate::error::Error;
use crate::loss::Loss;
use crate::options::Options;
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::spec::Spec;

/// A loss one of whose axes may be spread over ranks.
///
/// Implemented by the macro `loss!`, with the feature `sharding`. The axis is the one of the tiles that a matrix product is cut into (the classes of a
/// head); otherwise the one that labels are positions on; otherwise the first that is not of the batch.
pub trait ShardedLoss: Loss {
    /// The dimension that may be sharded.
    #[doc(hidden)]
    const SHARDED: Option<usize>;

    /// As [`Loss::forward_kernel`], of a shard.
    #[doc(hidden)]
    fn sharded_forward_kernel<F: Float>(
        _call: &Call<'_, F>,
        _losses: Losses<'_, F>,
        _auxiliary: &mut [Vec<F>],
    ) {
        unreachable!("no axis of the loss may be sharded")
    }

    /// As [`Loss::gradient_kernel`], of a shard.
    #[doc(hidden)]
    fn sharded_gradient_kernel<F: Float>(
        _call: &Call<'_, F>,
        _losses: Losses<'_, F>,
        _gradients: &mut [TensorMut<'_, F>],
        _learn: &mut [f64],
    ) {
        unreachable!("no axis of the loss may be sharded")
    }

    /// As [`Loss::weight_kernel`], of a shard.
    #[doc(hidden)]
    fn sharded_weight_kernel<F: Float>(_call: &Call<'_, F>, _weights: &mut [F]) -> bool {
        unreachable!("no axis of the loss may be sharded")
    }

    /// The loss of arrays that have a part of the axis `axis` (a name of the definition), where the other ranks have the others.
    ///
    /// # Errors
    /// If that axis cannot be sharded.
    fn sharded(
        self,
        axis: &str,
        communicator: Arc<dyn Communicator>,
    ) -> Result<Sharded<Self>, Error> {
        let spec = Self::spec();
        let possible = Self::SHARDED.map(|dim| spec.dims[dim].name);
        match Self::SHARDED {
            Some(dim) if possible == Some(axis) => Ok(Sharded {
                loss: self,
                axis: Axis {
                    dim,
                    total: None,
                    ranks: Ranks::new(communicator),
                },
            }),
            _ => Err(Error::NotSharded {
                loss: spec.name,
                axis: axis.to_owned(),
                possible,
            }),
        }
    }
}

/// A loss of arrays that have a part of an axis; made by [`ShardedLoss::sharded`].
///
/// All ranks make the same calls in the same order. An error on one of them is an error on all, and the same.
#[derive(Clone, Debug)]
pub struct Sharded<L> {
    loss: L,
    axis: Axis,
}

impl<L> Sharded<L> {
    /// The same, for an axis of so many positions on all ranks together: a call with others, where a rank passes all
    /// positions instead of its part, say, is then an error.
    #[must_use]
    pub fn with_total(mut self, positions: usize) -> Self {
        self.axis.total = Some(positions);
        self
    }

    /// The loss as it is without other ranks.
    pub fn loss(&self) -> &L {
        &self.loss
    }

    /// Those that have the parts.
    pub fn ranks(&self) -> &Ranks {
        &self.axis.ranks
    }

    /// What this loss, and clones of it, have exchanged so far.
    pub fn traffic(&self) -> Traffic {
        self.axis.ranks.traffic()
    }
}

impl<L: ShardedLoss> Loss for Sharded<L> {
    const NAME: &'static str = L::NAME;

    fn spec() -> &'static Spec {
        L::spec()
    }

    fn derivation() -> &'static Derivation {
        L::derivation()
    }

    fn scalar_values(&self) -> Vec<f64> {
        self.loss.scalar_values()
    }

    fn flag_values(&self) -> Vec<bool> {
        self.loss.flag_values()
    }

    fn set_scalar(&mut self, name: &str, value: f64) -> bool {
        self.loss.set_scalar(name, value)
    }

    fn set_flag(&mut self, name: &str, value: bool) -> bool {
        self.loss.set_flag(name, value)
    }

    fn options(&self) -> &Options {
        self.loss.options()
    }

    fn options_mut(&mut self) -> &mut Options {
        self.loss.options_mut()
    }

    fn spread_axis(&self) -> Option<&Axis> {
        Some(&self.axis)
    }

    fn forward_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        auxiliary: &mut [Vec<F>],
    ) {
        L::sharded_forward_kernel(call, losses, auxiliary);
    }

    fn gradient_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        gradients: &mut [TensorMut<'_, F>],
        learn: &mut [f64],
    ) {
        L::sharded_gradient_kernel(call, losses, gradients, learn);
    }

    fn weight_kernel<F: Float>(call: &Call<'_, F>, weights: &mut [F]) -> bool {
        L::sharded_weight_kernel(call, weights)
    }
}
