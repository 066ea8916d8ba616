//! The gradients are the slopes of the value, by two other ways.
//!
//! With a random direction v and the cotangent c, `Σ_params ⟨∂/∂param, v⟩ = Σ_batch c · ∂_v value`, where the right side is what dual
//! numbers give, and `(f(x + hv) − f(x − hv)) / 2h` up to an error of order h². What is detached is held. At a kink the two
//! sides follow conventions; it is told from a mistake by its neighbours, and by differences of another step.

use super::same::Literal;
use super::{Point, Tally, close, continuous, is_finite, size, values};
use crate::point::direction;
use loss_codegen::ir::eval::exact::at_precision;
use loss_codegen::ir::eval::{Dual, Exact, Held, Number, eval_seeded};
use loss_codegen::ir::{Gradient, ParamId, Role};

/// Slopes below 2⁻⁸⁰ say nothing by their own size: dual numbers and differences find them as what is left of numbers around 1. That of
/// `lse[C](z) − z[C = 0]` is 2⁻²⁶⁴⁰⁰ where the other logits are 18,000 lower, while gradients, of a recognised softmax, have all its bits.
const LEAST: i32 = -80;

/// The sum and the size of its terms.
struct Total {
    sum: Exact,
    scale: Exact,
}

impl Total {
    fn of(terms: impl Iterator<Item = Exact>) -> Self {
        let zero = || Exact::zero();
        let (mut sum, mut scale) = (zero(), zero());
        for term in terms {
            sum = sum.add(&term);
            scale = scale.add(&size(&term));
        }
        Total { sum, scale }
    }
}

/// Compares the gradients of the literal graph with slopes.
pub(super) fn check(
    gradient: &Gradient,
    literal: &Literal,
    point: &Point,
    tally: &mut Tally,
) -> Result<(), String> {
    let Some(expected) = literal else {
        return Ok(());
    };
    match dual_agrees(gradient, expected, point) {
        Err(message) => return kink(gradient, expected, &message, point, tally),
        Ok(Agreement::Unsettled) => {
            tally.kinks += 1;
            return Ok(());
        }
        Ok(Agreement::Equal) => tally.dual += 1,
    }
    let first = derived(gradient, expected, point);
    if differences(gradient, &first, point, tally).is_ok() {
        return Ok(());
    }
    // With as many bits as the differences have: at a jump rounding decides on the side.
    let again = || derived(gradient, &values(gradient, point), point);
    differences(gradient, &at_precision(384, again), point, tally)
}

/// Whether it is a kink that gradients differ from slopes at.
fn kink(
    gradient: &Gradient,
    here: &[Vec<Exact>],
    message: &str,
    point: &Point,
    tally: &mut Tally,
) -> Result<(), String> {
    for neighbour in point.neighbours() {
        let there = values(gradient, &neighbour);
        if !there.iter().flatten().all(is_finite) {
            continue;
        }
        dual_agrees(gradient, &there, &neighbour)?;
        if continuous(here.iter().flatten(), there.iter().flatten()) {
            return Err(message.to_owned());
        }
    }
    tally.kinks += 1;
    Ok(())
}

enum Agreement {
    Equal,
    /// Rounding decides what the gradient is, as of the direction of a vector that is 0 but for rounding.
    Unsettled,
}

/// Whether dual numbers find the slope that gradients give, up to what vanishes as precision grows.
fn dual_agrees(
    gradient: &Gradient,
    here: &[Vec<Exact>],
    point: &Point,
) -> Result<Agreement, String> {
    let gap = |derived: Total| {
        let dual = dual(gradient, point);
        let least = Exact::power_of_two(LEAST);
        let scale = derived.scale.add(&dual.scale).add(&least);
        let share = Exact::power_of_two(-90);
        let agrees = close(&derived.sum, &dual.sum, &share, &scale);
        (!agrees).then(|| (size(&derived.sum.sub(&dual.sum)), derived.sum, dual.sum))
    };
    let Some((before, ..)) = gap(derived(gradient, here, point)) else {
        return Ok(Agreement::Equal);
    };
    // Through an infinity, as of `sign(x / 0)`, dual numbers know no slope.
    if !is_finite(&dual(gradient, point).sum) {
        return Ok(Agreement::Unsettled);
    }
    let finer = at_precision(640, || values(gradient, point));
    if !continuous(here.iter().flatten(), finer.iter().flatten()) {
        return Ok(Agreement::Unsettled);
    }
    let again = || gap(derived(gradient, &finer, point));
    let Some((after, by_gradients, by_dual)) = at_precision(640, again) else {
        return Ok(Agreement::Equal);
    };
    if after <= before.mul(&Exact::power_of_two(-80)) {
        return Ok(Agreement::Equal);
    }
    let (by_gradients, by_dual) = (by_gradients.to_f64(), by_dual.to_f64());
    Err(format!(
        "slope {by_dual} by dual numbers, {by_gradients} by the gradients"
    ))
}

/// `Σ_params ⟨∂/∂param, v⟩`
fn derived(gradient: &Gradient, values: &[Vec<Exact>], point: &Point) -> Total {
    let first = values.len() - gradient.gradients.len();
    let gradients = gradient.gradients.iter().zip(&values[first..]);
    Total::of(gradients.flat_map(|(&(param, _), slopes)| {
        let slopes = slopes.iter().enumerate();
        slopes.map(move |(at, slope)| slope.mul(&Exact::from_f64(direction(point.seed, param, at))))
    }))
}

fn moves(gradient: &Gradient, param: ParamId) -> bool {
    matches!(
        gradient.loss.graph.param(param).role,
        Role::Tensor {
            differentiable: true
        } | Role::Scalar { learn: true, .. }
    )
}

/// `Σ_batch c · ∂_v value` by dual numbers.
fn dual(gradient: &Gradient, point: &Point) -> Total {
    let loss = &gradient.loss;
    let (graph, env) = (&loss.graph, &point.env);
    let input = |param: ParamId, at: usize, value: f64| {
        let value = Exact::from_f64(value);
        let away = Exact::from_f64(direction(point.seed, param, at));
        if moves(gradient, param) {
            Dual::moving(value, away)
        } else {
            Dual::constant(value)
        }
    };
    let held = Held::<Dual<Exact>>::below(graph, env, &[loss.value]);
    let slopes = eval_seeded(graph, env, &[loss.value], &held, &input);
    let slopes = slopes[0].laid_out(graph, env, &loss.batch);
    let cotangent = env.real(gradient.cotangent).iter();
    Total::of(
        cotangent
            .zip(slopes)
            .map(|(&c, slope)| Exact::from_f64(c).mul(&slope.slope)),
    )
}

/// `Σ_batch c · value` with what is differentiated moved by `step` along the direction.
fn total(gradient: &Gradient, point: &Point, held: &Held<Exact>, step: &Exact) -> Exact {
    let loss = &gradient.loss;
    let (graph, env) = (&loss.graph, &point.env);
    let input = |param: ParamId, at: usize, value: f64| {
        let value = Exact::from_f64(value);
        if moves(gradient, param) {
            let away = Exact::from_f64(direction(point.seed, param, at));
            value.add(&step.mul(&away))
        } else {
            value
        }
    };
    let value = &eval_seeded(graph, env, &[loss.value], held, &input)[0];
    let terms = value.laid_out(graph, env, &loss.batch).into_iter();
    let cotangent = env.real(gradient.cotangent).iter();
    Total::of(
        cotangent
            .zip(terms)
            .map(|(&c, x)| Exact::from_f64(c).mul(&x)),
    )
    .sum
}

/// Compares gradients with central differences: of a step whose error is below 1e-30 where slopes change slowly, and of a much
/// smaller one where that fails. If the slopes on either side of the point are not the same, or not for both steps, it is a kink or a jump.
fn differences(
    gradient: &Gradient,
    derived: &Total,
    point: &Point,
    tally: &mut Tally,
) -> Result<(), String> {
    at_precision(384, || {
        let held = Held::below(&gradient.loss.graph, &point.env, &[gradient.loss.value]);
        let at = |step: &Exact| total(gradient, point, &held, step);
        let least = Exact::power_of_two(LEAST);
        let agrees = |slope: &Exact| {
            let scale = derived.scale.add(&size(slope)).add(&least);
            close(slope, &derived.sum, &Exact::power_of_two(-70), &scale)
        };
        let here = at(&Exact::zero());
        let mut sides = Vec::new();
        for exponent in [-56, -120] {
            let step = Exact::power_of_two(exponent);
            let (above, below) = (at(&step), at(&step.neg()));
            if agrees(&above.sub(&below).div(&step.add(&step))) {
                tally.differences += 1;
                return Ok(());
            }
            sides.push(above.sub(&here).div(&step));
            sides.push(here.sub(&below).div(&step));
        }
        let up = &sides[0];
        let same = |side: &Exact| close(side, up, &Exact::power_of_two(-30), &size(up));
        if is_finite(up) && sides.iter().all(same) {
            let (by_difference, by_gradients) = (up.to_f64(), derived.sum.to_f64());
            return Err(format!(
                "slope {by_difference} by differences, {by_gradients} by the gradients"
            ));
        }
        tally.kinks += 1;
        Ok(())
    })
}
