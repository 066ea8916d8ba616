//! Every rule is an identity: checked where it fires, in arbitrary precision, at random points and at the boundary.

use std::collections::BTreeSet;

use super::points::Draw;
use super::replay::{State, replay};
use super::samples::SAMPLES;
use super::*;
use crate::simplify::rules;

/// At least so many claims of each rule are compared, (finding, point) pairs with a finite left side; of these so many at
/// the boundary.
const COMPARED: usize = 1500;
const AT_BOUNDARY: usize = 600;
/// Every finding of every sample is compared at so many points of either kind.
const EACH: u64 = 10;
/// Enough for any rule that can be compared at all.
const MOST: u64 = 10_000;

/// How often a rule was compared inside of the declared ranges and at their boundary.
#[derive(Clone, Copy, Default, Debug)]
struct Count {
    inside: usize,
    boundary: usize,
}

impl Count {
    fn of(&mut self, draw: Draw) -> &mut usize {
        match draw {
            Draw::Inside => &mut self.inside,
            Draw::Boundary => &mut self.boundary,
        }
    }
}

#[test]
fn rules_are_identities_and_all_of_them_fire() {
    let rules = rules::all();
    let mut counts = vec![Count::default(); rules.len()];
    let mut asked = vec![BTreeSet::new(); rules.len()];
    let mut states: Vec<(&str, super::points::Points, State)> = vec![];
    let mut wrong = vec![];
    for (expected, points, source) in SAMPLES {
        let gradient = diff::gradient(losses(source).pop().expect("a loss"));
        match replay(&gradient, &rules, None) {
            Ok(replayed) => {
                for (i, rule) in rules.iter().enumerate() {
                    asked[i].extend(&replayed.asked[i]);
                    if expected.contains(&rule.name) && replayed.fired[i] == 0 {
                        wrong.push(format!("{} does not fire in {source}", rule.name));
                    }
                }
                let found = replayed.states.into_iter();
                states.extend(found.map(|state| (*source, *points, state)));
            }
            Err(message) => wrong.push(format!("{message}\nin {source}")),
        }
    }
    let mut compare =
        |(source, points, state): &(&str, _, State), draw, seed, only: Option<usize>| {
            let of = |rule| only.is_none_or(|only| only == rule);
            let count = |rule: usize| *counts[rule].of(draw) += 1;
            let compared = state.compare(*points, draw, seed, of, count);
            if let Err(found) = compared {
                let name = rules[found.rule].name;
                wrong.push(format!(
                    "{name} at {draw:?} {seed}: {}\nin {source}",
                    found.message
                ));
            }
            only.map_or(0, |rule| *counts[rule].of(draw))
        };
    for state in &states {
        for seed in 1..=EACH {
            compare(state, Draw::Inside, seed, None);
            compare(state, Draw::Boundary, seed, None);
        }
    }
    // What fires rarely is looked at more often.
    for rule in 0..rules.len() {
        let with: Vec<_> = states.iter().filter(|s| s.2.claims_of(rule) > 0).collect();
        for (draw, wanted) in [
            (Draw::Boundary, AT_BOUNDARY),
            (Draw::Inside, COMPARED - AT_BOUNDARY),
        ] {
            'enough: for seed in EACH + 1..=MOST {
                for state in &with {
                    if compare(state, draw, seed, Some(rule)) >= wanted {
                        break 'enough;
                    }
                }
            }
        }
    }
    for (i, rule) in rules.iter().enumerate() {
        let Count { inside, boundary } = counts[i];
        if inside + boundary < COMPARED || boundary < AT_BOUNDARY {
            wrong.push(format!("{} was only compared {:?}", rule.name, counts[i]));
        }
        let listed: BTreeSet<_> = rule.conditions.iter().map(|c| c.property).collect();
        if listed != asked[i] {
            let name = rule.name;
            wrong.push(format!("{name} asks {:?} but lists {listed:?}", asked[i]));
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn rule_names_are_unique_and_tables_are_of_one_family() {
    let rules = rules::all();
    let mut names: Vec<_> = rules.iter().map(|r| r.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rules.len());
    for table in [rules::ring::RULES, rules::trig::RULES, rules::reduce::RULES] {
        assert!(table.iter().all(|r| r.family == table[0].family));
    }
}
