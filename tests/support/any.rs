//! A loss whose type is forgotten: tests that judge every loss are compiled once and not once for each.

use loss_dsl::audit::{Audit, audit};
use loss_dsl::{
    Derivation, Error, Float, GradientReport, GradientTargets, Gradients, Inputs, Loss, Normalizer,
    Options, Reduction, Source, Spec, Upstream, Value, check_gradients,
};
use ndarray::{ArrayD, IxDyn};

/// Any loss, with its settings.
#[derive(Debug)]
pub struct AnyLoss {
    object: Box<dyn Object>,
}

impl<L: Loss + Source + 'static> From<&L> for AnyLoss {
    fn from(loss: &L) -> Self {
        Self {
            object: Box::new(loss.clone()),
        }
    }
}

impl From<&AnyLoss> for AnyLoss {
    fn from(loss: &AnyLoss) -> Self {
        loss.clone()
    }
}

impl Clone for AnyLoss {
    fn clone(&self) -> Self {
        self.object.copy()
    }
}

/// Names of the methods as in [`Loss`].
#[allow(
    clippy::missing_errors_doc,
    reason = "the methods of Loss by another way"
)]
impl AnyLoss {
    /// The loss `L` with its defaults.
    pub fn of<L: Loss + Source + Default + 'static>() -> Self {
        Self::from(&L::default())
    }

    /// Name of the loss.
    pub fn name(&self) -> &'static str {
        self.spec().name
    }

    /// The signature.
    pub fn spec(&self) -> &'static Spec {
        self.object.signature()
    }

    /// The definition with all that it uses, as the inside of a `loss! { … }`.
    pub fn source(&self) -> &'static str {
        self.object.written()
    }

    /// The upstream of one slope per loss, as `value` has its losses.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn upstream<'a, F: Float>(value: &Value<F>, cotangent: &'a ArrayD<F>) -> Upstream<'a, F> {
        match value {
            Value::Total(_) => Upstream::Scalar(cotangent[IxDyn(&[])]),
            Value::PerSample(_) => Upstream::PerSample(cotangent.view()),
        }
    }

    /// The formulas.
    pub fn derivation(&self) -> &'static Derivation {
        self.object.formulas()
    }

    /// Values of the scalars in declaration order.
    pub fn scalar_values(&self) -> Vec<f64> {
        self.object.scalars()
    }

    /// Values of the flags in declaration order.
    pub fn flag_values(&self) -> Vec<bool> {
        self.object.flags()
    }

    /// The scalar `name`.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn scalar(&self, name: &str) -> f64 {
        let place = self.spec().scalars().position(|p| p.name == name);
        self.scalar_values()[place.unwrap_or_else(|| panic!("{} has no {name}", self.name()))]
    }

    /// The loss with the scalar `name` at `value`.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn with_scalar(mut self, name: &str, value: f64) -> Self {
        let is_set = self.object.put_scalar(name, value);
        assert!(is_set, "{} has no scalar {name}", self.name());
        self
    }

    /// The loss with the flag `name` at `value`.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn with_flag(mut self, name: &str, value: bool) -> Self {
        let is_set = self.object.put_flag(name, value);
        assert!(is_set, "{} has no flag {name}", self.name());
        self
    }

    /// The loss with another reduction.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.object.choices().reduction = reduction;
        self
    }

    /// The loss with another normaliser of the mean.
    #[must_use]
    pub fn with_normalizer(mut self, normalizer: Normalizer) -> Self {
        self.object.choices().normalizer = normalizer;
        self
    }

    /// The loss without the positions that are labelled `label`.
    #[must_use]
    pub fn with_ignore_index(mut self, label: i64) -> Self {
        self.object.choices().ignore_index = Some(label);
        self
    }

    /// The loss with a weight per sample.
    #[must_use]
    pub fn with_sample_weights(mut self, weights: ArrayD<f64>) -> Self {
        self.object.choices().sample_weights = Some(weights);
        self
    }

    /// Takes this many classes at once, or as many as their number says.
    #[must_use]
    pub fn with_tile(mut self, classes: Option<usize>) -> Self {
        self.object.choices().tile = classes;
        self
    }

    /// The value.
    pub fn evaluate<F: Number>(&self, inputs: &Inputs<'_, F>) -> Result<Value<F>, Error> {
        F::kernels(&*self.object).value(inputs)
    }

    /// The value and the auxiliary outputs.
    #[allow(clippy::type_complexity, reason = "a result of a pair, used once")]
    pub fn evaluate_auxiliary<F: Number>(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Vec<ArrayD<F>>), Error> {
        F::kernels(&*self.object).value_and_auxiliary(inputs)
    }

    /// The value and its gradients.
    pub fn differentiate<F: Number>(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Gradients<F>), Error> {
        F::kernels(&*self.object).value_and_gradients(inputs)
    }

    /// The gradients of Σ upstream · value.
    pub fn pull_back<F: Number>(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
    ) -> Result<Gradients<F>, Error> {
        F::kernels(&*self.object).pulled_back(inputs, upstream)
    }

    /// The gradients of Σ upstream · value, into buffers.
    pub fn pull_back_into<F: Number>(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
        targets: GradientTargets<'_, F>,
    ) -> Result<(), Error> {
        F::kernels(&*self.object).pulled_back_into(inputs, upstream, targets)
    }

    /// The accuracy of the kernels.
    pub fn audit(&self) -> Audit {
        self.object.audited()
    }

    /// The gradients beside the slopes of the value.
    pub fn check_gradients(&self, inputs: Inputs<'_, f64>) -> Result<GradientReport, Error> {
        self.object.gradients_checked(inputs)
    }
}

/// A type of numbers that losses compute with.
pub trait Number: Float {
    /// The kernels of a loss for these numbers.
    fn kernels(loss: &dyn Object) -> &dyn Kernels<Self>;
}

impl Number for f32 {
    fn kernels(loss: &dyn Object) -> &dyn Kernels<Self> {
        loss.single()
    }
}

impl Number for f64 {
    fn kernels(loss: &dyn Object) -> &dyn Kernels<Self> {
        loss.double()
    }
}

/// [`Loss`] without what objects cannot have. The names differ from the trait's, so that both may be in scope.
pub trait Object: core::fmt::Debug + Send + Sync {
    #[doc(hidden)]
    fn copy(&self) -> AnyLoss;
    #[doc(hidden)]
    fn signature(&self) -> &'static Spec;
    #[doc(hidden)]
    fn written(&self) -> &'static str;
    #[doc(hidden)]
    fn formulas(&self) -> &'static Derivation;
    #[doc(hidden)]
    fn scalars(&self) -> Vec<f64>;
    #[doc(hidden)]
    fn flags(&self) -> Vec<bool>;
    #[doc(hidden)]
    fn put_scalar(&mut self, name: &str, value: f64) -> bool;
    #[doc(hidden)]
    fn put_flag(&mut self, name: &str, value: bool) -> bool;
    #[doc(hidden)]
    fn choices(&mut self) -> &mut Options;
    #[doc(hidden)]
    fn gradients_checked(&self, inputs: Inputs<'_, f64>) -> Result<GradientReport, Error>;
    #[doc(hidden)]
    fn audited(&self) -> Audit;
    #[doc(hidden)]
    fn single(&self) -> &dyn Kernels<f32>;
    #[doc(hidden)]
    fn double(&self) -> &dyn Kernels<f64>;
}

/// What is computed, with one type of numbers.
pub trait Kernels<F: Float> {
    #[doc(hidden)]
    fn value(&self, inputs: &Inputs<'_, F>) -> Result<Value<F>, Error>;
    #[doc(hidden)]
    #[allow(clippy::type_complexity, reason = "a result of a pair, used once")]
    fn value_and_auxiliary(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Vec<ArrayD<F>>), Error>;
    #[doc(hidden)]
    fn value_and_gradients(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Gradients<F>), Error>;
    #[doc(hidden)]
    fn pulled_back(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
    ) -> Result<Gradients<F>, Error>;
    #[doc(hidden)]
    fn pulled_back_into(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
        targets: GradientTargets<'_, F>,
    ) -> Result<(), Error>;
}

impl<L: Loss + Source + 'static> Object for L {
    fn copy(&self) -> AnyLoss {
        AnyLoss::from(self)
    }

    fn signature(&self) -> &'static Spec {
        L::spec()
    }

    fn written(&self) -> &'static str {
        L::SOURCE
    }

    fn formulas(&self) -> &'static Derivation {
        L::derivation()
    }

    fn scalars(&self) -> Vec<f64> {
        self.scalar_values()
    }

    fn flags(&self) -> Vec<bool> {
        self.flag_values()
    }

    fn put_scalar(&mut self, name: &str, value: f64) -> bool {
        self.set_scalar(name, value)
    }

    fn put_flag(&mut self, name: &str, value: bool) -> bool {
        self.set_flag(name, value)
    }

    fn choices(&mut self) -> &mut Options {
        self.options_mut()
    }

    fn gradients_checked(&self, inputs: Inputs<'_, f64>) -> Result<GradientReport, Error> {
        check_gradients(self, inputs)
    }

    fn audited(&self) -> Audit {
        audit(self)
    }

    fn single(&self) -> &dyn Kernels<f32> {
        self
    }

    fn double(&self) -> &dyn Kernels<f64> {
        self
    }
}

impl<L: Loss, F: Float> Kernels<F> for L {
    fn value(&self, inputs: &Inputs<'_, F>) -> Result<Value<F>, Error> {
        self.evaluate(inputs)
    }

    fn value_and_auxiliary(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Vec<ArrayD<F>>), Error> {
        self.evaluate_auxiliary(inputs)
    }

    fn value_and_gradients(
        &self,
        inputs: &Inputs<'_, F>,
    ) -> Result<(Value<F>, Gradients<F>), Error> {
        self.differentiate(inputs)
    }

    fn pulled_back(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
    ) -> Result<Gradients<F>, Error> {
        let (_, saved) = self.save::<F, ()>(inputs.clone())?;
        saved.pull_back(upstream)
    }

    fn pulled_back_into(
        &self,
        inputs: &Inputs<'_, F>,
        upstream: Upstream<'_, F>,
        targets: GradientTargets<'_, F>,
    ) -> Result<(), Error> {
        let (_, saved) = self.save::<F, ()>(inputs.clone())?;
        saved.pull_back_into(upstream, targets)
    }
}
