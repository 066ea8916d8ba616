//! Burn's tensors as inputs of a loss, without copies.

use burn::backend::autodiff::checkpoint::strategy::BalancedCheckpointing;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Bool, DType, Element as Elements, Int, Tensor};
use bytemuck::Pod;
use half::{bf16, f16};
use loss_dsl::{Element, Float, HalfElement, Input, Inputs, Loss, ParameterKind};
use ndarray::{ArrayViewD, IxDyn, ShapeBuilder, StrideShape};

use crate::error::Error;

/// A number type that kernels compute in and burn stores.
pub(crate) trait Real: Float + Element<Self> + Elements + Pod {
    const DTYPE: DType;
}

impl Real for f32 {
    const DTYPE: DType = DType::F32;
}

impl Real for f64 {
    const DTYPE: DType = DType::F64;
}

/// A tensor in a graph.
pub(crate) type InGraph = FloatTensor<Autodiff<Flex>>;

/// A tensor of any rank and kind, made from a reference to one.
#[derive(Clone, Debug)]
pub struct Array {
    /// Outside of any graph; or why there is none.
    tensor: Result<FlexTensor, String>,
    /// In the graph that tracks it.
    pub(crate) tracked: Option<InGraph>,
    pub(crate) graph: Graph,
}

/// Whether a tensor takes part in graphs, and with which gradient checkpointing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Graph {
    Without,
    Plain,
    Balanced,
}

impl<const D: usize> From<&Tensor<D>> for Array {
    fn from(tensor: &Tensor<D>) -> Self {
        let plain = tensor.clone().try_into_primitive::<Autodiff<Flex>>();
        let (graph, tensor_in_graph) = match plain {
            Ok(tensor) => (Graph::Plain, Some(tensor)),
            Err(_) => match tensor
                .clone()
                .try_into_primitive::<Autodiff<Flex, BalancedCheckpointing>>()
            {
                Ok(tensor) => (Graph::Balanced, Some(tensor)),
                Err(_) => (Graph::Without, None),
            },
        };
        let inner = tensor
            .clone()
            .without_autodiff()
            .try_into_primitive::<Flex>();
        Self {
            tensor: usable(inner.map_err(|error| format!("{error:?}"))),
            tracked: tensor_in_graph.filter(|_| tensor.is_tracked()),
            graph,
        }
    }
}

macro_rules! constants {
    ($($kind:ident),+) => {$(
        impl<const D: usize> From<&Tensor<D, $kind>> for Array {
            fn from(tensor: &Tensor<D, $kind>) -> Self {
                let inner = tensor.clone().without_autodiff().try_into_primitive::<Flex>();
                Self {
                    tensor: usable(inner.map_err(|error| format!("{error:?}"))),
                    tracked: None,
                    graph: Graph::Without,
                }
            }
        }
    )+};
}
constants!(Int, Bool);

impl Array {
    /// What it holds.
    pub(crate) fn tensor(&self, name: &str) -> Result<&FlexTensor, Error> {
        self.tensor.as_ref().map_err(|found| Error::Backend {
            input: name.to_owned(),
            found: found.clone(),
        })
    }
}

/// The tensor with strides that kernels read: none is negative, or 0 where there is more than one position.
fn usable(tensor: Result<FlexTensor, String>) -> Result<FlexTensor, String> {
    tensor.map(|tensor| {
        let layout = tensor.layout();
        let mut extents = layout.shape().iter().zip(layout.strides());
        if extents.any(|(&extent, &stride)| stride < 0 || stride == 0 && extent > 1) {
            tensor.to_contiguous()
        } else {
            tensor
        }
    })
}

/// Tensors in the order in which a loss declares them: a tuple of references, or a list of [`Array`]s.
pub trait IntoArrays {
    /// The list.
    fn into_arrays(self) -> Vec<Array>;
}

impl IntoArrays for Vec<Array> {
    fn into_arrays(self) -> Vec<Array> {
        self
    }
}

macro_rules! arrays_from_tuples {
    ($(($($name:ident),+))+) => {$(
        impl<$($name: Into<Array>),+> IntoArrays for ($($name,)+) {
            #[allow(non_snake_case, reason = "each type parameter names its own tuple element")]
            fn into_arrays(self) -> Vec<Array> {
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        }
    )+};
}
arrays_from_tuples!((A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E)(
    A, B, C, D, E, G
)(A, B, C, D, E, G, H)(A, B, C, D, E, G, H, I));

/// Whether the call is computed in `f64`.
///
/// # Errors
/// If tensors are of types that are not computed with, or of several that are not together.
pub(crate) fn is_double<L: Loss>(arrays: &[Array]) -> Result<bool, Error> {
    let mut reals = vec![];
    for (parameter, array) in L::spec().arrays().zip(arrays) {
        let name = parameter.name;
        let found = array.tensor(name)?.dtype();
        let is_label = matches!(
            parameter.kind,
            ParameterKind::Label { .. } | ParameterKind::Identity
        );
        if is_label && found.is_float() {
            let (input, expected) = (name.to_owned(), "a tensor of integers");
            return Err(Error::Type {
                input,
                found,
                expected,
            });
        }
        if matches!(parameter.kind, ParameterKind::Tensor { .. }) {
            if !matches!(found, DType::F32 | DType::F64 | DType::F16 | DType::BF16) {
                let (input, expected) = (name.to_owned(), "F32, F64, F16 or BF16");
                return Err(Error::Type {
                    input,
                    found,
                    expected,
                });
            }
            reals.push((name, found));
        }
    }
    let double = reals.iter().find(|real| real.1 == DType::F64);
    let other = reals.iter().find(|real| real.1 != DType::F64);
    match (double, other) {
        (Some(&(double, _)), Some(&(other, found))) => Err(Error::MixedTypes {
            double,
            other,
            found,
        }),
        (double, _) => Ok(double.is_some()),
    }
}

/// The inputs that arrays are.
///
/// # Errors
/// If a type has no meaning for its parameter, or the backend is another one.
pub(crate) fn inputs<'a, L: Loss, F: Real>(arrays: &'a [Array]) -> Result<Inputs<'a, F>, Error> {
    let mut inputs = Inputs::new();
    let mut parameters = L::spec().arrays();
    for array in arrays {
        // The loss says it if there are too many.
        let name = parameters.next().map_or("an input", |p| p.name);
        inputs = inputs.with(input(name, array.tensor(name)?)?);
    }
    Ok(inputs)
}

/// An array as what its elements are: integers are labels, or a mask where one is declared.
fn input<'a, F: Real>(name: &str, tensor: &'a FlexTensor) -> Result<Input<'a, F>, Error> {
    let refused = |expected| Error::Type {
        input: name.to_owned(),
        found: tensor.dtype(),
        expected,
    };
    let view = match tensor.dtype() {
        DType::U8 => u8::wrap_input(view(tensor)),
        DType::U16 => u16::wrap_input(view(tensor)),
        DType::U32 => u32::wrap_input(view(tensor)),
        DType::U64 => u64::wrap_input(view(tensor)),
        DType::I8 => i8::wrap_input(view(tensor)),
        DType::I16 => i16::wrap_input(view(tensor)),
        DType::I32 => i32::wrap_input(view(tensor)),
        DType::I64 => i64::wrap_input(view(tensor)),
        DType::F16 => f16::wrap_half(view(tensor)),
        DType::BF16 => bf16::wrap_half(view(tensor)),
        DType::Bool(_) if !matches!(tensor.dtype().size(), 1) => {
            return Err(refused("a mask of one byte an element"));
        }
        // A byte an element, 0 or 1.
        DType::Bool(_) => u8::wrap_input(view(tensor)),
        dtype if dtype == F::DTYPE => F::wrap_input(view(tensor)),
        _ => return Err(refused("a number, a label or a mask")),
    };
    Ok(view)
}

/// What a tensor holds, where burn keeps it.
fn view<T: Elements + Pod>(tensor: &FlexTensor) -> ArrayViewD<'_, T> {
    let layout = tensor.layout();
    let strides: Vec<usize> = layout
        .strides()
        .iter()
        .map(|&stride| stride.unsigned_abs())
        .collect();
    let shape: Vec<usize> = layout.shape().iter().copied().collect();
    let data = tensor
        .storage::<T>()
        .get(layout.start_offset()..)
        .unwrap_or_default();
    let shape: StrideShape<IxDyn> = if shape.contains(&0) {
        // Strides that step over nothing would be out of bounds.
        IxDyn(&shape).into()
    } else {
        IxDyn(&shape).strides(IxDyn(&strides))
    };
    ArrayViewD::from_shape(shape, data).expect("burn's layouts stay within their storage")
}
