//! Values that are kept where the last loop that reads them writes a row of an output: they need no memory of their own.
//!
//! Softmax keeps its exponentials for the gradient; the loop that computes the gradient reads each for the last time, and
//! writes to the same position. So the exponentials wait in the row of the gradient.

use std::collections::BTreeMap;

use crate::schedule::low::LowId;
use crate::schedule::plan::{Nest, Stmt, Vector};

/// The target whose row keeps a value until the loop that overwrites it, by value.
pub(super) fn in_place(nest: &Nest) -> BTreeMap<LowId, usize> {
    let mut places = BTreeMap::new();
    let loops: Vec<(usize, &Vector)> = nest.body.iter().enumerate().filter_map(vector).collect();
    for &(at, source) in &loops {
        for &node in &source.saves {
            let reads = |v: &Vector| v.axis == source.axis && v.saved.contains(&node);
            let readers: Vec<_> = loops.iter().filter(|(_, v)| reads(v)).collect();
            let Some(&&(last, reader)) = readers.last() else {
                continue;
            };
            let mut targets = reader.stores.iter().map(|&(target, _)| target);
            let place = targets.find(|target| {
                let is_row = nest.targets[*target].axes == [source.axis];
                let is_free = places.values().all(|taken| taken != target);
                is_row && is_free && at < last && is_written_once(nest, *target)
            });
            places.extend(place.map(|target| (node, target)));
        }
    }
    places
}

fn vector((at, stmt): (usize, &Stmt)) -> Option<(usize, &Vector)> {
    match stmt {
        Stmt::Vector(vector) => Some((at, vector)),
        _ => None,
    }
}

/// Whether a single loop along an axis, and nothing else, writes a target that is a row.
fn is_written_once(nest: &Nest, of: usize) -> bool {
    fn writes(stmt: &Stmt, of: usize) -> usize {
        match stmt {
            Stmt::Let(_) => 0,
            Stmt::Store { target, .. } | Stmt::Fold { target, .. } => usize::from(*target == of),
            Stmt::Vector(v) => v
                .stores
                .iter()
                .chain(&v.folds)
                .filter(|s| s.0 == of)
                .count(),
            Stmt::Loop(inner) => inner.body.iter().map(|stmt| writes(stmt, of)).sum(),
        }
    }
    let count: usize = nest.body.iter().map(|stmt| writes(stmt, of)).sum();
    nest.targets[of].fold.is_none() && count == 1
}
