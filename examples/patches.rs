//! The squares of an image that a convolution looks at, as the rows of a matrix; and what it takes back through them.
//!
//! An image is a row of a matrix: pixel by pixel, line by line, and the channels of a pixel side by side. So is a patch,
//! and a line of a patch is one stretch of the image. There is no padding.

use std::ops::Range;

use ndarray::{Array2, Axis};

/// Which squares of which images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    side: usize,
    channels: usize,
    kernel: usize,
    stride: usize,
}

impl Patches {
    /// Squares of `kernel` pixels each way, `stride` pixels apart, in images of `inputs` numbers.
    ///
    /// # Panics
    /// If the image is not a square of pixels, or is smaller than a patch.
    pub fn new(inputs: usize, channels: usize, kernel: usize, stride: usize) -> Self {
        let side = (inputs / channels).isqrt();
        assert_eq!(side * side * channels, inputs, "images must be square");
        assert!(kernel <= side, "a patch must fit into the image");
        Self {
            side,
            channels,
            kernel,
            stride,
        }
    }

    /// Places in an image.
    pub fn places(self) -> usize {
        self.places_across().pow(2)
    }

    /// Numbers in a patch.
    pub fn size(self) -> usize {
        self.kernel * self.line()
    }

    /// The patches of `images` [N, in], [N · places, size].
    pub fn cut(self, images: &Array2<f32>) -> Array2<f32> {
        let mut patches = Array2::zeros((images.nrows() * self.places(), self.size()));
        for (image, mut own) in images
            .rows()
            .into_iter()
            .zip(patches.axis_chunks_iter_mut(Axis(0), self.places()))
        {
            let image = image.to_slice().expect("images are stored row by row");
            let own = own.as_slice_mut().expect("patches are stored row by row");
            let lines = own.chunks_exact_mut(self.line());
            for (line, stretch) in lines.zip(self.stretches()) {
                line.copy_from_slice(&image[stretch]);
            }
        }
        patches
    }

    /// To every number of an image, the sum of `patches` [N · places, size] over the patches that it is in: the
    /// transpose of [`Self::cut`].
    pub fn add_up(self, patches: &Array2<f32>) -> Array2<f32> {
        let inputs = self.side * self.side * self.channels;
        let mut images = Array2::zeros((patches.nrows() / self.places(), inputs));
        for (mut image, own) in images
            .rows_mut()
            .into_iter()
            .zip(patches.axis_chunks_iter(Axis(0), self.places()))
        {
            let image = image.as_slice_mut().expect("images are stored row by row");
            let own = own.to_slice().expect("patches are stored row by row");
            for (line, stretch) in own.chunks_exact(self.line()).zip(self.stretches()) {
                for (sum, part) in image[stretch].iter_mut().zip(line) {
                    *sum += part;
                }
            }
        }
        images
    }

    fn places_across(self) -> usize {
        (self.side - self.kernel) / self.stride + 1
    }

    /// Numbers in a line of a patch.
    fn line(self) -> usize {
        self.kernel * self.channels
    }

    /// Where in its image each line of each patch is.
    fn stretches(self) -> impl Iterator<Item = Range<usize>> {
        let across = self.places_across();
        (0..self.places()).flat_map(move |place| {
            let top = place / across * self.stride;
            let left = place % across * self.stride;
            (top..top + self.kernel).map(move |row| {
                let start = (row * self.side + left) * self.channels;
                start..start + self.line()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use ndarray::{Array1, array};

    #[test]
    fn patches_of_a_small_image() {
        let patches = Patches::new(9, 1, 2, 1);
        let image = Array1::range(1.0, 10.0, 1.0).insert_axis(Axis(0));
        let expected = array![
            [1.0, 2.0, 4.0, 5.0],
            [2.0, 3.0, 5.0, 6.0],
            [4.0, 5.0, 7.0, 8.0],
            [5.0, 6.0, 8.0, 9.0]
        ];
        assert_eq!(patches.cut(&image), expected);
    }

    /// ⟨cut(x), g⟩ = ⟨x, add_up(g)⟩ for all x and g.
    #[test]
    fn adding_up_is_the_transpose_of_cutting() {
        let mut random = Random::new(11);
        let patches = Patches::new(7 * 7 * 3, 3, 3, 2);
        assert_eq!((patches.places(), patches.size()), (9, 27));
        let images = random.matrix(2, 7 * 7 * 3, 1.0);
        let cotangent = random.matrix(2 * 9, 27, 1.0);
        let forward = (patches.cut(&images) * &cotangent).sum();
        let backward = (images * patches.add_up(&cotangent)).sum();
        assert!((forward - backward).abs() < 1e-3, "{forward} {backward}");
    }
}
