//! Which owners' values all ranks have to know, and which are added to a total that is a sum over ranks anyway.

use std::collections::{BTreeMap, BTreeSet};

use super::class::{Class, whose_below};
use super::{For, Reader};
use crate::schedule::low::{LowId, LowKind, Op};
use crate::schedule::store::Wanted;

/// A sum of a product over the sharded axis and a value that an owner has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    pub(super) total: LowId,
    pub(super) value: LowId,
    pub(super) index: LowId,
}

/// How owners' values are used.
#[derive(Debug)]
pub(super) struct Uses {
    /// Those that become sums over ranks of their own.
    pub(super) kept: BTreeSet<LowId>,
    /// Sums over ranks that they are added to, by expression.
    pub(super) merges: BTreeMap<LowId, Merge>,
    /// Whether an owner's value is a function of kept ones.
    covered: BTreeMap<LowId, bool>,
}

impl Uses {
    /// None if an owner's value that all ranks have to know is no number.
    pub(super) fn new(reader: &Reader<'_>, classes: &[Class], outputs: &[Wanted]) -> Option<Self> {
        let roots: Vec<LowId> = outputs.iter().map(|output| output.node).collect();
        let merges = merges(reader, classes, &roots);
        let wanted = wanted(reader, classes, &merges, &roots);
        let mut kept = BTreeSet::new();
        let mut covered: BTreeMap<LowId, bool> = BTreeMap::new();
        let is_owned = |id: LowId| matches!(classes[id.0 as usize], Class::Of(_));
        // Children have smaller ids.
        for id in (0..reader.low.len()).map(LowId).filter(|&id| is_owned(id)) {
            let op = reader.low.op(id);
            let mut children = op.children().into_iter();
            let follows = reader.picked(op).is_none()
                && children.all(|child| !is_owned(child) || covered[&child]);
            if wanted.contains(&id) && !follows {
                if reader.low.kind(id) == LowKind::Index {
                    return None;
                }
                kept.insert(id);
            }
            covered.insert(id, follows || kept.contains(&id));
        }
        Some(Self {
            kept,
            merges,
            covered,
        })
    }

    /// Whether all ranks know the owner's value.
    pub(super) fn is_known(&self, id: LowId) -> bool {
        self.covered.get(&id).copied().unwrap_or(false)
    }
}

/// Sums of a matrix product over the axis, used nowhere else, and an owner's value of the same axes, more than one a sample.
fn merges(reader: &Reader<'_>, classes: &[Class], roots: &[LowId]) -> BTreeMap<LowId, Merge> {
    let low = reader.low;
    let mut users: BTreeMap<LowId, usize> = BTreeMap::new();
    let mut reached = BTreeSet::new();
    let mut stack = roots.to_vec();
    for &root in roots {
        *users.entry(root).or_default() += 1;
    }
    while let Some(id) = stack.pop() {
        if reached.insert(id) {
            for child in low.op(id).children() {
                *users.entry(child).or_default() += 1;
                stack.push(child);
            }
        }
    }
    let merge = |id: LowId| {
        let (Op::Add(a, b) | Op::Sub(a, b)) = *low.op(id) else {
            return None;
        };
        [(a, b), (b, a)].into_iter().find_map(|(total, value)| {
            let (Class::Of(index) | Class::Late(index)) = classes[value.0 as usize] else {
                return None;
            };
            let is_product = matches!(low.op(total), Op::Contract { .. })
                && reader.bound(low.op(total)).contains(reader.axis);
            let alike = low.free(total) == low.free(value);
            let is_large = low.free(value) != low.free(index);
            let merge = Merge {
                total,
                value,
                index,
            };
            (is_product && alike && is_large && users[&total] == 1).then_some(merge)
        })
    };
    let found = reached.iter().filter_map(|&id| Some((id, merge(id)?)));
    found.collect()
}

/// The owners' values that something other than an owner's value reads, so that it is right on all ranks.
fn wanted(
    reader: &Reader<'_>,
    classes: &[Class],
    merges: &BTreeMap<LowId, Merge>,
    roots: &[LowId],
) -> BTreeSet<LowId> {
    let mut wanted = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut stack: Vec<(LowId, For)> = roots.iter().map(|&root| (root, For::All)).collect();
    while let Some((id, whose)) = stack.pop() {
        if !seen.insert((id, whose)) {
            continue;
        }
        match (classes[id.0 as usize], whose) {
            (Class::Of(index), For::Owner(owner)) if index == owner => continue,
            (Class::Of(_), _) => {
                wanted.insert(id);
                continue;
            }
            _ => {}
        }
        if let (Some(merge), For::All) = (merges.get(&id), whose) {
            stack.push((merge.total, For::All));
            stack.push((merge.value, For::Owner(merge.index)));
            continue;
        }
        let op = reader.low.op(id);
        let below = whose_below(reader, classes, id, whose);
        let hit = reader.hit(op);
        for (at, child) in op.children().into_iter().enumerate() {
            match hit {
                Some(index) if at == 1 => stack.push((child, For::Owner(index))),
                _ => stack.push((child, below)),
            }
        }
    }
    wanted
}
