//! What a user calls.

use std::marker::PhantomData;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::strategy::{
    BalancedCheckpointing, CheckpointStrategy, NoCheckpointing,
};
use burn::backend::autodiff::ops::{Backward, NodeGuard, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, DispatchKindConversion, DispatchTensor, Flex, TensorMetadata};
use burn::tensor::Tensor;
use loss_dsl::Loss;
use loss_dsl::graph::Recorded;
use ndarray::{ArrayD, IxDyn};

use crate::array::{Array, Graph, InGraph, IntoArrays, Real, is_double};
use crate::error::Error;
use crate::node::{Arguments, First, Further, Place, Source, tensor};

/// Losses on burn's tensors. Every loss has it.
pub trait BurnLoss: Loss + 'static {
    /// The value of the loss of tensors, which stand in the order in which the loss declares them: a mean or a sum.
    /// Gradients flow to every differentiable tensor. Learned scalars
    /// keep the value of their field: [`call`](Self::call) takes them as tensors.
    ///
    /// # Errors
    /// See [`Error`]; and if the reduction is [`None`](loss_dsl::Reduction::None) and there are several values.
    fn apply(&self, tensors: impl IntoArrays) -> Result<Tensor<1>, Error> {
        self.call(tensors).run()
    }

    /// The values of the loss with [`Reduction::None`](loss_dsl::Reduction::None), one for each position of a batch of `D` axes.
    ///
    /// # Errors
    /// See [`Error`]; and if the values have another number of axes.
    fn apply_each<const D: usize>(&self, tensors: impl IntoArrays) -> Result<Tensor<D>, Error> {
        self.call(tensors).run()
    }

    /// A call of the loss with tensors, to be given learned scalars or weights before it is [run](Call::run).
    fn call(&self, tensors: impl IntoArrays) -> Call<Self> {
        Call {
            loss: self.clone(),
            arrays: tensors.into_arrays(),
            learned: vec![],
            weights: None,
        }
    }
}

impl<L: Loss + 'static> BurnLoss for L {}

/// A loss and what it is to be applied to.
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before it runs"]
pub struct Call<L> {
    loss: L,
    arrays: Vec<Array>,
    learned: Vec<(String, Array)>,
    weights: Option<Array>,
}

impl<L: Loss + 'static> Call<L> {
    /// Takes a learned scalar from a tensor of one element, to which its gradient flows, instead of from the field of the loss.
    pub fn learned<const D: usize>(mut self, name: &str, scalar: &Tensor<D>) -> Self {
        self.learned.push((name.to_owned(), scalar.into()));
        self
    }

    /// Weights the samples; of the shape of the per-sample losses. A mean still divides by how many there are, or, with
    /// [`Normalizer::WeightedMean`](loss_dsl::Normalizer::WeightedMean), by the sum of the weights. Weights get no gradient.
    pub fn sample_weights<const D: usize>(mut self, weights: &Tensor<D>) -> Self {
        self.weights = Some(weights.into());
        self
    }

    /// Computes the value, of `D` axes: 1 for a mean or a sum.
    ///
    /// # Errors
    /// See [`Error`]; and if the value has another number of axes.
    pub fn run<const D: usize>(self) -> Result<Tensor<D>, Error> {
        if is_double::<L>(&self.arrays)? {
            self.compute::<f64, D>()
        } else {
            self.compute::<f32, D>()
        }
    }

    fn compute<F: Real, const D: usize>(mut self) -> Result<Tensor<D>, Error> {
        if let Some(weights) = &self.weights {
            let weights = weights.tensor("sample weights")?;
            let (shape, values) = (extents(weights), numbers(weights));
            let weights = ArrayD::from_shape_vec(IxDyn(&shape), values);
            self.loss.options_mut().sample_weights = weights.ok();
        }
        let parameters = L::spec().arrays().zip(&self.arrays);
        let differentiable = parameters.filter(|(parameter, _)| parameter.is_differentiable());
        let mut inputs: Vec<(usize, Array)> = differentiable
            .map(|(_, array)| array.clone())
            .enumerate()
            .collect();
        let count = inputs.len();
        for (name, scalar) in &self.learned {
            let mut names = L::spec().learned();
            let Some(place) = names.position(|p| p.name == name) else {
                return Err(Error::NoSuchScalar {
                    loss: L::NAME,
                    scalar: name.clone(),
                    learned: L::spec().learned().map(|p| p.name).collect(),
                });
            };
            let value = scalar.tensor(name)?;
            let &[value] = &*numbers(value) else {
                return Err(Error::Shape {
                    what: format!("`{name}`"),
                    found: extents(value),
                    expected: "one element".to_owned(),
                });
            };
            self.loss.set_scalar(name, value);
            inputs.push((count + place, scalar.clone()));
        }
        let graph = inputs
            .iter()
            .map(|input| input.1.graph)
            .max()
            .unwrap_or(Graph::Without);
        let tracked: Vec<_> = inputs
            .into_iter()
            .filter_map(|(index, array)| Some((index, array.tracked?)))
            .collect();
        // The call is kept in the graph, and must not keep the graph.
        for array in &mut self.arrays {
            array.tracked = None;
        }
        let arguments = Arguments {
            arrays: self.arrays,
            loss: PhantomData,
        };
        let call = Recorded::<L, F, _>::new(self.loss, arguments, !tracked.is_empty())?;
        let value = tensor(call.value().clone());
        let found = extents(&value);
        if found.len() != D {
            let (what, expected) = (
                format!("the value of {}", L::NAME),
                format!("a tensor of {D} axes"),
            );
            return Err(Error::Shape {
                what,
                found,
                expected,
            });
        }
        let call: Arc<dyn Source> = Arc::new(call);
        Ok(match graph {
            Graph::Balanced => attached::<BalancedCheckpointing, D>(&call, value, tracked),
            _ if tracked.is_empty() && graph == Graph::Without => {
                Tensor::from_primitive::<Flex>(value)
            }
            _ => attached::<NoCheckpointing, D>(&call, value, tracked),
        })
    }
}

/// The value in the graph of its inputs.
fn attached<C: CheckpointStrategy, const D: usize>(
    call: &Arc<dyn Source>,
    value: FlexTensor,
    inputs: Vec<(usize, InGraph)>,
) -> Tensor<D>
where
    DispatchTensor: DispatchKindConversion<Autodiff<Flex, C>>,
{
    let mut attached: Option<InGraph> = None;
    for (index, input) in inputs {
        let place = Place {
            call: call.clone(),
            index,
            shape: TensorMetadata::shape(&input),
            dtype: input.dtype(),
        };
        let value = value.clone();
        attached = Some(match attached {
            None => operation::<C, _, 1>(First, [input.node()], place, value),
            Some(so_far) => {
                let inputs = [so_far.node(), input.node()];
                operation::<C, _, 2>(Further, inputs, place, value)
            }
        });
    }
    Tensor::from_primitive::<Autodiff<Flex, C>>(attached.unwrap_or_else(|| InGraph::new(value)))
}

/// The value as the result of an operation.
fn operation<C: CheckpointStrategy, O: Backward<Flex, N, State = Place>, const N: usize>(
    operation: O,
    inputs: [NodeGuard; N],
    place: Place,
    value: FlexTensor,
) -> InGraph {
    match operation.prepare::<C>(inputs).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(place, value),
        OpsKind::UnTracked(step) => step.finish(value),
    }
}

fn extents(tensor: &FlexTensor) -> Vec<usize> {
    TensorMetadata::shape(tensor).iter().copied().collect()
}

fn numbers(tensor: &FlexTensor) -> Vec<f64> {
    tensor
        .clone()
        .into_data()
        .convert::<f64>()
        .iter::<f64>()
        .collect()
}
