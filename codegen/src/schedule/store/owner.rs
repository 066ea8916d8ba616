//! Sharded axes: what a label picks is known to one rank alone, and becomes known to all as a sum.
//!
//! Where the positions of an axis are spread over ranks, `w[C = y]` is in memory on the rank that has the position y, the *owner*. An
//! expression that is a function of what the owner knows, and of nothing that all ranks find out together later, is computed there as
//! it stands; the others compute it from whatever lies at their first position, and forget it:
//!
//! ```text
//! f(w[C = y])   →   Σ_ranks  if the shard has y { f(w[C = y − first]) } else { 0 }
//! ```
//!
//! The larger such an f, the less is sent: of a cosine head one number a sample, the cosine, not a row of weights. So f extends up to
//! where its value meets the sharded axis, a total over it, a sum over samples, what another label picks, or an output.

use std::collections::{BTreeMap, BTreeSet};

use super::Wanted;
use crate::ir::{AxisId, CompareOp, DimId, Graph};
use crate::schedule::low::{Index, Low, LowId, LowKind, Op};
use crate::support::rational::Rational;

/// What an expression needs of other ranks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    /// Nothing: all ranks compute the same.
    Plain,
    /// The owner of this position computes it.
    Of(LowId),
    /// It has the axis, or what ranks find out together.
    Beyond,
}

/// The expressions with owners' values as sums over ranks; None if an owner's value is no number.
pub(super) fn owners_contribute(
    graph: &Graph,
    low: &Low,
    axis: AxisId,
    outputs: &[Wanted],
) -> Option<(Low, Vec<Wanted>)> {
    let reader = Reader {
        graph,
        low,
        axis,
        dim: graph.axis(axis).dim,
    };
    let classes = reader.classes()?;
    let kept = reader.kept(&classes, outputs)?;
    let mut copy = Low::default();
    // As the owner computes it, and as all ranks know it.
    let (mut own, mut known): (Vec<LowId>, Vec<LowId>) = (vec![], vec![]);
    for id in (0..low.len()).map(LowId) {
        let at = |ids: &[LowId], child: LowId| ids[child.0 as usize];
        let op = low.op(id).with_children(|child| at(&known, child));
        let Class::Of(index) = classes[id.0 as usize] else {
            let id = copy.push(op);
            own.push(id);
            known.push(id);
            continue;
        };
        let op_of_owner = match reader.picked(low.op(id)) {
            Some(_) => reader.local(&mut copy, op.clone()),
            None => low.op(id).with_children(|child| at(&own, child)),
        };
        let owners = copy.push(op_of_owner);
        own.push(owners);
        known.push(if kept.contains(&id) {
            let index = at(&known, index);
            contribution(&mut copy, owners, index)
        } else {
            copy.push(op)
        });
    }
    let wanted = |wanted: &Wanted| Wanted {
        node: known[wanted.node.0 as usize],
        ..wanted.clone()
    };
    let outputs = outputs.iter().map(wanted).collect();
    Some((copy, outputs))
}

/// The sum over ranks of a value that the owner of a position has.
fn contribution(low: &mut Low, value: LowId, index: LowId) -> LowId {
    let zero = low.constant(Rational::ZERO);
    let owned = low.push(Op::Owned(index));
    if low.kind(value) == LowKind::Real {
        let chosen = low.push(Op::Select(owned, value, zero));
        return low.push(Op::Join(chosen));
    }
    // A truth value goes as a number.
    let one = low.constant(Rational::ONE);
    let holds = low.push(Op::And(owned, value));
    let number = low.push(Op::Select(holds, one, zero));
    let sum = low.push(Op::Join(number));
    low.push(Op::Compare(CompareOp::Lt, zero, sum))
}

struct Reader<'g> {
    graph: &'g Graph,
    low: &'g Low,
    axis: AxisId,
    dim: DimId,
}

impl Reader<'_> {
    /// Which of its axes an array has at a computed position of the sharded dimension.
    fn picked(&self, op: &Op) -> Option<(usize, LowId)> {
        let (Op::Load(param, index) | Op::Label(param, index) | Op::Mask(param, index)) = op else {
            return None;
        };
        let axes = &self.graph.param(*param).axes;
        let pairs = axes.iter().zip(index).enumerate();
        pairs
            .filter(|(_, (axis, _))| self.graph.axis(**axis).dim == self.dim)
            .find_map(|(at, (_, index))| match index {
                Index::At(id) => Some((at, *id)),
                Index::Axis(_) => None,
            })
    }

    /// The read at the place that the position has in the own shard.
    fn local(&self, low: &mut Low, mut op: Op) -> Op {
        if let Some((at, id)) = self.picked(&op)
            && let Op::Load(_, index) | Op::Label(_, index) | Op::Mask(_, index) = &mut op
        {
            index[at] = Index::At(low.push(Op::Local(id)));
        }
        op
    }

    /// The class of every expression; None if a position that is looked up is itself known to an owner alone.
    fn classes(&self) -> Option<Vec<Class>> {
        let mut classes: Vec<Class> = vec![];
        for id in (0..self.low.len()).map(LowId) {
            let class = self.class(id, &classes)?;
            classes.push(class);
        }
        Some(classes)
    }

    fn class(&self, id: LowId, classes: &[Class]) -> Option<Class> {
        let op = self.low.op(id);
        let of = |id: LowId| classes[id.0 as usize];
        if let Some((_, index)) = self.picked(op) {
            let plain = of(index) == Class::Plain;
            let alone = !self.low.free(id).contains(self.axis);
            return (plain && alone).then_some(Class::Of(index));
        }
        let over = match op {
            Op::Reduce(_, over, _) | Op::Contract { over, .. } => *over,
            _ => Default::default(),
        };
        if self.low.free(id).contains(self.axis) || over.contains(self.axis) {
            return Some(Class::Beyond);
        }
        let mut class = Class::Plain;
        for child in op.children() {
            class = match (class, of(child)) {
                (class, Class::Plain) => class,
                (Class::Plain, other) => other,
                (Class::Of(a), Class::Of(b)) if a == b => class,
                _ => Class::Beyond,
            };
        }
        match class {
            Class::Of(index) if !self.low.free(index).is_disjoint(over) => Some(Class::Beyond),
            class => Some(class),
        }
    }

    /// The owners' values that all ranks have to know: those that something other than an owner's value reads, unless they are
    /// functions of such.
    fn kept(&self, classes: &[Class], outputs: &[Wanted]) -> Option<BTreeSet<LowId>> {
        let of = |id: LowId| classes[id.0 as usize];
        let is_owned = |id: LowId| matches!(of(id), Class::Of(_));
        let mut reached = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        let mut stack: Vec<LowId> = outputs.iter().map(|output| output.node).collect();
        wanted.extend(stack.iter().copied().filter(|&id| is_owned(id)));
        while let Some(id) = stack.pop() {
            if !reached.insert(id) {
                continue;
            }
            for child in self.low.op(id).children() {
                if is_owned(child) && of(child) != of(id) {
                    wanted.insert(child);
                }
                stack.push(child);
            }
        }
        let mut kept = BTreeSet::new();
        // Whether a value is a function of kept ones; children have smaller ids.
        let mut covered: BTreeMap<LowId, bool> = BTreeMap::new();
        for &id in reached.iter().filter(|&&id| is_owned(id)) {
            let picked = self.picked(self.low.op(id)).is_some();
            let mut children = self.low.op(id).children().into_iter();
            let follows = !picked && children.all(|c| !is_owned(c) || covered[&c]);
            if wanted.contains(&id) && !follows {
                if self.low.kind(id) == LowKind::Index {
                    return None;
                }
                kept.insert(id);
            }
            covered.insert(id, follows || kept.contains(&id));
        }
        Some(kept)
    }
}
