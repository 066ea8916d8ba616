//! Inputs that any language computes alike, bit by bit.
//!
//! Element `i` of array number `k` is made from one mix of `k · 2⁴⁰ + i` (the finaliser of splitmix64). Reals add four of its
//! sixteen-bit parts, which is close enough to a normal distribution and exact until the one rounding of the last
//! multiplication. `peers/inputs.py` is the same in numpy.

/// The finaliser of splitmix64.
fn mixed(array: u64, element: u64) -> u64 {
    let mut x = (array << 40)
        .wrapping_add(element)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// About normal, of mean 0 and the given deviation.
pub(crate) fn normal(array: u64, len: usize, deviation: f64) -> Vec<f32> {
    // The sum of four uniform integers below 2¹⁶ has the mean 2·(2¹⁶ − 1) and the variance 2³² / 3.
    let factor = (deviation * 3f64.sqrt() / 65536.0) as f32;
    let element = |i: usize| {
        let x = mixed(array, i as u64);
        let sum: u64 = (0..4).map(|part| (x >> (16 * part)) & 0xffff).sum();
        (sum as i64 - 131_070) as f32 * factor
    };
    (0..len).map(element).collect()
}

/// Uniform in [½, 1½).
pub(crate) fn positive(array: u64, len: usize) -> Vec<f32> {
    let element = |i: usize| 0.5 + (mixed(array, i as u64) >> 40) as f32 / 16_777_216.0;
    (0..len).map(element).collect()
}

/// Uniform below `classes`.
pub(crate) fn labels(array: u64, len: usize, classes: usize) -> Vec<i64> {
    let element = |i: usize| (((mixed(array, i as u64) >> 32) * classes as u64) >> 32) as i64;
    (0..len).map(element).collect()
}

/// True in one of ten cases, about.
pub(crate) fn mask(array: u64, len: usize) -> Vec<bool> {
    let element = |i: usize| mixed(array, i as u64) % 256 < 26;
    (0..len).map(element).collect()
}
