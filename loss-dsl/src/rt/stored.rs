//! How the numbers of an array are stored: as the kernel computes with them, or in half of 32 bits.
//!
//! Kernels compute in `f32` or `f64` alone. An array of [`half::f16`] or [`half::bf16`] is read a row (or a block of rows, or the operand of a
//! product) at a time, each converted once into memory that stays in cache, and a gradient of such a type is rounded,
//! to nearest even, as a row of it is finished. So memory and traffic are those of 16 bits, and arithmetic is that of 32.

use super::Float;
use super::isa::{Isa, Kernel, dispatch};
use super::join::join;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// Elements of a long row that are converted by one thread.
const PART: usize = 1 << 16;

/// The elements of an array.
#[derive(Clone, Copy, Debug)]
pub enum Stored<'a, F> {
    /// Numbers as the kernel has them.
    Number(&'a [F]),
    /// IEEE 754 binary16.
    F16(&'a [f16]),
    /// The upper half of an `f32`.
    Bf16(&'a [bf16]),
}

/// The elements of an array, to be written.
#[derive(Debug)]
pub enum StoredMut<'a, F> {
    /// Numbers as the kernel has them.
    Number(&'a mut [F]),
    /// IEEE 754 binary16.
    F16(&'a mut [f16]),
    /// The upper half of an `f32`.
    Bf16(&'a mut [bf16]),
}

/// A number in half of 32 bits: `f16` or `bf16`.
pub trait Half: sealed::Sealed + Copy + Default + Send + Sync + 'static {
    /// Converts all elements of a slice to numbers of the same value.
    fn widen<F: Float>(from: &[Self], to: &mut [F]);
    /// Rounds all elements of a slice, to nearest even.
    fn narrow<F: Float>(from: &[F], to: &mut [Self]);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for half::f16 {}
    impl Sealed for half::bf16 {}
}

/// A number type that halves are converted to and from.
pub trait Wide: Sized {
    /// See [`Half::widen`].
    #[doc(hidden)]
    fn from_f16(from: &[f16], to: &mut [Self]);
    /// See [`Half::widen`].
    #[doc(hidden)]
    fn from_bf16(from: &[bf16], to: &mut [Self]);
    /// See [`Half::narrow`].
    #[doc(hidden)]
    fn to_f16(from: &[Self], to: &mut [f16]);
    /// See [`Half::narrow`].
    #[doc(hidden)]
    fn to_bf16(from: &[Self], to: &mut [bf16]);
}

/// Every element of one slice, converted, in the other: a kernel where there is no instruction that a library would choose.
struct Converted<'a, A, B>(&'a [A], &'a mut [B]);

impl Kernel for Converted<'_, bf16, f32> {
    type Out = ();
    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        for (to, from) in self.1.iter_mut().zip(self.0) {
            *to = from.to_f32();
        }
    }
}

impl Kernel for Converted<'_, f32, bf16> {
    type Out = ();
    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        for (to, &from) in self.1.iter_mut().zip(self.0) {
            *to = bf16::from_f32(from);
        }
    }
}

impl Wide for f32 {
    fn from_f16(from: &[f16], to: &mut [Self]) {
        from.convert_to_f32_slice(to);
    }
    fn from_bf16(from: &[bf16], to: &mut [Self]) {
        dispatch(Converted(from, to));
    }
    fn to_f16(from: &[Self], to: &mut [f16]) {
        to.convert_from_f32_slice(from);
    }
    fn to_bf16(from: &[Self], to: &mut [bf16]) {
        dispatch(Converted(from, to));
    }
}

impl Wide for f64 {
    fn from_f16(from: &[f16], to: &mut [Self]) {
        from.convert_to_f64_slice(to);
    }
    fn from_bf16(from: &[bf16], to: &mut [Self]) {
        from.convert_to_f64_slice(to);
    }
    fn to_f16(from: &[Self], to: &mut [f16]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = f16::from_f32(odd(from));
        }
    }
    fn to_bf16(from: &[Self], to: &mut [bf16]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = bf16::from_f32(odd(from));
        }
    }
}

/// An `f32` beside `x` whose last bit is 1 unless it is `x`: rounding it once more gives what rounding `x` itself does. (The
/// conversions of the library from `f64` leave the lower half of its bits out.)
fn odd(x: f64) -> f32 {
    let near = x as f32;
    let exact = f64::from(near);
    if exact == x || !near.is_finite() || near.to_bits() & 1 == 1 {
        near
    } else if exact < x {
        near.next_up()
    } else {
        near.next_down()
    }
}

impl Half for f16 {
    fn widen<F: Float>(from: &[Self], to: &mut [F]) {
        in_parts(from, to, F::from_f16);
    }
    fn narrow<F: Float>(from: &[F], to: &mut [Self]) {
        in_parts(from, to, F::to_f16);
    }
}

impl Half for bf16 {
    fn widen<F: Float>(from: &[Self], to: &mut [F]) {
        in_parts(from, to, F::from_bf16);
    }
    fn narrow<F: Float>(from: &[F], to: &mut [Self]) {
        in_parts(from, to, F::to_bf16);
    }
}

/// Converts a long slice in parallel.
fn in_parts<A: Sync, B: Send>(from: &[A], to: &mut [B], convert: fn(&[A], &mut [B])) {
    if from.len() < 2 * PART {
        return convert(from, to);
    }
    let middle = from.len() / 2;
    let (low, high) = to.split_at_mut(middle);
    join(
        || in_parts(&from[..middle], low, convert),
        || in_parts(&from[middle..], high, convert),
    );
}

impl<F: Float> Stored<'_, F> {
    /// How many elements there are.
    #[allow(clippy::len_without_is_empty, reason = "nothing asks for that")]
    pub fn len(&self) -> usize {
        match self {
            Self::Number(data) => data.len(),
            Self::F16(data) => data.len(),
            Self::Bf16(data) => data.len(),
        }
    }

    /// The element at `offset`.
    ///
    /// # Panics
    /// If it is outside.
    #[inline(always)]
    pub fn get(&self, offset: usize) -> F {
        match self {
            Self::Number(data) => data[offset],
            halves => halves.widened(offset),
        }
    }

    #[inline(never)]
    fn widened(&self, offset: usize) -> F {
        let mut number = [F::ZERO];
        self.gather(offset, 1, &mut number);
        number[0]
    }

    /// The elements `stride` apart from `offset` on.
    ///
    /// # Panics
    /// If one of them is outside.
    #[inline(never)]
    pub(super) fn gather(&self, offset: usize, stride: usize, to: &mut [F]) {
        fn halves<H: Half, F: Float>(data: &[H], offset: usize, stride: usize, to: &mut [F]) {
            if stride == 1 {
                return H::widen(&data[offset..][..to.len()], to);
            }
            let mut some = [H::default(); 64];
            for (at, to) in to.chunks_mut(some.len()).enumerate() {
                let first = offset + at * some.len() * stride;
                for (i, half) in some[..to.len()].iter_mut().enumerate() {
                    *half = data[first + i * stride];
                }
                H::widen(&some[..to.len()], to);
            }
        }
        match self {
            Self::Number(data) => {
                for (i, to) in to.iter_mut().enumerate() {
                    *to = data[offset + i * stride];
                }
            }
            Self::F16(data) => halves(data, offset, stride, to),
            Self::Bf16(data) => halves(data, offset, stride, to),
        }
    }

    /// All elements as numbers of their own.
    pub(crate) fn to_vec(self) -> Vec<F> {
        match self {
            Self::Number(data) => data.to_vec(),
            halves => {
                let mut numbers = vec![F::ZERO; halves.len()];
                halves.gather(0, 1, &mut numbers);
                numbers
            }
        }
    }
}

impl<F: Float> StoredMut<'_, F> {
    /// The elements from `first` on.
    ///
    /// # Panics
    /// If there are not as many.
    pub(super) fn from(self, first: usize) -> Self {
        match self {
            Self::Number(data) => Self::Number(&mut data[first..]),
            Self::F16(data) => Self::F16(&mut data[first..]),
            Self::Bf16(data) => Self::Bf16(&mut data[first..]),
        }
    }

    /// How many elements there are.
    #[allow(clippy::len_without_is_empty, reason = "nothing asks for that")]
    pub fn len(&self) -> usize {
        match self {
            Self::Number(data) => data.len(),
            Self::F16(data) => data.len(),
            Self::Bf16(data) => data.len(),
        }
    }

    /// The same for a shorter time.
    pub fn reborrow(&mut self) -> StoredMut<'_, F> {
        match self {
            Self::Number(data) => StoredMut::Number(data),
            Self::F16(data) => StoredMut::F16(data),
            Self::Bf16(data) => StoredMut::Bf16(data),
        }
    }

    /// Writes one element.
    ///
    /// # Panics
    /// If it is outside.
    pub fn set(&mut self, offset: usize, value: F) {
        match self {
            Self::Number(data) => data[offset] = value,
            Self::F16(data) => Half::narrow(&[value], &mut data[offset..=offset]),
            Self::Bf16(data) => Half::narrow(&[value], &mut data[offset..=offset]),
        }
    }

    /// Writes the elements from `offset` on.
    ///
    /// # Panics
    /// If one of them is outside.
    pub fn write(&mut self, offset: usize, values: &[F]) {
        match self {
            Self::Number(data) => data[offset..][..values.len()].copy_from_slice(values),
            Self::F16(data) => Half::narrow(values, &mut data[offset..][..values.len()]),
            Self::Bf16(data) => Half::narrow(values, &mut data[offset..][..values.len()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_widened_exactly() {
        let all: Vec<u16> = (0..=u16::MAX).collect();
        let halves: Vec<f16> = all.iter().map(|&bits| f16::from_bits(bits)).collect();
        let upper: Vec<bf16> = all.iter().map(|&bits| bf16::from_bits(bits)).collect();
        let (mut single, mut double) = (vec![0f32; 1 << 16], vec![0f64; 1 << 16]);
        f16::widen(&halves, &mut single);
        f16::widen(&halves, &mut double);
        for ((half, single), double) in halves.iter().zip(&single).zip(&double) {
            let (exponent, fraction) = (half.to_bits() >> 10 & 31, half.to_bits() & 1023);
            let size = match (exponent, fraction) {
                (31, 0) => f64::INFINITY,
                (31, _) => f64::NAN,
                (0, _) => f64::from(fraction) * 2f64.powi(-24),
                _ => f64::from(1024 + fraction) * 2f64.powi(i32::from(exponent) - 25),
            };
            let value = if half.to_bits() >> 15 == 1 {
                -size
            } else {
                size
            };
            assert!(*double == value || double.is_nan() && value.is_nan());
            assert!(f64::from(*single) == value || single.is_nan() && value.is_nan());
        }
        bf16::widen(&upper, &mut single);
        for (bits, single) in all.iter().zip(&single) {
            let value = f32::from_bits(u32::from(*bits) << 16);
            assert!(*single == value || single.is_nan() && value.is_nan());
        }
    }

    /// The numbers halfway between neighbours go to the even one, those beside them to the nearer.
    #[test]
    fn halves_are_rounded_to_nearest_even() {
        fn check<H: Half + PartialEq + std::fmt::Debug>(from_bits: fn(u16) -> H, infinity: u16) {
            // A long slice, which is converted in parts.
            let mut numbers = vec![];
            let mut expected = vec![];
            for bits in 0..infinity - 1 {
                let mut pair = [0f32; 2];
                H::widen(&[from_bits(bits), from_bits(bits + 1)], &mut pair);
                let middle = ((f64::from(pair[0]) + f64::from(pair[1])) / 2.0) as f32;
                let even = bits + bits % 2;
                numbers.extend([pair[0], middle.next_down(), middle, middle.next_up()]);
                expected.extend([bits, bits, even, bits + 1]);
            }
            let mut rounded = vec![H::default(); numbers.len()];
            H::narrow(&numbers, &mut rounded);
            for (i, bits) in expected.iter().enumerate() {
                assert_eq!(rounded[i], from_bits(*bits), "{:e}", numbers[i]);
            }
            let mut special = [H::default(); 2];
            H::narrow(&[f32::INFINITY, f32::MAX], &mut special);
            assert_eq!(special, [from_bits(infinity); 2]);
            // In f64, what is beside the middle may be closer to it than any f32 is.
            let middles = numbers.chunks_exact(4).map(|four| f64::from(four[2]));
            let beside: Vec<f64> = middles
                .flat_map(|x| [x.next_down(), x, x.next_up()])
                .collect();
            let mut rounded = vec![H::default(); beside.len()];
            H::narrow(&beside, &mut rounded);
            for (i, expected) in expected.chunks_exact(4).enumerate() {
                let expected = [1, 2, 3].map(|k| from_bits(expected[k]));
                assert_eq!(rounded[3 * i..][..3], expected, "{:e}", beside[3 * i + 1]);
            }
            let mut special = [H::default(); 2];
            H::narrow(&[f64::INFINITY, f64::MAX], &mut special);
            assert_eq!(special, [from_bits(infinity); 2]);
        }
        check(f16::from_bits, 31 << 10);
        check(bf16::from_bits, 255 << 7);
    }

    #[test]
    fn elements_apart_are_gathered() {
        let halves: Vec<bf16> = (0..400).map(|i| bf16::from_f32(i as f32 / 4.0)).collect();
        let stored = Stored::<f64>::Bf16(&halves);
        let mut gathered = [0.0; 100];
        stored.gather(2, 3, &mut gathered);
        for (i, &number) in gathered.iter().enumerate() {
            assert_eq!(number, stored.get(2 + 3 * i));
        }
        assert_eq!(stored.to_vec().len(), 400);
    }

    #[test]
    #[should_panic]
    fn elements_outside_panic() {
        Stored::<f32>::F16(&[f16::ONE; 10]).gather(4, 3, &mut [0.0; 3]);
    }
}
