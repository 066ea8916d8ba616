//! The trait of all generated losses.

use core::fmt::Debug;

use ndarray::ArrayD;

use crate::derivation::Derivation;
use crate::engine;
use crate::error::Error;
use crate::input::Inputs;
use crate::options::{Normalizer, Options, Reduction};
use crate::rt::{Call, Float, Losses, TensorMut};
use crate::saved::Saved;
use crate::sharding::Axis;
use crate::spec::Spec;
use crate::value::{GradientTargets, Gradients, Value};

/// The definition of a loss, for whoever compiles it again: an audit, an inspector.
///
/// Implemented by the macro `loss!`.
pub trait Source {
    /// The inside of a `loss! { … }` that defines this loss last, after those that it uses; without documentation.
    const SOURCE: &'static str;
}

/// A loss: a static description, run-time scalars and options, and three kernels.
///
/// Implemented by the macro `loss!`. Generic code (training loops, gradient checkers, adapters to
/// other array libraries) uses the provided methods, which take inputs of any rank as [`Inputs`];
/// each generated type also has typed methods `forward`, `value_and_grad` and so on.
///
/// All provided methods check everything before they write anything, and none panics.
pub trait Loss: Clone + Debug + Send + Sync {
    /// Name of the loss.
    const NAME: &'static str;

    /// The signature.
    fn spec() -> &'static Spec;

    /// The formulas.
    fn derivation() -> &'static Derivation;

    /// Values of the run-time scalars, learned ones included, in declaration order.
    fn scalar_values(&self) -> Vec<f64>;

    /// Values of the run-time flags, in declaration order.
    fn flag_values(&self) -> Vec<bool>;

    /// Sets the scalar `name`; false if there is none of that name.
    fn set_scalar(&mut self, name: &str, value: f64) -> bool;

    /// Sets the flag `name`; false if there is none of that name.
    fn set_flag(&mut self, name: &str, value: bool) -> bool;

    /// The options.
    fn options(&self) -> &Options;

    /// The options, to be changed.
    fn options_mut(&mut self) -> &mut Options;

    /// The axis of which the arrays have a part only.
    #[doc(hidden)]
    fn spread_axis(&self) -> Option<&Axis> {
        None
    }

    /// Writes the loss of every batch position, in row-major order over the value's axes, or their sum, and the
    /// auxiliary outputs, each row-major over its axes and already of the right length. A declared
    /// weight is part of the loss.
    #[doc(hidden)]
    fn forward_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        auxiliary: &mut [Vec<F>],
    );

    /// Writes the losses as [`forward_kernel`](Self::forward_kernel) does, and overwrites the
    /// gradient of Σₙ cotangentₙ · lossₙ by each differentiable tensor and each learned scalar.
    #[doc(hidden)]
    fn gradient_kernel<F: Float>(
        call: &Call<'_, F>,
        losses: Losses<'_, F>,
        gradients: &mut [TensorMut<'_, F>],
        learn: &mut [f64],
    );

    /// Writes the declared weight of every batch position; false if none is declared.
    #[doc(hidden)]
    fn weight_kernel<F: Float>(call: &Call<'_, F>, weights: &mut [F]) -> bool;

    /// The value.
    ///
    /// # Errors
    /// Whatever is wrong with inputs, scalars or options.
    fn evaluate<F: Float>(&self, inputs: &Inputs<'_, F>) -> Result<Value<F>, Error> {
        engine::evaluate(self, inputs)
    }

    /// The value and the auxiliary outputs, in declaration order.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn evaluate_auxiliary<F: Float>(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Vec<ArrayD<F>>), Error> {
        engine::evaluate_auxiliary(self, inputs)
    }

    /// Stores what follows this step in the scalars that are state (`next t = …`). A batch without samples changes nothing.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and if what follows is not finite or outside the declared range; then nothing is
    /// stored.
    fn step<F: Float>(&mut self, inputs: &Inputs<'_, F>) -> Result<(), Error> {
        engine::step(self, inputs)
    }

    /// The value and its gradients; with [`Reduction::None`], the gradients of the sum of the values.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn differentiate<F: Float>(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Gradients<F>), Error> {
        engine::differentiate(self, inputs)
    }

    /// As [`differentiate`](Self::differentiate), into buffers of the caller. Nothing of the size of
    /// a tensor is allocated if inputs and buffers are contiguous in some order of their axes.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and if a buffer has not its input's shape. Then the buffers
    /// are untouched.
    fn differentiate_into<F: Float>(
        &self,
        inputs: &Inputs<'_, F>,
        targets: GradientTargets<'_, F>,
    ) -> Result<Value<F>, Error> {
        engine::differentiate_into(self, inputs, targets)
    }

    /// The value, and the checked call to be pulled back through later. `D` is for typed callers:
    /// a tuple with the dimension type of each differentiable tensor.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    #[allow(clippy::type_complexity, reason = "a result of a pair, used once")]
    fn save<'a, F: Float, D>(
        &self,
        inputs: Inputs<'a, F>,
    ) -> Result<(Value<F>, Saved<'a, Self, F, D>), Error> {
        engine::save(self, inputs)
    }

    /// The loss with another reduction.
    #[must_use]
    fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.options_mut().reduction = reduction;
        self
    }

    /// The loss with another normaliser of the mean.
    #[must_use]
    fn with_normalizer(mut self, normalizer: Normalizer) -> Self {
        self.options_mut().normalizer = normalizer;
        self
    }

    /// The loss without the positions that are labelled `label`.
    #[must_use]
    fn with_ignore_index(mut self, label: i64) -> Self {
        self.options_mut().ignore_index = Some(label);
        self
    }

    /// The loss with a weight per sample, in the shape of the per-sample losses.
    #[must_use]
    fn with_sample_weights(mut self, weights: ArrayD<f64>) -> Self {
        self.options_mut().sample_weights = Some(weights);
        self
    }

    /// Takes this many classes at once: see [`Options::tile`].
    #[must_use]
    fn with_tile(mut self, classes: usize) -> Self {
        self.options_mut().tile = Some(classes);
        self
    }
}
