//! No condition is idle: without it its rule is wrong.

use super::points::{Draw, Points};
use super::replay::replay;
use super::*;
use crate::simplify::proof::Property;
use crate::simplify::rules;

/// A rule, a condition that it lists, and a definition in which the rule is wrong if the condition is taken as proven.
const NEEDED: &[(&str, Property, Points, &str)] = &[
    (
        "factor",
        Property::Tame,
        Points::All,
        "L(p: const [N] where p >= 0, a: [N], b: [N], t: mask [N], r: mask [N]) {
            (if t { a * ln(p) } else { 0 }) + (if r { b * ln(p) } else { 0 })
        }",
    ),
    (
        "one-minus",
        Property::NonZero,
        Points::All,
        "L(z: [N, C], w: const [C] where w >= 0, y: [N] in C, q: scalar = 1 where q >= 0) {
            1 - pow(softmax[C](z + ln(w))[C = y], q)
        }",
    ),
    (
        "root-minus-part",
        Property::Positive,
        Points::All,
        "L(x: [N], e: scalar = 0.5) { sqrt(x * x + e * e) - e }",
    ),
    (
        "log-of-product",
        Property::Positive,
        Points::All,
        "L(p: [N], q: [N]) { ln(p * q) }",
    ),
    (
        "compare-angle",
        Property::InUpperHalfTurn,
        Points::All,
        "L(c: [N] where -1 < c && c < 1, x: [N, D]) {
            let one = (1 + norm[D](x)) / (1 + sum[D](unit[D](x) * x));
            if acos(c) < 4 * one { c } else { 1 }
        }",
    ),
    (
        "hoist",
        Property::Lacks,
        Points::All,
        "L(x: [N, C], w: [C]) { sum[C](x * w) }",
    ),
    (
        "hoist",
        Property::Tame,
        Points::All,
        "L(p: const [N] where p >= 0, w: [N, C], t: mask [N, C]) {
            sum[C](if t { w * ln(p) } else { 0 })
        }",
    ),
    (
        "sum-of-closed-terms",
        Property::Lacks,
        Points::All,
        "L(z: [N, C], w: [C]) { sum[C](softmax[C](z) * w + z) }",
    ),
    (
        "sum-of-closed-terms",
        Property::Finite,
        Points::All,
        "L(z: [N, C], w: const [C] where w >= 0) { sum[C](softmax[C](z + ln(w)) + z) }",
    ),
    (
        "contraction-at-hand",
        Property::NotCaptured,
        Points::All,
        // The C that is bound inside is another than the one outside.
        "L(x: [C, D], w: [C, D], g: [C]) {
            let a = dot[D](x, w);
            sum[D](x * sum[C](g * w)) + a
        }",
    ),
    (
        "contraction-at-hand",
        Property::Lacks,
        Points::All,
        "L(x: [N, D], w: [C, D], g: [C]) { sum[D](x * sum[C](g * w)) + sum[D](x) }",
    ),
];

#[test]
fn without_a_condition_its_rule_is_wrong() {
    const POINTS: u64 = 400;
    let rules = rules::all();
    let mut idle = vec![];
    for &(name, property, points, source) in NEEDED {
        let rule = rules.iter().position(|r| r.name == name).expect("a rule");
        let gradient = diff::gradient(losses(source).pop().expect("a loss"));
        let compare = |lifted: Option<Property>| {
            let replayed = replay(&gradient, &rules, lifted.map(|property| (rule, property)))
                .unwrap_or_else(|message| panic!("{message} in {source}"));
            let draws = [Draw::Boundary, Draw::Inside];
            let all = (1..=POINTS).flat_map(|seed| draws.map(|draw| (draw, seed)));
            all.into_iter().find_map(|(draw, seed)| {
                let mut states = replayed.states.iter();
                states.find_map(|s| s.compare(points, draw, seed, |r| r == rule, |_| {}).err())
            })
        };
        if let Some(found) = compare(None) {
            idle.push(format!(
                "{name} is wrong as it is: {}\nin {source}",
                found.message
            ));
        }
        if compare(Some(property)).is_none() {
            idle.push(format!("{name} needs no {property:?} in {source}"));
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n\n"));
}

#[test]
fn every_condition_has_its_counterexample() {
    for rule in rules::all() {
        for condition in rule.conditions {
            let property = condition.property;
            let found = NEEDED.iter().any(|n| n.0 == rule.name && n.1 == property);
            assert!(found, "{}: {condition}", rule.name);
        }
    }
    for (name, property, ..) in NEEDED {
        let rules = rules::all();
        let rule = rules.iter().find(|r| r.name == *name).expect("a rule");
        let mut listed = rule.conditions.iter();
        assert!(listed.any(|c| c.property == *property), "{name}");
    }
}
