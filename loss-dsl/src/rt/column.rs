//! A column of rows as a lane array: for kernels in which each lane holds a row of its own.
//!
//! The counterpart for writing is [`super::BlockTarget::put`].

use super::{Float, LANES};

/// `count` values `stride` apart from `data[base]` on, filled up with `fill`.
///
/// This loads the same element of up to [`LANES`] rows that are `stride` apart; a stride of 1 is a
/// plain vector load.
///
/// # Panics
/// If `count` exceeds [`LANES`] or a value lies outside `data`.
#[inline(always)]
pub fn column<F: Float>(
    data: &[F],
    base: usize,
    stride: usize,
    count: usize,
    fill: F,
) -> [F; LANES] {
    if count == LANES {
        let data = &data[base..base + (LANES - 1) * stride + 1];
        if stride == 1
            && let Some(lanes) = data.first_chunk()
        {
            return *lanes;
        }
        // The slice ends with the last value, so the check of each index is never taken.
        return std::array::from_fn(|i| data[i * stride]);
    }
    let mut lanes = [fill; LANES];
    for (i, lane) in lanes[..count].iter_mut().enumerate() {
        *lane = data[base + i * stride];
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_step_over_rows() {
        let data: Vec<f64> = (0..200).map(f64::from).collect();
        for stride in [0, 1, 3, 5] {
            for count in [0, 1, 17, LANES] {
                let lanes = column(&data, 7, stride, count, -1.0);
                for (i, &lane) in lanes.iter().enumerate() {
                    let expected = if i < count {
                        (7 + i * stride) as f64
                    } else {
                        -1.0
                    };
                    assert_eq!(lane, expected);
                }
            }
        }
    }

    #[test]
    #[should_panic]
    fn a_column_outside_panics() {
        column(&[0.0f32; 100], 7, 3, LANES, 0.0);
    }
}
