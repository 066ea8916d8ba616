//! The simplified graphs have the values of the literal one.
//!
//! Both are exact but for rounding, and rounding vanishes as precision grows, whatever cancels: where values differ they are computed again with
//! more bits, until they agree, or the difference stays. "Equal" means "equal wherever the left is finite", as for rules.
//!
//! At a point where the literal graph *jumps* (a floor of an integer, a comparison of equal numbers, the direction of a zero vector),
//! rounding decides on which side it is computed, and another form may be on the other. Such a point is told from a mistake by its
//! neighbours: there both must agree, and the literal value must be another.
//!
//! A NaN in a branch that is not taken has no effect on the literal value. Rules that take factors out of a branch are
//! to keep it so, but take a softmax or a sigmoid for finite, which they are not of NaN: such leaks are counted.

use super::{Point, Tally, close, continuous, is_finite, parts, roots, size, values};
use loss_codegen::compile::Compiled;
use loss_codegen::ir::Gradient;
use loss_codegen::ir::eval::exact::at_precision;
use loss_codegen::ir::eval::{Exact, Number};

/// The bits that are tried one after the other.
const LADDER: [usize; 3] = [192, 640, 2560];

/// Allowed differences, as a share: 2⁻¹⁰⁰, below 1e-30.
const SHARE: i32 = -100;

/// What is as good as 0: `1 − (1 − x)` loses an x of that size.
const LEAST: i32 = -60;

/// The values of all roots of the literal graph, if they are finite.
pub(super) type Literal = Option<Vec<Vec<Exact>>>;

/// Compares kernel and formula with the literal graph.
pub(super) fn check(
    compiled: &Compiled,
    point: &Point,
    tally: &mut Tally,
) -> Result<Literal, String> {
    let literal = &compiled.literal;
    let expected = values(literal, point);
    let simplified = &compiled.simplified;
    for (what, other) in [
        ("kernel", &simplified.kernel),
        ("formula", &simplified.formula),
    ] {
        let Err(here) = agree(literal, other, point) else {
            continue;
        };
        if here.gap.is_none() && !finite_within(literal, point) {
            tally.leaks += 1;
            return Ok(None);
        }
        let wrong = |found: Wrong, at: &str| {
            let message = found.message;
            Err(format!("{what}{at}, {message}\n{}", shown(literal, other)))
        };
        for neighbour in point.neighbours() {
            if let Err(there) = agree(literal, other, &neighbour) {
                if there.gap.is_none() && !finite_within(literal, &neighbour) {
                    tally.leaks += 1;
                    return Ok(None);
                }
                return wrong(there, " (close by)");
            }
            let there = values(literal, &neighbour);
            if here.gap.is_none() || continuous(expected.iter().flatten(), there.iter().flatten()) {
                return wrong(here, "");
            }
        }
        tally.jumps += 1;
        return Ok(None);
    }
    let finite = expected.iter().flatten().all(is_finite);
    tally.finite += usize::from(finite);
    Ok(finite.then_some(expected))
}

/// Whether every part of the literal graph is finite, also those in branches that are not taken.
fn finite_within(literal: &Gradient, point: &Point) -> bool {
    parts(literal, point).iter().flatten().all(is_finite)
}

fn shown(literal: &Gradient, other: &Gradient) -> String {
    let show = |gradient: &Gradient| {
        let texts = roots(gradient).into_iter().map(|root| {
            format!(
                "    {}: {}\n",
                root.name,
                gradient.loss.graph.show(root.node)
            )
        });
        texts.collect::<String>()
    };
    format!("  literal\n{}  simplified\n{}", show(literal), show(other))
}

/// The element that differs most, whatever the precision.
fn agree(literal: &Gradient, other: &Gradient, point: &Point) -> Result<(), Wrong> {
    let mut before: Option<Exact> = None;
    for bits in LADDER {
        let Some(found) = at_precision(bits, || disagreement(literal, other, point)) else {
            return Ok(());
        };
        let Some(gap) = found.gap.clone() else {
            return Err(found);
        };
        let vanishes = |before: Exact| gap <= before.mul(&Exact::power_of_two(-80));
        if before.is_some_and(vanishes) {
            return Ok(());
        }
        if bits == LADDER[2] {
            // Rounding decides it, at any precision: the direction of a vector that is 0 but for rounding.
            let settled = at_precision(LADDER[1], || {
                let (few, many) = (
                    values(literal, point),
                    at_precision(bits, || values(literal, point)),
                );
                continuous(few.iter().flatten(), many.iter().flatten())
            });
            return if settled { Err(found) } else { Ok(()) };
        }
        before = Some(gap);
    }
    Ok(())
}

/// An element that differs.
struct Wrong {
    /// By how much; `None` if it is no number where one is expected.
    gap: Option<Exact>,
    message: String,
}

fn disagreement(literal: &Gradient, other: &Gradient, point: &Point) -> Option<Wrong> {
    let (share, least) = (Exact::power_of_two(SHARE), Exact::power_of_two(LEAST));
    let (left, right) = (values(literal, point), values(other, point));
    let mut worst: Option<Wrong> = None;
    for (root, (left, right)) in roots(literal).iter().zip(left.iter().zip(&right)) {
        for (at, (a, b)) in left.iter().zip(right).enumerate() {
            if !is_finite(a) || close(a, b, &share, &size(a).add(&least)) {
                continue;
            }
            let (from, to) = (a.to_f64(), b.to_f64());
            let message = format!("{}[{at}]: {from} became {to}", root.name);
            if !is_finite(b) {
                return Some(Wrong { gap: None, message });
            }
            let gap = size(&a.sub(b));
            let known = worst.as_ref().and_then(|worst| worst.gap.as_ref());
            if known.is_none_or(|known| gap > *known) {
                let gap = Some(gap);
                worst = Some(Wrong { gap, message });
            }
        }
    }
    worst
}
