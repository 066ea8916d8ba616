//! Gradients on their way into the caller's layout.
//!
//! A kernel writes a gradient row by row, or as one row-major matrix. Where the caller's
//! array can be written like that, it is; where it cannot (a permuted array, say), the gradient is
//! computed in memory of its own and copied at the end.

use super::{Float, Target, TensorMut, Tile};

/// A gradient that is being written.
#[derive(Debug)]
pub struct Staged<'g, 'd, F> {
    tensor: &'g mut TensorMut<'d, F>,
    /// Row-major over `order`, where the tensor itself cannot be written so.
    copy: Option<Vec<F>>,
    order: Vec<usize>,
    rows: usize,
}

impl<'g, 'd, F: Float> Staged<'g, 'd, F> {
    /// To be written in rows: one row per combination of indices on the axes `rows`, its values
    /// along the axes `columns`. All axes are named once.
    pub fn rows(tensor: &'g mut TensorMut<'d, F>, rows: &[usize], columns: &[usize]) -> Self {
        let direct = tensor.layout().row_layout(rows, columns).is_some();
        let order = [rows, columns].concat();
        let copy = (!direct).then(|| vec![F::ZERO; tensor.layout().len()]);
        Self {
            tensor,
            copy,
            order,
            rows: rows.len(),
        }
    }

    /// To be written as a whole, row-major.
    pub fn whole(tensor: &'g mut TensorMut<'d, F>) -> Self {
        let order = (0..tensor.shape().len()).collect();
        let copy = (!tensor.is_row_major()).then(|| vec![F::ZERO; tensor.layout().len()]);
        Self {
            tensor,
            copy,
            order,
            rows: 0,
        }
    }

    /// The rows, as a target.
    pub fn target(&mut self) -> Target<'_, F> {
        let (rows, columns) = self.order.split_at(self.rows);
        match &mut self.copy {
            Some(copy) => {
                let len = columns
                    .iter()
                    .map(|&axis| self.tensor.shape()[axis])
                    .product();
                Target::rows(copy, len)
            }
            None => self
                .tensor
                .row_target(rows, columns)
                .expect("a layout that has rows was checked at the start"),
        }
    }

    /// Neighbouring rows, as a target that counts them from 0.
    ///
    /// # Panics
    /// If the tile is not among the rows, or rows are split into pairs of array axes.
    pub fn part(&mut self, tile: Tile) -> Target<'_, F> {
        match self.target() {
            Target::Rows { data, layout } => {
                let last = tile.start + tile.len;
                assert!(last <= layout.inner, "rows of a tile are evenly apart");
                let first = layout.base(tile.start).min(data.len());
                Target::strided(&mut data[first..], layout)
            }
            _ => unreachable!("a gradient has rows"),
        }
    }

    /// The elements, row-major.
    pub fn data(&mut self) -> &mut [F] {
        match &mut self.copy {
            Some(copy) => copy,
            None => self.tensor.data_mut(),
        }
    }

    /// Copies what was written elsewhere.
    pub fn finish(self) {
        let Some(copy) = self.copy else { return };
        let shape: Vec<_> = self
            .order
            .iter()
            .map(|&axis| self.tensor.shape()[axis])
            .collect();
        let (data, layout) = self.tensor.parts_mut();
        for (i, value) in copy.into_iter().enumerate() {
            let mut rest = i;
            let mut offset = 0;
            for (&axis, &extent) in self.order.iter().zip(&shape).rev() {
                offset += layout.at(axis, rest % extent);
                rest /= extent;
            }
            data[offset] = value;
        }
    }
}

/// The elements of a tensor, row-major over its axes in the order `order`.
pub fn permuted<F: Float>(tensor: &super::Tensor<'_, F>, order: &[usize]) -> Vec<F> {
    let shape: Vec<_> = order.iter().map(|&axis| tensor.shape()[axis]).collect();
    let len = shape.iter().product();
    (0..len)
        .map(|i: usize| {
            let mut rest = i;
            let mut offset = 0;
            for (&axis, &extent) in order.iter().zip(&shape).rev() {
                offset += tensor.at(axis, rest % extent);
                rest /= extent;
            }
            tensor.get(offset)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::{Layout, Tensor};

    #[test]
    fn columns_of_a_row_major_array_are_staged_or_strided_alike() {
        let mut data = vec![0.0f64; 24];
        let mut tensor = TensorMut::new(&mut data, Layout::row_major(&[2, 3, 4]));
        // Rows along the middle axis: no stride steps over the outer and the inner axis at once.
        let mut staged = Staged::rows(&mut tensor, &[1], &[0, 2]);
        assert!(staged.copy.is_some());
        for (i, x) in staged.data().iter_mut().enumerate() {
            *x = i as f64;
        }
        staged.finish();
        let tensor = Tensor::contiguous(&data, &[2, 3, 4]);
        let back = permuted(&tensor, &[1, 0, 2]);
        assert_eq!(back, (0..24).map(f64::from).collect::<Vec<_>>());
    }
}
