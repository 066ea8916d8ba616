//! Labels of any integer type and masks of any element type.
//!
//! A call keeps labels as they came; they are converted to positions once, checked on the way.

use ndarray::{ArrayViewD, CowArray, IxDyn};

use crate::rt::Float;

mod sealed {
    pub trait Sealed {}
    impl Sealed for bool {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for half::f16 {}
    impl Sealed for half::bf16 {}
}

/// An integer type that labels may have: `i8` … `i64`, `isize`, `u8` … `u64`, `usize`.
pub trait Label: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The label as a position below `extent`, if it is one.
    #[doc(hidden)]
    fn position(self, extent: usize) -> Option<usize>;
    /// Whether the label equals `other` as an integer.
    #[doc(hidden)]
    fn equals(self, other: i64) -> bool;
    /// The label as an integer.
    #[doc(hidden)]
    fn value(self) -> i128;
    /// Wraps a view, keeping the type.
    #[doc(hidden)]
    fn wrap(view: ArrayViewD<'_, Self>) -> Labels<'_>;
}

/// A view of labels of any integer type.
#[derive(Clone, Debug)]
pub struct Labels<'a>(pub(crate) LabelView<'a>);

macro_rules! label_types {
    ($($variant:ident: $type:ty),+) => {
        #[derive(Clone, Debug)]
        pub(crate) enum LabelView<'a> {
            $($variant(ArrayViewD<'a, $type>)),+
        }

        /// Evaluates an expression with a view of the labels' own type.
        macro_rules! with_labels {
            ($labels:expr, $view:ident => $body:expr) => {
                match &$labels.0 { $($crate::label::LabelView::$variant($view) => $body),+ }
            };
        }

        $(
            impl sealed::Sealed for $type {}
            impl Label for $type {
                #[inline(always)]
                fn position(self, extent: usize) -> Option<usize> {
                    usize::try_from(self).ok().filter(|&position| position < extent)
                }
                #[inline(always)]
                fn equals(self, other: i64) -> bool {
                    i64::try_from(self) == Ok(other)
                }
                fn value(self) -> i128 {
                    self as i128
                }
                fn wrap(view: ArrayViewD<'_, Self>) -> Labels<'_> {
                    Labels(LabelView::$variant(view))
                }
            }
        )+
    };
}

label_types!(I8: i8, I16: i16, I32: i32, I64: i64, Isize: isize, U8: u8, U16: u16, U32: u32, U64: u64, Usize: usize);
#[allow(
    clippy::single_component_path_imports,
    reason = "gives the macro a path, so that modules declared earlier can import it"
)]
pub(crate) use with_labels;

impl Labels<'_> {
    /// Extent of each array axis.
    pub fn shape(&self) -> &[usize] {
        with_labels!(self, view => view.shape())
    }

    /// The labels read as a mask: not 0 is true.
    pub(crate) fn to_mask(&self) -> CowArray<'static, bool, IxDyn> {
        with_labels!(self, view => CowArray::from(view.mapv(|label| !label.equals(0))))
    }
}

/// An element type that masks may have: `bool`, or any label or float type, where not 0 is true.
pub trait MaskElement: sealed::Sealed + Copy + 'static {
    /// The array as booleans; borrowed where it is one of booleans already.
    #[doc(hidden)]
    fn wrap_mask(view: ArrayViewD<'_, Self>) -> CowArray<'_, bool, IxDyn>;
}

impl MaskElement for bool {
    fn wrap_mask(view: ArrayViewD<'_, Self>) -> CowArray<'_, bool, IxDyn> {
        view.into()
    }
}

macro_rules! mask_types {
    ($($type:ty: $zero:expr),+) => {$(
        impl MaskElement for $type {
            fn wrap_mask(view: ArrayViewD<'_, Self>) -> CowArray<'_, bool, IxDyn> {
                view.mapv(|element| element != $zero).into()
            }
        }
    )+};
}

mask_types!(
    i8: 0, i16: 0, i32: 0, i64: 0, isize: 0, u8: 0, u16: 0, u32: 0, u64: 0, usize: 0, f32: 0.0, f64: 0.0, half::f16: half::f16::ZERO, half::bf16: half::bf16::ZERO
);

/// Real numbers read as a mask: not 0 is true.
pub(crate) fn real_mask<F: Float>(view: ArrayViewD<'_, F>) -> CowArray<'static, bool, IxDyn> {
    view.mapv(|element| element != F::ZERO).into()
}
