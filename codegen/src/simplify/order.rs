//! The order in which chosen e-nodes are built, which is the order of terms and factors in what is built.
//!
//! Formulas have terms where the definition has them. Kernels must not depend on how a loss was written: there the order is
//! that of the structure alone, leaves by the declaration of their parameters first.

use std::collections::{BTreeSet, HashMap};

use egg::{Id, Language};

use super::analysis::Egraph;
use super::language::{ENode, Op};

/// An e-node with its class.
type Chosen<'e> = (Id, &'e ENode);

/// Children first, and otherwise the oldest class first.
pub(crate) fn by_age<'e>(egraph: &Egraph, chosen: &[Chosen<'e>]) -> Vec<Chosen<'e>> {
    children_first(egraph, chosen, |class, _, _| class)
}

/// Children first, and otherwise by operator, then by the places of the children.
pub(crate) fn by_structure<'e>(egraph: &Egraph, chosen: &[Chosen<'e>]) -> Vec<Chosen<'e>> {
    children_first(egraph, chosen, |_, node, places| {
        // With its coefficient or exponent each: the sides of a sum have no order of their own.
        let mut parts: Vec<_> = match &node.op {
            Op::Sum(_, coefficients) => {
                let coefficients = coefficients.iter().map(|&c| (Some(c), 0));
                places.iter().copied().zip(coefficients).collect()
            }
            Op::Product(exponents) => {
                let exponents = exponents.iter().map(|&e| (None, e));
                places.iter().copied().zip(exponents).collect()
            }
            _ => places.iter().map(|&place| (place, (None, 0))).collect(),
        };
        let op = match &node.op {
            Op::Sum(constant, _) => Op::Sum(*constant, Box::default()),
            Op::Product(_) => Op::Product(Box::default()),
            op => op.clone(),
        };
        if matches!(op, Op::Sum(..) | Op::Product(_)) {
            parts.sort_unstable();
        }
        (op, parts)
    })
}

/// The chosen e-nodes in an order in which children come before parents, the least by `key` first, which sees the class,
/// the e-node and the places of its children.
fn children_first<'e, K: Ord>(
    egraph: &Egraph,
    chosen: &[Chosen<'e>],
    key: impl Fn(Id, &ENode, &[usize]) -> K,
) -> Vec<Chosen<'e>> {
    // Only looked up.
    let place: HashMap<Id, usize> = chosen.iter().enumerate().map(|(i, c)| (c.0, i)).collect();
    let children = |i: usize| {
        let children = chosen[i].1.children().iter();
        children.filter_map(|&child| place.get(&egraph.find(child)).copied())
    };
    let mut parents: Vec<Vec<usize>> = vec![vec![]; chosen.len()];
    let mut missing = vec![0; chosen.len()];
    for (i, missing) in missing.iter_mut().enumerate() {
        for child in children(i) {
            parents[child].push(i);
            *missing += 1;
        }
    }
    let mut placed = vec![0; chosen.len()];
    let keyed = |i: usize, placed: &[usize]| {
        let places: Vec<usize> = children(i).map(|child| placed[child]).collect();
        (key(chosen[i].0, chosen[i].1, &places), i)
    };
    let ready = (0..chosen.len()).filter(|&i| missing[i] == 0);
    let mut ready: BTreeSet<(K, usize)> = ready.map(|i| keyed(i, &placed)).collect();
    let mut ordered = vec![];
    while let Some((_, i)) = ready.pop_first() {
        placed[i] = ordered.len();
        ordered.push(chosen[i]);
        for &parent in &parents[i] {
            missing[parent] -= 1;
            if missing[parent] == 0 {
                ready.insert(keyed(parent, &placed));
            }
        }
    }
    ordered
}
