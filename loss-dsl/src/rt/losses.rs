//! Where a kernel writes the losses of the batch positions.
//!
//! Of a mean or a sum, only the total is asked for: then the losses are added up block by block and an array of them never
//! exists.

use std::ops::{Deref, DerefMut};

use super::{Float, Target};

/// Where losses go.
#[derive(Debug)]
pub enum Losses<'a, F> {
    /// The loss of every batch position, row-major over the value's axes.
    Each(&'a mut [F]),
    /// Their sum.
    Total(&'a mut f64),
}

impl<'a, F: Float> Losses<'a, F> {
    /// A target with rows of `len` losses.
    pub fn target(self, len: usize) -> Target<'a, F> {
        match self {
            Self::Each(data) => Target::rows(data, len),
            Self::Total(out) => Target::Total { out, len },
        }
    }

    /// An array of all `len`, for kernels that read losses again.
    pub fn whole(self, len: usize) -> Whole<'a, F> {
        match self {
            Self::Each(data) => Whole::Given(data),
            Self::Total(total) => Whole::Own(vec![F::ZERO; len], total),
        }
    }
}

/// All losses: the caller's array, or one whose sum is taken in the end.
#[derive(Debug)]
pub enum Whole<'a, F> {
    /// The caller's.
    Given(&'a mut [F]),
    /// An own one, and where its sum goes.
    Own(Vec<F>, &'a mut f64),
}

impl<F: Float> Whole<'_, F> {
    /// Takes the sum, if it is asked for.
    pub fn finish(self) {
        if let Self::Own(data, total) = self {
            *total = data.iter().map(|loss| loss.to_f64()).sum();
        }
    }
}

impl<F> Deref for Whole<'_, F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        match self {
            Self::Given(data) => data,
            Self::Own(data, _) => data,
        }
    }
}

impl<F> DerefMut for Whole<'_, F> {
    fn deref_mut(&mut self) -> &mut [F] {
        match self {
            Self::Given(data) => data,
            Self::Own(data, _) => data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_the_sum_of_an_own_array() {
        let mut total = f64::NAN;
        let mut whole = Losses::Total(&mut total).whole(3);
        whole.copy_from_slice(&[1.0f32, 2.0, 4.0]);
        whole.finish();
        assert_eq!(total, 7.0);
        let mut each = [0.0f32; 3];
        let mut whole = Losses::Each(&mut each).whole(3);
        whole[1] = 5.0;
        whole.finish();
        assert_eq!(each, [0.0, 5.0, 0.0]);
    }
}
