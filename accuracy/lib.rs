//! The error of an elementwise function over all `f32`, in units in the last place (ulp).
//!
//! Every bit pattern is an argument. Where a result is the correctly rounded one, its error is at most half an ulp and nothing more is
//! to be known; only elsewhere is it measured, against the function in `f64`, whose own error of a few units in *its* last place is
//! 10⁻⁸ ulp here. There the two references are also held against each other: what is said to be correctly rounded must lie within half
//! an ulp of the `f64` value.
//!
//! What makes four billion arguments a matter of seconds: our functions are vectorised, and the reference is asked only where it
//! varies. Each function here is monotone for either sign of its argument, but for those that oscillate, and is defined on an interval. So
//! where the correctly rounded values at both ends of a run of neighbouring arguments are the same (it saturates there, or is
//! undefined), they are the same within the run.

#![forbid(unsafe_code)]

use loss_dsl::__rt::isa::{Level, dispatch_at};
use loss_dsl::__rt::{Isa, Kernel};
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// A function of one argument under test.
pub trait Function {
    /// Its name in the table of documented errors.
    const NAME: &'static str;
    /// Whether it is monotone for either sign of its argument, and defined on an interval.
    const MONOTONE: bool = true;
    /// The function, with an instruction set.
    fn apply<S: Isa>(isa: S, x: f32) -> f32;
    /// Its correctly rounded value. By default [`Self::exact`], rounded: within a millionth of an ulp of a tie, that may be the other neighbour.
    #[inline(always)]
    fn rounded(x: f32) -> f32 {
        Self::exact(f64::from(x)) as f32
    }
    /// Its value to nearly all digits of an `f64`.
    fn exact(x: f64) -> f64;
}

/// The largest error so far, and an argument that has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// In units in the last place; 0 if every result was correctly rounded; infinite if a result is NaN or has a sign, and should not, or the reverse.
    pub ulp: f64,
    /// The first such argument, in the order of bit patterns.
    pub at: f32,
}

impl Worst {
    /// No error.
    pub const NONE: Self = Self { ulp: 0.0, at: 0.0 };

    /// Takes note of the error at an argument.
    pub fn note(&mut self, ulp: f64, at: f32) {
        let earlier = ulp == self.ulp && at.to_bits() < self.at.to_bits();
        if ulp > self.ulp || earlier {
            *self = Self { ulp, at };
        }
    }
}

/// Whether an instruction set multiplies and adds with one rounding.
pub fn is_fused(level: Level) -> bool {
    struct Probe(f32);
    impl Kernel for Probe {
        type Out = f32;
        #[inline(always)]
        fn run<S: Isa>(self, isa: S) -> f32 {
            isa.fma_f32(1.0 + self.0, 1.0 - self.0, -1.0)
        }
    }
    dispatch_at(level, Probe(std::hint::black_box(f32::EPSILON))) != 0.0
}

/// The error of `y`, in units in the last place of the exact value.
///
/// Beyond the largest number, ∞ stands for 2¹²⁸, the next number if there were one.
pub fn error(y: f32, exact: f64) -> f64 {
    const END: f64 = 2.0 * (1u128 << 127) as f64;
    if y.is_nan() || exact.is_nan() {
        let same = y.is_nan() && exact.is_nan();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let exact = exact.clamp(-END, END);
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let ulp = 2f64.powi(exponent.clamp(-126, 127) - 23);
    (f64::from(y).clamp(-END, END) - exact).abs() / ulp
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Arguments that are handled at once.
const RUN: usize = 4096;
/// Runs that a thread takes at a time.
const BLOCK: u32 = 64;
/// Bit patterns of either sign.
const HALF: u32 = 1 << 31;

struct Run<'a, Fun> {
    x: &'a [f32; RUN],
    rounded: &'a [f32; RUN],
    y: &'a mut [f32; RUN],
    function: PhantomData<Fun>,
}

/// Computes y; whether some of it is not the correctly rounded result.
impl<Fun: Function> Kernel for Run<'_, Fun> {
    type Out = bool;
    #[inline(always)]
    fn run<S: Isa>(self, isa: S) -> bool {
        let mut differences = 0;
        for ((y, &x), r) in self.y.iter_mut().zip(self.x).zip(self.rounded) {
            *y = Fun::apply(isa, x);
            differences |= y.to_bits() ^ r.to_bits();
        }
        differences != 0
    }
}

/// The correctly rounded values of a run of ascending arguments of one sign.
fn reference<Fun: Function>(x: &[f32; RUN], rounded: &mut [f32; RUN]) {
    let ends = [x[0], x[RUN - 1]].map(Fun::rounded);
    if same(ends[0], ends[1]) && (Fun::MONOTONE || x[0].is_nan()) {
        rounded.fill(ends[0]);
    } else {
        for (r, &x) in rounded.iter_mut().zip(x) {
            *r = Fun::rounded(x);
        }
    }
}

fn judge<Fun: Function>(x: &[f32; RUN], y: &[f32; RUN], rounded: &[f32; RUN], worst: &mut Worst) {
    for ((&x, &y), &r) in x.iter().zip(y).zip(rounded) {
        if same(y, r) {
            continue;
        }
        if y == r {
            // Zeros of different signs.
            worst.note(f64::INFINITY, x);
            continue;
        }
        let exact = Fun::exact(f64::from(x));
        let disagreement = error(r, exact);
        assert!(
            disagreement <= 0.500_001,
            "{}: the references disagree at {x:e}: {r:e} and {exact:e}, {disagreement} ulp",
            Fun::NAME
        );
        worst.note(error(y, exact), x);
    }
}

/// Measures a function at every `stride`-th `f32` of either sign, from 0 on, at some levels: the worst error of each.
///
/// # Panics
/// If the references contradict each other, if the machine lacks a level, or for a stride of 0.
pub fn sweep<Fun: Function>(levels: &[Level], stride: u32) -> Vec<Worst> {
    let arguments = HALF.div_ceil(stride);
    let runs_of_a_sign = arguments.div_ceil(RUN as u32);
    let runs = 2 * runs_of_a_sign;
    let (next, total) = (
        AtomicU32::new(0),
        Mutex::new(vec![Worst::NONE; levels.len()]),
    );
    let work = || {
        let mut worst = vec![Worst::NONE; levels.len()];
        let [mut x, mut y, mut rounded] = [[0.0; RUN]; 3];
        loop {
            let first = next.fetch_add(BLOCK, Ordering::Relaxed);
            if first >= runs {
                break;
            }
            for run in first..runs.min(first + BLOCK) {
                let sign = run / runs_of_a_sign * HALF;
                // The last run of a sign takes some arguments of the one before again.
                let start = (run % runs_of_a_sign * RUN as u32).min(arguments - RUN as u32);
                for (i, x) in (start..).zip(&mut x) {
                    *x = f32::from_bits(sign + i * stride);
                }
                reference::<Fun>(&x, &mut rounded);
                for (&level, worst) in levels.iter().zip(&mut worst) {
                    let kernel = Run::<Fun> {
                        x: &x,
                        rounded: &rounded,
                        y: &mut y,
                        function: PhantomData,
                    };
                    if dispatch_at(level, kernel) {
                        judge::<Fun>(&x, &y, &rounded, worst);
                    }
                }
            }
        }
        for (total, worst) in total.lock().unwrap().iter_mut().zip(worst) {
            total.note(worst.ulp, worst.at);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap()
}
