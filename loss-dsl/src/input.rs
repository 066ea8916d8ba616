//! The arrays of a call, of ranks known only at run time: what generic code passes to any loss.

use half::{bf16, f16};
use ndarray::{
    ArrayBase, ArrayD, ArrayRef, ArrayViewD, ArrayViewMutD, CowArray, Data, Dimension, IxDyn,
};

use crate::label::{Label, Labels, MaskElement};
use crate::rt::{Float, Half};
use crate::value::GradientTarget;

/// One array of a call.
#[derive(Clone, Debug)]
pub enum Input<'a, F> {
    /// Real numbers.
    Real(CowArray<'a, F, IxDyn>),
    /// Real numbers that are stored in IEEE 754 binary16 and computed with in `F`.
    F16(ArrayViewD<'a, f16>),
    /// Real numbers that are stored in bfloat16 and computed with in `F`.
    Bf16(ArrayViewD<'a, bf16>),
    /// Integers.
    Labels(Labels<'a>),
    /// Booleans.
    Mask(CowArray<'a, bool, IxDyn>),
}

impl<F> Input<'_, F> {
    /// Extent of each array axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Real(array) => array.shape(),
            Self::F16(array) => array.shape(),
            Self::Bf16(array) => array.shape(),
            Self::Labels(labels) => labels.shape(),
            Self::Mask(array) => array.shape(),
        }
    }
}

impl<'a, F: Float> Input<'a, F> {
    /// The numbers of a real input in the type that is computed with, in its memory order if that is one of its axes; `None` for
    /// labels and masks.
    pub fn numbers(&self) -> Option<CowArray<'_, F, IxDyn>> {
        match self {
            Self::Real(array) => Some(array.view().into()),
            Self::F16(array) => Some(widened(array).into()),
            Self::Bf16(array) => Some(widened(array).into()),
            Self::Labels(_) | Self::Mask(_) => None,
        }
    }
}

fn widened<H: Half, F: Float>(array: &ArrayViewD<'_, H>) -> ArrayD<F> {
    array.mapv(|half| {
        let mut number = [F::ZERO];
        H::widen(&[half], &mut number);
        number[0]
    })
}

/// The arrays of a call, one per tensor, label or mask parameter, in declaration order.
///
/// Made from a tuple of references, `Inputs::from((&logits, &labels))`, or with the builder methods.
/// Masks may be given as booleans, integers or real numbers. Real numbers are of the type that is computed with, `f32` or `f64`;
/// or they are [`half::f16`] or [`half::bf16`], each array as it comes, and computed with in `f32`.
#[derive(Clone, Debug)]
pub struct Inputs<'a, F>(Vec<Input<'a, F>>);

impl<F> Default for Inputs<'_, F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, F: Float> Inputs<'a, F> {
    /// No arrays yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a real array.
    #[must_use]
    pub fn real<D: Dimension>(self, array: &'a ArrayRef<F, D>) -> Self {
        self.with(Input::Real(array.view().into_dyn().into()))
    }

    /// Appends a real array that is stored in 16 bits, as [`half::f16`] or [`half::bf16`]: each row of it is converted as it is read.
    #[must_use]
    pub fn half<H: HalfElement, D: Dimension>(self, array: &'a ArrayRef<H, D>) -> Self {
        self.with(H::wrap_half(array.view().into_dyn()))
    }

    /// Appends labels.
    #[must_use]
    pub fn labels<L: Label, D: Dimension>(self, array: &'a ArrayRef<L, D>) -> Self {
        self.with(Input::Labels(L::wrap(array.view().into_dyn())))
    }

    /// Appends a mask; elements that are not 0 are true.
    #[must_use]
    pub fn mask<M: MaskElement, D: Dimension>(self, array: &'a ArrayRef<M, D>) -> Self {
        self.with(Input::Mask(M::wrap_mask(array.view().into_dyn())))
    }

    /// Appends an input.
    #[must_use]
    pub fn with(mut self, input: Input<'a, F>) -> Self {
        self.0.push(input);
        self
    }

    /// The inputs in order.
    pub fn as_slice(&self) -> &[Input<'a, F>] {
        &self.0
    }

    /// The inputs in order, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [Input<'a, F>] {
        &mut self.0
    }
}

/// A type of 16 bits that numbers are stored in: [`half::f16`] or [`half::bf16`].
pub trait HalfElement: Half {
    /// Wraps a view.
    #[doc(hidden)]
    fn wrap_half<F>(view: ArrayViewD<'_, Self>) -> Input<'_, F>;
    /// Wraps a view to be written.
    #[doc(hidden)]
    fn wrap_half_mut<F>(view: ArrayViewMutD<'_, Self>) -> GradientTarget<'_, F>;
}

macro_rules! half_elements {
    ($($type:ty: $kind:ident),+) => {$(
        impl HalfElement for $type {
            fn wrap_half<F>(view: ArrayViewD<'_, Self>) -> Input<'_, F> {
                Input::$kind(view)
            }
            fn wrap_half_mut<F>(view: ArrayViewMutD<'_, Self>) -> GradientTarget<'_, F> {
                GradientTarget::$kind(view)
            }
        }

        /// Calls over arrays of this type compute in `f32`.
        impl Element<f32> for $type {
            fn wrap_input(view: ArrayViewD<'_, Self>) -> Input<'_, f32> {
                Input::$kind(view)
            }
        }
    )+};
}
half_elements!(f16: F16, bf16: Bf16);

/// An element type that an array may have in a call over numbers `F`.
pub trait Element<F>: MaskElement {
    /// Wraps a view.
    #[doc(hidden)]
    fn wrap_input(view: ndarray::ArrayViewD<'_, Self>) -> Input<'_, F>;
}

macro_rules! real_elements {
    ($($type:ty),+) => {$(
        impl Element<$type> for $type {
            fn wrap_input(view: ndarray::ArrayViewD<'_, Self>) -> Input<'_, $type> {
                Input::Real(view.into())
            }
        }
    )+};
}
real_elements!(f32, f64);

macro_rules! label_elements {
    ($($type:ty),+) => {$(
        impl<F: Float> Element<F> for $type {
            fn wrap_input(view: ndarray::ArrayViewD<'_, Self>) -> Input<'_, F> {
                Input::Labels(Label::wrap(view))
            }
        }
    )+};
}
label_elements!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl<F: Float> Element<F> for bool {
    fn wrap_input(view: ndarray::ArrayViewD<'_, Self>) -> Input<'_, F> {
        Input::Mask(view.into())
    }
}

/// A reference to an array that may take part in a call.
pub trait IntoInput<'a, F> {
    /// The input that the array is, by its element type.
    fn into_input(self) -> Input<'a, F>;
}

impl<'a, F, S, D> IntoInput<'a, F> for &'a ArrayBase<S, D>
where
    S: Data,
    S::Elem: Element<F>,
    D: Dimension,
{
    fn into_input(self) -> Input<'a, F> {
        Element::wrap_input(self.view().into_dyn())
    }
}

impl<'a, F> IntoInput<'a, F> for Input<'a, F> {
    fn into_input(self) -> Input<'a, F> {
        self
    }
}

macro_rules! inputs_from_tuples {
    ($(($($name:ident),+))+) => {$(
        impl<'a, F, $($name: IntoInput<'a, F>),+> From<($($name,)+)> for Inputs<'a, F> {
            #[allow(non_snake_case, reason = "each type parameter names its own tuple element")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self(vec![$($name.into_input()),+])
            }
        }
    )+};
}
inputs_from_tuples!((A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E)(
    A, B, C, D, E, G
)(A, B, C, D, E, G, H)(A, B, C, D, E, G, H, I));
