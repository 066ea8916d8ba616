//! What is measured: any loss with its inputs, its buffers and nothing else, behind one trait.
//!
//! Every bench measures through [`Subject`], so that they agree on what a call is: arrays that are there already, the
//! public interface, mean reduction, f32. [`prepare`] makes one from a name and a size; inputs come from
//! [`random`], which other languages can follow bit by bit.

mod catalogue;
mod own;
pub(crate) mod random;

use loss_dsl::{GradientTargets, Inputs, Loss};
use ndarray::ArrayD;

pub(crate) use catalogue::{NAMES, has_features, prepare};

/// Extents of the axes; a loss without features has no use for `d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Samples.
    pub(crate) n: usize,
    /// Classes.
    pub(crate) c: usize,
    /// Features.
    pub(crate) d: usize,
}

/// A loss that is ready to be called, on any thread.
pub(crate) trait Subject: Send {
    /// Value and gradients into the buffers.
    fn fill_buffers(&mut self) -> f32;
    /// Value and gradients in new arrays, which are dropped.
    fn fresh(&self) -> f32;
    /// The value alone.
    fn forward(&self) -> f32;
    /// The buffers: gradients of the tensors in declaration order, then those of learned scalars.
    fn gradients(&self) -> Vec<&[f32]>;
    /// Bytes of the inputs, bytes of the gradients.
    fn bytes(&self) -> (usize, usize);
}

/// One array of a call.
enum Array {
    Real(ArrayD<f32>),
    Labels(ArrayD<i64>),
    Mask(ArrayD<bool>),
}

struct Prepared<L> {
    loss: L,
    arrays: Vec<Array>,
    tensors: Vec<ArrayD<f32>>,
    scalars: Vec<f32>,
}

impl<L: Loss + Default + 'static> Prepared<L> {
    /// The buffers are filled, so that their pages exist; with NaN, so that whatever is not overwritten shows.
    fn new(arrays: Vec<Array>) -> Self {
        let spec = L::spec();
        let blank = |array: &Array| match array {
            Array::Real(input) => ArrayD::from_elem(input.raw_dim(), f32::NAN),
            Array::Labels(_) | Array::Mask(_) => {
                unreachable!("only real arrays have gradients")
            }
        };
        let tensors = spec
            .arrays()
            .zip(&arrays)
            .filter(|(parameter, _)| spec.differentiable().any(|d| d.name == parameter.name))
            .map(|(_, array)| blank(array))
            .collect();
        Self {
            loss: L::default(),
            arrays,
            tensors,
            scalars: vec![f32::NAN; spec.learned().count()],
        }
    }

    fn inputs(&self) -> Inputs<'_, f32> {
        inputs(&self.arrays)
    }
}

fn inputs(arrays: &[Array]) -> Inputs<'_, f32> {
    arrays
        .iter()
        .fold(Inputs::new(), |inputs, array| match array {
            Array::Real(array) => inputs.real(array),
            Array::Labels(array) => inputs.labels(array),
            Array::Mask(array) => inputs.mask(array),
        })
}

impl<L: Loss + Default + 'static> Subject for Prepared<L> {
    fn fill_buffers(&mut self) -> f32 {
        let targets = GradientTargets {
            tensors: self
                .tensors
                .iter_mut()
                .map(|t| t.view_mut().into())
                .collect(),
            scalars: self.scalars.iter_mut().collect(),
        };
        let value = self.loss.differentiate_into(&inputs(&self.arrays), targets);
        value.expect("inputs that fit").total()
    }

    fn fresh(&self) -> f32 {
        let (value, gradients) = self
            .loss
            .differentiate(&self.inputs())
            .expect("inputs that fit");
        std::hint::black_box(gradients);
        value.total()
    }

    fn forward(&self) -> f32 {
        let value = self.loss.evaluate(&self.inputs());
        value.expect("inputs that fit").total()
    }

    fn gradients(&self) -> Vec<&[f32]> {
        let tensors = self
            .tensors
            .iter()
            .map(|tensor| tensor.as_slice().expect("buffers are contiguous"));
        tensors.chain([&*self.scalars]).collect()
    }

    fn bytes(&self) -> (usize, usize) {
        let input = |array: &Array| match array {
            Array::Real(array) => 4 * array.len(),
            Array::Labels(array) => 8 * array.len(),
            Array::Mask(array) => array.len(),
        };
        let gradients = self
            .gradients()
            .into_iter()
            .map(|gradient| 4 * gradient.len());
        (self.arrays.iter().map(input).sum(), gradients.sum())
    }
}
