//! How accurate is a kernel? Every element of its value and gradients in `f32` against arbitrary precision, beside the naive
//! program.
//!
//! Errors are in units in the last place of the *natural scale* of a result o,
//!
//! ```text
//! scale(o) = |o| + Σᵢ |xᵢ · ∂o/∂xᵢ| + Σᵥ |v · ∂o/∂v|
//! ```
//!
//! over all real inputs xᵢ (scalars and the cotangent among them) and all norms, elements of unit vectors and sums over axes v, a sum
//! taken as the sum of its terms' sizes: what o is, plus how far it moves if every number that has to be held in a float is off
//! by its last bit, for each bit (mixed forward–backward
//! stability; Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, §1.5). A difference that cancels because its
//! inputs do is not held against a kernel; a formula that loses what its inputs determine is. Next to a step or a kink the unit is what
//! one rounding of those numbers changes. A scale is at least 2⁻¹²⁰: what is subnormal on the way has lost bits that a factor may
//! magnify.
//!
//! A result is *lost* if it is NaN or infinite though the true one, its scale, and all that the definition computes on the way to the
//! value are within the range of `f32`. Where a logit, a norm or a square of the definition's own is beyond the largest float, what is
//! not finite is counted apart, and errors are not measured.
//!
//! The inputs are drawn to hurt: large, huge, tiny, subnormal, nearly equal, at the ends of their ranges, vectors in line and
//! opposed. The truth is the definition's own derivation, evaluated with as many bits as it takes for two precisions to
//! agree; nothing of the simplified form is in it. The naive program is the definition taken literally, `ln(1 + exp(x))` as a
//! logarithm of a sum, and its gradient by the chain rule, each operation rounded to `f32`: what a framework
//! without fused functions would give.
//!
//! ```
//! use loss_dsl::{audit::audit, loss};
//!
//! loss! {
//!     /// Cross-entropy of a coin, written naively.
//!     pub Coin(x: [N], t: mask [N]) {
//!         let p = 1 / (1 + exp(-x));
//!         if t { -ln(p) } else { -ln(1 - p) }
//!     }
//! }
//!
//! let audit = audit(&Coin::default());
//! println!("{audit}");
//! assert!(audit.kernel().worst < 8.0 && audit.kernel().lost == 0);
//! assert!(audit.naive().lost > 0);        // infinities where the true value is finite
//! ```

mod inputs;
mod report;
mod truth;

pub use report::{Accuracy, Audit, Output, Worst};

use ndarray::{ArrayD, IxDyn};

use crate::input::Inputs;
use crate::loss::{Loss, Source};
use crate::options::Reduction;
use crate::value::{Upstream, Value};
use inputs::{Case, PATTERNS};
use truth::Definition;

/// Audits a loss with its settings as they are, at inputs of a few samples, classes and features each.
///
/// Takes up to a second: arbitrary precision is slow.
///
/// # Panics
/// If the kernels refuse inputs within their declared ranges, which they do not.
pub fn audit<L: Loss + Source>(loss: &L) -> Audit {
    let mut loss = loss.clone();
    loss.options_mut().reduction = Reduction::None;
    let kernel = |case: &Case| outcome(&loss, case);
    let settings = inputs::Settings {
        scalars: loss.scalar_values(),
        flags: loss.flag_values(),
    };
    audit_with(
        L::NAME,
        &Definition::of(L::NAME, L::SOURCE),
        &settings,
        &kernel,
    )
}

/// What is not compiled once for each loss.
fn audit_with(
    name: &'static str,
    definition: &Definition,
    settings: &inputs::Settings,
    kernel: &dyn Fn(&Case) -> Vec<Vec<f32>>,
) -> Audit {
    let mut audit = Audit::new(name, definition.outputs());
    for (pattern, draw) in PATTERNS {
        for seed in 1..=inputs::DRAWS {
            let case = Case::draw(definition.graph(), settings, *draw, seed);
            let mut truth = definition.truth(&case.environment);
            let (kernel, naive) = (kernel(&case), definition.naive(&case.environment));
            // What is within a unit of the scale is not off, whatever a step nearby would excuse.
            if report::is_off(&truth, &kernel) || report::is_off(&truth, &naive) {
                definition.add_jumps(&case.environment, &mut truth);
            }
            audit.add(pattern, &truth, &naive, &kernel);
        }
    }
    audit
}

/// The losses per sample and the gradients of Σ cotangent · loss, in the order of the parameters.
fn outcome<L: Loss>(loss: &L, case: &Case) -> Vec<Vec<f32>> {
    let inputs: Inputs<'_, f32> = case.inputs();
    let refused = "inputs within the declared ranges";
    let (value, saved) = loss.save::<f32, ()>(inputs).expect(refused);
    let cotangent = case.cotangent();
    let (losses, shape) = match &value {
        Value::Total(total) => (vec![*total], IxDyn(&[])),
        Value::PerSample(losses) => (losses.iter().copied().collect(), losses.raw_dim()),
    };
    let slopes = ArrayD::from_shape_vec(shape, cotangent.to_vec()).expect("a cotangent per loss");
    let upstream = match value {
        Value::Total(_) => Upstream::Scalar(cotangent[0]),
        Value::PerSample(_) => Upstream::PerSample(slopes.view()),
    };
    all::<L>(losses, &saved.pull_back(upstream).expect(refused))
}

fn all<L: Loss>(losses: Vec<f32>, gradients: &crate::value::Gradients<f32>) -> Vec<Vec<f32>> {
    let spec = L::spec();
    let tensors = spec.differentiable().zip(&gradients.tensors);
    let tensors = tensors.map(|(p, array)| (p.name, array.iter().copied().collect::<Vec<_>>()));
    let scalars = spec.learned().zip(&gradients.scalars);
    let scalars = scalars.map(|(p, &slope)| (p.name, vec![slope]));
    let by_name: Vec<_> = tensors.chain(scalars).collect();
    let in_order = spec.parameters.iter().filter_map(|parameter| {
        let found = by_name.iter().find(|(name, _)| *name == parameter.name);
        found.map(|(_, slopes)| slopes.clone())
    });
    std::iter::once(losses).chain(in_order).collect()
}
