//! The arrays of a call, owned, in any memory layout and for both number types.

use loss_dsl::{Float, HalfElement, Input, Inputs};
use ndarray::{ArrayD, IxDyn, Slice};

/// One array.
#[derive(Debug, Clone)]
pub enum Array {
    /// Real numbers, all exact in f32 unless the test is about others.
    Real(ArrayD<f64>),
    /// Labels.
    Labels(ArrayD<i64>),
    /// Booleans.
    Mask(ArrayD<bool>),
}

/// How an array lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Last axis fastest, no gaps.
    RowMajor,
    /// First axis fastest, no gaps.
    ColumnMajor,
    /// Every second element of a larger array, the last axis backwards; NaN in the gaps.
    Gaps,
}

/// The arrays of a call in declaration order.
#[derive(Debug, Clone)]
pub struct Arrays {
    /// The arrays, labels and masks already in `layout`.
    pub list: Vec<Array>,
    layout: Layout,
}

impl Array {
    /// Extents.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Real(array) => array.shape(),
            Self::Labels(array) => array.shape(),
            Self::Mask(array) => array.shape(),
        }
    }
}

impl Arrays {
    /// Row-major arrays.
    pub fn new(list: Vec<Array>) -> Self {
        Self {
            list,
            layout: Layout::RowMajor,
        }
    }

    /// The same elements in another layout.
    pub fn relaid(&self, layout: Layout) -> Self {
        let list = self.list.iter().map(|array| match array {
            Array::Real(array) => Array::Real(array.clone()),
            Array::Labels(array) => Array::Labels(laid_out(array, i64::MIN, layout)),
            Array::Mask(array) => Array::Mask(laid_out(array, true, layout)),
        });
        Self {
            list: list.collect(),
            layout,
        }
    }

    /// The call's inputs over numbers `F`.
    pub fn inputs<F: Float>(&self) -> Inputs<'_, F> {
        let mut inputs = Inputs::new();
        for array in &self.list {
            inputs = match array {
                Array::Real(array) => inputs.with(Input::Real(self.number::<F>(array).into())),
                Array::Labels(array) => inputs.labels(array),
                Array::Mask(array) => inputs.mask(array),
            };
        }
        inputs
    }

    /// Numbers of another type in the layout of these arrays.
    pub fn number<F: Float>(&self, array: &ArrayD<f64>) -> ArrayD<F> {
        laid_out(&array.mapv(F::from_f64), F::NAN, self.layout)
    }

    /// The same, rounded to a type of 16 bits.
    pub fn half<H: HalfElement>(&self, array: &ArrayD<f64>) -> ArrayD<H> {
        laid_out(&array.mapv(rounded), H::default(), self.layout)
    }

    /// The real array number `at` among all arrays.
    pub fn real(&self, at: usize) -> &ArrayD<f64> {
        match &self.list[at] {
            Array::Real(array) => array,
            other => panic!("{other:?} is not real"),
        }
    }

    /// The real array number `at` among all arrays, to be changed.
    pub fn real_mut(&mut self, at: usize) -> &mut ArrayD<f64> {
        match &mut self.list[at] {
            Array::Real(array) => array,
            other => panic!("{other:?} is not real"),
        }
    }
}

/// The nearest number of a type of 16 bits.
pub fn rounded<H: HalfElement>(number: f64) -> H {
    let mut half = [H::default()];
    H::narrow(&[number], &mut half);
    half[0]
}

/// The number that a half is.
pub fn widened<H: HalfElement>(half: H) -> f64 {
    let mut number = [0.0];
    H::widen(&[half], &mut number);
    number[0]
}

fn laid_out<T: Clone>(array: &ArrayD<T>, gap: T, layout: Layout) -> ArrayD<T> {
    match layout {
        Layout::RowMajor => array.as_standard_layout().into_owned(),
        Layout::ColumnMajor => {
            let reversed = array.t().as_standard_layout().into_owned();
            reversed.reversed_axes()
        }
        Layout::Gaps => {
            let doubled: Vec<usize> = array.shape().iter().map(|extent| 2 * extent).collect();
            let last = array.ndim().saturating_sub(1);
            let mut sparse = ArrayD::from_elem(IxDyn(&doubled), gap);
            sparse.slice_each_axis_inplace(|axis| {
                let step = if axis.axis.index() == last { -2 } else { 2 };
                Slice::new(0, None, step)
            });
            sparse.assign(array);
            sparse
        }
    }
}
