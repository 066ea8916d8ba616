//! Gradients on their way into the caller's layout.
//!
//! A kernel writes a gradient row by row, or as one row-major matrix. Where the caller's
//! array can be written like that, it is; where it cannot (a permuted array, say), the gradient is
//! computed in memory of its own and copied at the end. So is one that is stored in another number type, where it is the
//! output of a product; a tile at a time, if it is computed in tiles.

use super::{Float, Target, TensorMut, Tile};

/// A gradient that is being written.
#[derive(Debug)]
pub struct Staged<'g, 'd, F> {
    tensor: &'g mut TensorMut<'d, F>,
    /// Row-major over `order`, where the tensor itself cannot be written so; empty until something is written to it.
    copy: Option<Vec<F>>,
    /// The rows that the copy holds, of a tensor that is filled tile by tile.
    tile: Option<Tile>,
    order: Vec<usize>,
    rows: usize,
}

impl<'g, 'd, F: Float> Staged<'g, 'd, F> {
    /// To be written in rows: one row per combination of indices on the axes `rows`, its values
    /// along the axes `columns`. All axes are named once.
    pub fn rows(tensor: &'g mut TensorMut<'d, F>, rows: &[usize], columns: &[usize]) -> Self {
        let direct = tensor.layout().row_layout(rows, columns).is_some();
        let copy = (!direct).then(|| vec![F::ZERO; tensor.layout().len()]);
        Self {
            tensor,
            copy,
            tile: None,
            order: [rows, columns].concat(),
            rows: rows.len(),
        }
    }

    /// To be written as a whole or in tiles of its first axis, row-major.
    pub fn whole(tensor: &'g mut TensorMut<'d, F>) -> Self {
        let order = (0..tensor.shape().len()).collect();
        let direct = tensor.is_row_major() && tensor.numbers().is_some();
        Self {
            tensor,
            copy: (!direct).then(Vec::new),
            tile: None,
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
                let data = data.from(first);
                Target::Rows { data, layout }
            }
            _ => unreachable!("a gradient has rows"),
        }
    }

    /// The memory of neighbouring rows, for whatever use until they are written: what it holds is the rows' elements and none of
    /// another row's. `None` where rows are not one after the other, or are no numbers of the kernel's.
    pub fn memory(&mut self, tile: Tile) -> Option<&mut [F]> {
        let in_order = match &self.copy {
            Some(copy) => copy.len() == self.tensor.layout().len(),
            None => self.tensor.is_row_major() && self.order.is_sorted(),
        };
        let first = self.order.first().copied()?;
        let rows = self.tensor.shape()[first];
        let data = match &mut self.copy {
            Some(copy) => copy,
            None => self.tensor.numbers()?,
        };
        let len = data.len().checked_div(rows)?;
        in_order.then(|| &mut data[tile.start * len..][..tile.len * len])
    }

    /// The elements, row-major.
    pub fn data(&mut self) -> &mut [F] {
        let len = self.tensor.layout().len();
        match &mut self.copy {
            Some(copy) => {
                copy.resize(len, F::ZERO);
                copy
            }
            None => self
                .tensor
                .numbers()
                .expect("what is written in place has the kernel's numbers"),
        }
    }

    /// The elements of some positions of the first axis, row-major, to be overwritten. Each position is in one tile only.
    pub fn tile(&mut self, tile: Tile) -> &mut [F] {
        let inner: usize = self.tensor.shape()[1..].iter().product();
        if self.copy.is_none() {
            return &mut self.data()[tile.start * inner..][..tile.len * inner];
        }
        if self.tile != Some(tile) {
            self.flush_tile();
            self.tile = Some(tile);
        }
        let copy = self.copy.as_mut().expect("asked above");
        copy.resize(tile.len * inner, F::ZERO);
        copy
    }

    /// Copies the tile that was written last.
    fn flush_tile(&mut self) {
        let (Some(copy), Some(tile)) = (&self.copy, self.tile) else {
            return;
        };
        let mut shape = self.tensor.shape().to_vec();
        shape[0] = tile.len;
        let (mut data, layout) = self.tensor.parts_mut();
        if layout.is_row_major() {
            let inner: usize = shape[1..].iter().product();
            return data.write(tile.start * inner, copy);
        }
        let order: Vec<usize> = (0..shape.len()).collect();
        let at = |axis, i: usize| layout.at(axis, if axis == 0 { tile.start + i } else { i });
        for (i, &value) in copy.iter().enumerate() {
            data.set(offset(i, &order, &shape, at), value);
        }
    }

    /// Copies what was written elsewhere.
    pub fn finish(mut self) {
        if self.tile.is_some() {
            return self.flush_tile();
        }
        let Some(copy) = self.copy else { return };
        let shape: Vec<_> = self
            .order
            .iter()
            .map(|&axis| self.tensor.shape()[axis])
            .collect();
        let in_order = self.tensor.is_row_major() && self.order.is_sorted();
        let (mut data, layout) = self.tensor.parts_mut();
        if in_order {
            return data.write(0, &copy);
        }
        for (i, value) in copy.into_iter().enumerate() {
            let at = |axis, i| layout.at(axis, i);
            data.set(offset(i, &self.order, &shape, at), value);
        }
    }
}

/// Where an element lies that is number `i` in row-major order over the axes `order`, whose extents are `shape`.
fn offset(i: usize, order: &[usize], shape: &[usize], at: impl Fn(usize, usize) -> usize) -> usize {
    let mut rest = i;
    let mut offset = 0;
    for (&axis, &extent) in order.iter().zip(shape).rev() {
        offset += at(axis, rest % extent);
        rest /= extent;
    }
    offset
}

/// Keeps as many rows of a row-major matrix as there is room for, the first ones.
pub fn park<F: Float>(memory: Option<&mut [F]>, matrix: &[F], columns: usize) {
    if let Some(memory) = memory {
        let len = parked_rows(memory, matrix, columns) * columns;
        memory[..len].copy_from_slice(&matrix[..len]);
    }
}

/// Gives back what [`park`] kept; how many rows that is.
pub fn unpark<F: Float>(memory: Option<&mut [F]>, matrix: &mut [F], columns: usize) -> usize {
    let Some(memory) = memory else { return 0 };
    let rows = parked_rows(memory, matrix, columns);
    let len = rows * columns;
    matrix[..len].copy_from_slice(&memory[..len]);
    rows
}

fn parked_rows<F>(memory: &[F], matrix: &[F], columns: usize) -> usize {
    let columns = columns.max(1);
    (memory.len() / columns).min(matrix.len() / columns)
}

/// The elements of a tensor, row-major over its axes in the order `order`.
pub fn permuted<F: Float>(tensor: &super::Tensor<'_, F>, order: &[usize]) -> Vec<F> {
    let shape: Vec<_> = order.iter().map(|&axis| tensor.shape()[axis]).collect();
    let len = shape.iter().product();
    (0..len)
        .map(|i: usize| tensor.get(offset(i, order, &shape, |axis, i| tensor.at(axis, i))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::{Layout, StoredMut, Tensor};

    #[test]
    fn columns_of_a_row_major_array_are_staged_or_strided_alike() {
        let mut data = vec![0.0f64; 24];
        let mut tensor = TensorMut::contiguous(&mut data, &[2, 3, 4]);
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

    #[test]
    fn rows_wait_in_the_memory_of_a_gradient() {
        let mut data = vec![0.0f32; 20];
        let mut tensor = TensorMut::contiguous(&mut data, &[5, 4]);
        let mut staged = Staged::rows(&mut tensor, &[0], &[1]);
        // Tiles of two and three rows, and matrices of six rows: four of them fit.
        let tiles = [
            Tile {
                start: 0,
                len: 2,
                first: 0,
            },
            Tile {
                start: 2,
                len: 3,
                first: 2,
            },
        ];
        let matrix = |tile: Tile| -> Vec<f32> {
            (0..6 * tile.len)
                .map(|i| (100 * tile.start + i) as f32)
                .collect()
        };
        for tile in tiles {
            park(staged.memory(tile), &matrix(tile), tile.len);
        }
        for tile in tiles {
            let mut back = vec![-1.0; 6 * tile.len];
            assert_eq!(unpark(staged.memory(tile), &mut back, tile.len), 4);
            let (kept, lost) = back.split_at(4 * tile.len);
            assert_eq!(kept, &matrix(tile)[..4 * tile.len]);
            assert!(lost.iter().all(|&x| x == -1.0));
        }
    }

    #[test]
    fn columns_that_interleave_have_no_memory_of_their_own() {
        let mut data = vec![0.0f32; 20];
        let layout = Layout::strided(vec![5, 4], vec![1, 5], None);
        let mut tensor = TensorMut::new(StoredMut::Number(&mut data), layout);
        let mut staged = Staged::rows(&mut tensor, &[0], &[1]);
        let tile = Tile {
            start: 0,
            len: 2,
            first: 0,
        };
        assert_eq!(staged.memory(tile), None);
        let mut matrix = [3.0; 4];
        park(staged.memory(tile), &matrix, 2);
        assert_eq!(unpark(staged.memory(tile), &mut matrix, 2), 0);
    }
}
