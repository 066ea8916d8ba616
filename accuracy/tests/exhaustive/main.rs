//! The documented errors of the elementwise functions, at every `f32`.
//!
//! `cargo test -p loss-accuracy -- --ignored detected` measures our functions at every `f32` with the instruction set that this machine
//! uses, and at a sample with the others; it takes two minutes on two cores. `… -- --ignored everything` leaves nothing out, and takes
//! ten. What is measured must be what the table in `rt::math` says; `--nocapture` prints its rows.

mod documented;
mod exact;
mod pairs;

use documented::{Table, documented};
use loss_accuracy::{Function, sweep};
use loss_dsl::__rt::isa::Level;
use loss_dsl::__rt::{Float, Isa, ln_cosh, softplus_over_sigmoid};

/// Of the bit patterns of a sample one in so many, an odd number, so that the low bits vary.
const STRIDE: u32 = 61;

/// Measures one of our functions, with every instruction set at every argument, or only with the one that is used here.
fn ours<F: Function>(everything: bool) {
    let (best, all) = (Level::detected(), Level::available());
    let (dense, sparse): (Vec<_>, Vec<_>) = all.partition(|&level| everything || level == best);
    documented(F::NAME, &dense, &sweep::<F>(&dense, 1), Table::Measured);
    if !sparse.is_empty() {
        documented(F::NAME, &sparse, &sweep::<F>(&sparse, STRIDE), Table::Bound);
    }
}

/// Measures one of the standard library's functions, which do not depend on the instruction set.
fn std<F: Function>(everything: bool) {
    let levels = [Level::detected()];
    let stride = if everything { 1 } else { STRIDE };
    documented(F::NAME, &levels, &sweep::<F>(&levels, stride), Table::Bound);
}

macro_rules! functions {
    ($($kind:ident $type:ident $name:ident: $function:expr, $exact:expr $(=> $rounded:expr)? $(, $constant:ident)?;)*) => {
        $(
            struct $type;
            impl Function for $type {
                const NAME: &'static str = stringify!($name);
                $(const $constant: bool = false;)?
                #[inline(always)]
                fn apply<S: Isa>(isa: S, x: f32) -> f32 {
                    $function(x, isa)
                }
                $(#[inline(always)]
                fn rounded(x: f32) -> f32 {
                    $rounded(x)
                })?
                #[inline(always)]
                fn exact(x: f64) -> f64 {
                    $exact(x)
                }
            }
        )*

        mod detected {
            $(#[test]
            #[ignore = "seconds each"]
            fn $name() {
                super::$kind::<super::$type>(false);
            })*
        }

        mod everything {
            $(#[test]
            #[ignore = "half a minute each"]
            fn $name() {
                super::$kind::<super::$type>(true);
            })*
        }
    };
}

/// Where it is defined, and 1 elsewhere.
#[inline(always)]
fn decay<S: Isa>(x: f32, isa: S) -> f32 {
    Float::min(x, isa, 0.0).decay(isa)
}

// Name, function, in f64 => correctly rounded in f32, what does not hold.
functions! {
    ours Exp exp: Float::exp, f64::exp => pxfm::f_expf;
    ours Decay decay: decay, exact::decay;
    ours Expm1 expm1: Float::expm1, f64::exp_m1 => pxfm::f_expm1f;
    ours Ln ln: Float::ln, f64::ln => pxfm::f_logf;
    ours Log1p log1p: Float::log1p, f64::ln_1p => pxfm::f_log1pf;
    ours Sigmoid sigmoid: Float::sigmoid, exact::sigmoid;
    ours Softplus softplus: Float::softplus, exact::softplus;
    ours Tanh tanh: Float::tanh, f64::tanh => pxfm::f_tanhf;
    ours Log1mexp log1mexp: Float::log1mexp, exact::log1mexp;
    ours Erf erf: Float::erf, pxfm::f_erf => pxfm::f_erff;
    ours LnCosh ln_cosh: ln_cosh, exact::ln_cosh;
    ours SoftplusOverSigmoid softplus_over_sigmoid: softplus_over_sigmoid, exact::softplus_over_sigmoid;
    std Sqrt sqrt: Float::sqrt, f64::sqrt;
    std Sin sin: Float::sin, f64::sin => pxfm::f_sinf, MONOTONE;
    std Cos cos: Float::cos, f64::cos => pxfm::f_cosf, MONOTONE;
    std Tan tan: Float::tan, f64::tan => pxfm::f_tanf, MONOTONE;
    std Asin asin: Float::asin, f64::asin => pxfm::f_asinf;
    std Acos acos: Float::acos, f64::acos => pxfm::f_acosf;
    std Atan atan: Float::atan, f64::atan => pxfm::f_atanf;
    std Sinh sinh: Float::sinh, f64::sinh => pxfm::f_sinhf;
    std Cosh cosh: Float::cosh, f64::cosh => pxfm::f_coshf;
}
