//! Saturation, replayed: before anything that a rule says is believed, both sides of it are evaluated.
//!
//! The findings of one iteration are built into one graph, *beside* what they are said to equal, so that a point is
//! evaluated once for all of them. Two sides agree if the right one equals the left wherever that is finite:
//! `|l − r| ≤ 2⁻¹⁰⁰ · M` (8e-31), where M is the largest number, at least 1, that either side passes through at that point, in arithmetic
//! of 320 bits. M is what a difference that cancels is to be measured by.

use std::collections::BTreeSet;

use egg::Id;

use super::points::{Draw, Points, environment};
use super::*;
use crate::ir::Kind;
use crate::ir::eval::exact::at_precision;
use crate::ir::eval::{Elements, Exact, Number, Tensor, eval_all};
use crate::simplify::analysis::Egraph;
use crate::simplify::convert::{roots, to_egraph, to_graph};
use crate::simplify::cost::Aim;
use crate::simplify::extract::{Extraction, extract};
use crate::simplify::proof::Property;
use crate::simplify::rules::Rule;
use crate::simplify::saturate::{all_classes, findings};
use crate::simplify::term::{Term, add};

const BITS: usize = 320;
/// Agreement is to so many bits.
const AGREE: i32 = 100;
const ITERATIONS: usize = 6;

/// A finding: two nodes that a rule says are equal.
struct Claim {
    rule: usize,
    sides: [NodeId; 2],
}

/// The findings of one iteration, as one graph.
pub(super) struct State {
    graph: Graph,
    claims: Vec<Claim>,
}

/// What a replay found.
pub(super) struct Replay {
    pub(super) states: Vec<State>,
    /// How often each rule said something new.
    pub(super) fired: Vec<usize>,
    /// The properties that each rule asked for.
    pub(super) asked: Vec<BTreeSet<Property>>,
}

/// Replays saturation. What the rule `lifted.0` finds with a property taken for granted is only looked at.
pub(super) fn replay(
    gradient: &Gradient,
    rules: &[&Rule],
    lifted: Option<(usize, Property)>,
) -> Result<Replay, String> {
    let source = &gradient.loss.graph;
    let mut egraph = to_egraph(source, &roots(gradient)).egraph;
    let mut replay = Replay {
        states: vec![],
        fired: vec![0; rules.len()],
        asked: vec![BTreeSet::new(); rules.len()],
    };
    for _ in 0..ITERATIONS {
        let before = egraph.clone();
        let classes = all_classes(&before);
        let mut found: Vec<(usize, Id, Term)> = vec![];
        for (i, rule) in rules.iter().enumerate() {
            before.analysis.asked.borrow_mut().clear();
            let terms = findings(&before, &[rule], &classes);
            found.extend(terms.into_iter().map(|(_, id, term)| (i, id, term)));
            replay.asked[i].extend(before.analysis.asked.borrow().iter());
        }
        let mut claimed = found.clone();
        if let Some((rule, property)) = lifted {
            let mut trusting = before.clone();
            trusting.analysis.lifted = Some(property);
            let terms = findings(&trusting, &[rules[rule]], &classes);
            claimed = terms
                .into_iter()
                .map(|(_, id, term)| (rule, id, term))
                .collect();
        }
        replay.states.extend(state(source, &before, &claimed)?);
        let mut news = false;
        for (rule, id, term) in found {
            if let Some(equal) = add(&mut egraph, &term)
                && egraph.union(id, equal)
            {
                replay.fired[rule] += 1;
                news = true;
            }
        }
        egraph.rebuild();
        if egraph.analysis.contradiction {
            return Err("contradiction".into());
        }
        if !news {
            break;
        }
    }
    Ok(replay)
}

/// Both sides of all that is new, apart.
fn state(
    source: &Graph,
    before: &Egraph,
    found: &[(usize, Id, Term)],
) -> Result<Option<State>, String> {
    let mut apart = before.clone();
    let mut pairs: Vec<(usize, Id, Id)> = vec![];
    for (rule, id, term) in found {
        if let Some(equal) = add(&mut apart, term) {
            pairs.push((*rule, *id, equal));
        }
    }
    apart.rebuild();
    for (_, left, right) in &mut pairs {
        (*left, *right) = (apart.find(*left), apart.find(*right));
    }
    pairs.retain(|&(_, left, right)| left != right);
    pairs.sort_unstable();
    pairs.dedup();
    if pairs.is_empty() {
        return Ok(None);
    }
    let ids: Vec<Id> = pairs.iter().flat_map(|p| [p.1, p.2]).collect();
    let (chosen, _) =
        extract(&apart, Aim::Formula, &ids, Extraction::Dag).ok_or("no form for a finding")?;
    let built = to_graph(source, &apart, &chosen, &ids);
    let (mut graph, nodes) = built.ok_or("a finding cannot be built")?;
    let mut real = |id: NodeId| match graph.kind(id) {
        Kind::Bool => {
            let (one, zero) = (graph.one(), graph.zero());
            graph.select(id, one, zero)
        }
        _ => id,
    };
    let sides = nodes.chunks(2).map(|s| [real(s[0]), real(s[1])]);
    let claims = pairs.iter().zip(sides);
    let claims = claims
        .map(|(p, sides)| Claim { rule: p.0, sides })
        .collect();
    Ok(Some(State { graph, claims }))
}

/// A claim that does not hold at some point.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) rule: usize,
    pub(super) message: String,
}

impl State {
    /// How many findings of a rule there are.
    pub(super) fn claims_of(&self, rule: usize) -> usize {
        self.claims.iter().filter(|c| c.rule == rule).count()
    }

    /// Compares the sides of what some rules found at one point. `count` is told of every claim whose left side is
    /// finite there somewhere.
    pub(super) fn compare(
        &self,
        points: Points,
        draw: Draw,
        seed: u64,
        of: impl Fn(usize) -> bool,
        mut count: impl FnMut(usize),
    ) -> Result<(), Wrong> {
        let claims: Vec<&Claim> = self.claims.iter().filter(|c| of(c.rule)).collect();
        let ends: Vec<NodeId> = claims.iter().flat_map(|c| c.sides).collect();
        let graph = &self.graph;
        let all = graph.reachable(&ends);
        let env = environment(graph, points, draw, seed);
        let values = at_precision(BITS, || eval_all::<Exact>(graph, &env, &all));
        let at = |id: NodeId| all.binary_search(&id).expect("reachable nodes are sorted");
        let sizes: Vec<i32> = values.iter().map(size).collect();
        for claim in claims {
            let [left, right] = claim.sides;
            let axes = graph.free(left).union(graph.free(right));
            let axes: Vec<_> = axes.iter().collect();
            let [l, r] = [left, right].map(|id| values[at(id)].laid_out(graph, &env, &axes));
            let passed = graph.reachable(&claim.sides);
            let largest = passed.into_iter().map(|id| sizes[at(id)]).max();
            let bound = largest.unwrap_or(1).max(1) - AGREE;
            let mut finite = false;
            for (l, r) in l.iter().zip(&r).filter(|(l, _)| is_finite(l)) {
                finite = true;
                let gap = at_precision(BITS, || l.sub(r));
                if !is_finite(&gap) || gap.exponent().is_some_and(|e| e > bound) {
                    let sides = claim.sides.map(|id| graph.show(id));
                    let values = format!("{} is not {}", l.to_f64(), r.to_f64());
                    return Err(Wrong {
                        rule: claim.rule,
                        message: format!("{values}\n  {}\n  {}", sides[0], sides[1]),
                    });
                }
            }
            if finite {
                count(claim.rule);
            }
        }
        Ok(())
    }
}

fn is_finite(x: &Exact) -> bool {
    !x.is_nan() && *x != Exact::neg_infinity() && *x != Exact::neg_infinity().neg()
}

/// The largest exponent of a finite element.
fn size(tensor: &Tensor<Exact>) -> i32 {
    match &tensor.elements {
        Elements::Real(elements) => {
            let finite = elements.iter().filter(|x| is_finite(x));
            finite.filter_map(Exact::exponent).max().unwrap_or(0)
        }
        Elements::Truth(_) | Elements::Place(_) => 0,
    }
}
