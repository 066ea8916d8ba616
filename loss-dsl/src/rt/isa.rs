//! Instruction sets and run-time dispatch.
//!
//! Rust compiles a function once, for one set of CPU features. A generated kernel is therefore a
//! value that implements [`Kernel`]; its body is `#[inline(always)]` and generic over an [`Isa`],
//! and [`dispatch`] calls it from a `#[target_feature]` function for the best instruction set of
//! the machine. Everything below that call is inlined into it, so LLVM vectorises the same plain
//! Rust for AVX-512, for AVX2 and for the baseline.
//!
//! Invariant: a [`Level`] above [`Level::Baseline`] is only ever obtained by detection, which is
//! what makes the `unsafe` calls in this module sound. Nothing outside this module, and nothing in
//! a user's crate, needs `unsafe` for dispatch.
//!
//! [`Isa`] carries the one choice a body must make itself: a fused multiply-add is one rounding
//! and one instruction where there is hardware for it, and a slow library call where there is not.

use std::sync::OnceLock;

/// Values handled at once by emitted loops: the length of lane arrays such as `[F; LANES]`.
///
/// 32 values are two 512-bit (or four 256-bit) vectors of `f32`: enough independent chains to
/// hide the latency of additions.
pub const LANES: usize = 32;

/// What a kernel body must know of the instruction set it is compiled for.
pub trait Isa: Copy + Send + Sync + 'static {
    /// `a · b + c`, with one rounding where the instruction exists, with two otherwise.
    fn fma_f32(self, a: f32, b: f32, c: f32) -> f32;
    /// `a · b + c`, with one rounding where the instruction exists, with two otherwise.
    fn fma_f64(self, a: f64, b: f64, c: f64) -> f64;
    /// Runs `kernel` in a function of its own that is compiled for this instruction set: for what another thread may run.
    fn enter<K: Kernel>(self, kernel: K) -> K::Out;
}

/// The features every CPU of the compilation target has.
#[derive(Debug, Clone, Copy)]
pub struct Baseline;

/// x86-64-v3: AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub struct Avx2Fma(());

/// x86-64-v4: AVX-512 (F, BW, CD, DQ, VL).
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

/// Fused multiply-adds by whatever means there are: for builds without optimisation, where no loop becomes vectors and copies of each
/// kernel cost the time to compile them alone. Results are those of the instruction sets above.
#[derive(Debug, Clone, Copy)]
pub struct Fused(());

/// `mul_add` is one instruction in code compiled for the target's own baseline.
const BASELINE_HAS_FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

impl Isa for Baseline {
    #[inline(always)]
    fn fma_f32(self, a: f32, b: f32, c: f32) -> f32 {
        if BASELINE_HAS_FMA {
            a.mul_add(b, c)
        } else {
            a * b + c
        }
    }
    #[inline(always)]
    fn fma_f64(self, a: f64, b: f64, c: f64) -> f64 {
        if BASELINE_HAS_FMA {
            a.mul_add(b, c)
        } else {
            a * b + c
        }
    }
    #[inline]
    fn enter<K: Kernel>(self, kernel: K) -> K::Out {
        kernel.run(self)
    }
}

/// The multiply-adds of an instruction set that has one rounding for both.
macro_rules! multiply_adds {
    () => {
        #[inline(always)]
        fn fma_f32(self, a: f32, b: f32, c: f32) -> f32 {
            a.mul_add(b, c)
        }
        #[inline(always)]
        fn fma_f64(self, a: f64, b: f64, c: f64) -> f64 {
            a.mul_add(b, c)
        }
    };
}

impl Isa for Fused {
    multiply_adds!();
    #[inline]
    fn enter<K: Kernel>(self, kernel: K) -> K::Out {
        kernel.run(self)
    }
}

macro_rules! fused {
    ($isa:ty, $enter:ident) => {
        impl Isa for $isa {
            multiply_adds!();
            #[inline]
            #[allow(unsafe_code)]
            fn enter<K: Kernel>(self, kernel: K) -> K::Out {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a value of this type is made in functions with its features alone, which run where the features
                // were detected.
                unsafe {
                    x86::$enter(kernel)
                }
                #[cfg(not(target_arch = "x86_64"))]
                kernel.run(self)
            }
        }
    };
}
fused!(Avx2Fma, avx2_fma);
fused!(Avx512, avx512);

/// A computation that is compiled once per instruction set.
///
/// `run` must be `#[inline(always)]`, and so must everything that it calls in its loops: a
/// function that is not inlined keeps the baseline's instructions.
pub trait Kernel {
    /// What the computation returns.
    type Out;
    /// The computation, for instruction set `S`.
    fn run<S: Isa>(self, isa: S) -> Self::Out;
}

/// Instruction sets that kernels are compiled for, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// [`Baseline`].
    Baseline,
    /// [`Avx2Fma`].
    Avx2Fma,
    /// [`Avx512`].
    Avx512,
}

impl Level {
    /// The best level that this machine has; detected once per process.
    #[inline]
    pub fn detected() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(detect)
    }

    /// All levels that this machine has, in ascending order.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Baseline, Self::Avx2Fma, Self::Avx512]
            .into_iter()
            .filter(|&level| level <= Self::detected())
    }
}

/// Runs `kernel` compiled for the best instruction set of this machine; in a build without optimisation, as [`Fused`].
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Out {
    if cfg!(unoptimised) {
        kernel.run(Fused(()))
    } else {
        dispatch_at(Level::detected(), kernel)
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    macro_rules! has {
        ($($feature:tt)*) => { true $(&& std::arch::is_x86_feature_detected!($feature))* };
    }
    let v3 = has!("avx" "avx2" "fma" "f16c" "bmi1" "bmi2" "lzcnt" "movbe" "popcnt");
    let v4 = has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl");
    match (v3, v4) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2Fma,
        _ => Level::Baseline,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Baseline
}

/// Runs `kernel` compiled for `level`.
///
/// # Panics
/// If this machine lacks the level.
#[inline]
#[allow(unsafe_code)]
pub fn dispatch_at<K: Kernel>(level: Level, kernel: K) -> K::Out {
    assert!(
        level <= Level::detected(),
        "{level:?} is not available here"
    );
    match level {
        // SAFETY (both): the assertion above compared with what was detected on this machine.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::avx512(kernel) },
        #[cfg(target_arch = "x86_64")]
        Level::Avx2Fma => unsafe { x86::avx2_fma(kernel) },
        _ => kernel.run(Baseline),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Avx2Fma, Avx512, Kernel};

    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx,avx2,fma,f16c,bmi1,bmi2,lzcnt,movbe,popcnt"
    )]
    pub(super) fn avx512<K: Kernel>(kernel: K) -> K::Out {
        kernel.run(Avx512(()))
    }

    #[target_feature(enable = "avx,avx2,fma,f16c,bmi1,bmi2,lzcnt,movbe,popcnt")]
    pub(super) fn avx2_fma<K: Kernel>(kernel: K) -> K::Out {
        kernel.run(Avx2Fma(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fma(f64, f64, f64);
    impl Kernel for Fma {
        type Out = f64;
        #[inline(always)]
        fn run<S: Isa>(self, isa: S) -> f64 {
            isa.fma_f64(self.0, self.1, self.2)
        }
    }

    #[test]
    fn baseline_is_always_available_and_levels_ascend() {
        let levels: Vec<_> = Level::available().collect();
        assert_eq!(levels[0], Level::Baseline);
        assert!(levels.is_sorted());
        assert_eq!(*levels.last().unwrap(), Level::detected());
    }

    #[test]
    fn fused_levels_round_once() {
        // (1 + ε)(1 − ε) − 1 is −ε² exactly, and 0 with an intermediate rounding.
        let (a, b, c) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0);
        for level in Level::available() {
            let fused = -f64::EPSILON * f64::EPSILON;
            let expected = if level > Level::Baseline || BASELINE_HAS_FMA {
                fused
            } else {
                0.0
            };
            assert_eq!(dispatch_at(level, Fma(a, b, c)), expected, "{level:?}");
        }
    }
}
