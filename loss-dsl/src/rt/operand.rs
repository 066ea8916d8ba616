//! Operands of products that are parameters: in the caller's array, or converted.

use std::borrow::Cow;

use super::{Float, Stored, Tensor, Tile};

/// A matrix that is read by a product.
#[derive(Debug)]
pub struct Operand<'a, F: Float> {
    data: Cow<'a, [F]>,
    strides: (usize, usize),
}

impl<F: Float> Operand<'_, F> {
    /// The elements from the first one of the matrix on.
    pub fn data(&self) -> &[F] {
        &self.data
    }

    /// Distances of neighbouring rows and of neighbouring columns.
    pub fn strides(&self) -> (usize, usize) {
        self.strides
    }
}

impl<'a, F: Float> Tensor<'a, F> {
    /// The matrix whose rows and columns are these two axes; of one of them, only a tile, if that is given. What is stored in
    /// another number type is converted, no more of it than the matrix has.
    ///
    /// # Panics
    /// If the tile is not within its axis.
    pub fn operand(
        &self,
        rows: usize,
        columns: usize,
        tile: Option<(usize, Tile)>,
    ) -> Operand<'a, F> {
        let first = tile.map_or(0, |(axis, tile)| self.at(axis, tile.start));
        if let Stored::Number(data) = self.stored() {
            return Operand {
                data: Cow::Borrowed(&data[first..]),
                strides: (self.stride(rows), self.stride(columns)),
            };
        }
        let extent = |axis: usize| match tile {
            Some((tiled, tile)) if tiled == axis => tile.len,
            _ => self.shape()[axis],
        };
        // As it lies in memory: a line of neighbours after the other.
        let turned = self.stride(columns) > self.stride(rows);
        let (lines, along) = if turned {
            (columns, rows)
        } else {
            (rows, columns)
        };
        let len = extent(along);
        let mut data = vec![F::ZERO; extent(lines) * len];
        if len > 0 && self.stride(lines) == len && self.stride(along) == 1 {
            self.stored().gather(first, 1, &mut data);
        } else if len > 0 {
            for (i, line) in data.chunks_exact_mut(len).enumerate() {
                let first = first + i * self.stride(lines);
                self.stored().gather(first, self.stride(along), line);
            }
        }
        Operand {
            data: Cow::Owned(data),
            strides: if turned { (1, len) } else { (len, 1) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::Layout;
    use half::f16;

    #[test]
    fn halves_are_the_matrix_that_numbers_are() {
        let numbers: Vec<f32> = (0..60).map(|i| i as f32).collect();
        let halves: Vec<f16> = numbers.iter().map(|&x| f16::from_f32(x)).collect();
        let layouts = [
            Layout::row_major(&[6, 10]),
            Layout::strided(vec![6, 10], vec![1, 6], None),
        ];
        for layout in layouts {
            let numbers = Tensor::new(Stored::Number(&numbers), layout.clone());
            let halves = Tensor::new(Stored::F16(&halves), layout);
            for (rows, columns) in [(0, 1), (1, 0)] {
                for tiled in [None, Some(0), Some(1)] {
                    let tile = tiled.map(|axis| {
                        (
                            axis,
                            Tile {
                                start: 2,
                                len: 3,
                                first: 2,
                            },
                        )
                    });
                    let extent = |axis| match tiled == Some(axis) {
                        true => 3,
                        false => [6, 10][axis],
                    };
                    let expected = numbers.operand(rows, columns, tile);
                    let found = halves.operand(rows, columns, tile);
                    assert_eq!(found.data().len(), extent(0) * extent(1));
                    for i in 0..extent(rows) {
                        for j in 0..extent(columns) {
                            let of = |matrix: &Operand<'_, f32>| {
                                matrix.data()[i * matrix.strides().0 + j * matrix.strides().1]
                            };
                            assert_eq!(of(&found), of(&expected));
                        }
                    }
                }
            }
        }
    }
}
