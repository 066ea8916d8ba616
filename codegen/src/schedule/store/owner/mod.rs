//! Sharded axes: what a label picks is known to one rank alone, and becomes known to all as a sum.
//!
//! Where the positions of an axis are spread over ranks, `w[C = y]` is in memory on the rank that has the position y, the *owner*. An
//! expression that is a function of what the owner knows is computed there as it stands; the others compute it from whatever lies at their
//! first position, and forget it:
//!
//! ```text
//! f(w[C = y])   →   Σ_ranks  if the shard has y { f(w[C = y − first]) } else { 0 }
//! ```
//!
//! The larger such an f, the less is sent: of a cosine head one number a sample, the cosine, not a row of weights. So f extends up to
//! where its value meets the sharded axis, a total over it, a sum over samples, what another label picks, or an output. Two kinds of
//! uses need no sum of their own:
//!
//! * under a condition `C = y` only the owner looks at it;
//! * what is added to a product over the sharded axis, a sum over ranks itself, is added to the owner's part of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Wanted;
use crate::ir::{AxisId, AxisSet, CompareOp, DimId, Graph};
use crate::schedule::low::{Index, Low, LowId, LowKind, Op};
use crate::support::rational::Rational;

mod class;
mod uses;

use class::Class;

/// Expressions for ranks, and what of them is no more than a rank's part.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) low: Low,
    pub(super) outputs: Vec<Wanted>,
    /// Totals over the axis that are not to be joined: what is computed of them is.
    pub(super) partial: BTreeSet<LowId>,
}

/// The expressions with owners' values as sums over ranks; None if an owner's value is no number, or is looked up by another.
pub(super) fn owners_contribute(
    graph: &Graph,
    low: &Low,
    axis: AxisId,
    outputs: &[Wanted],
) -> Option<Owned> {
    let reader = Reader {
        graph,
        low,
        axis,
        dim: graph.axis(axis).dim,
    };
    let classes = reader.classes()?;
    let uses = uses::Uses::new(&reader, &classes, outputs)?;
    let mut rewriter = Rewriter {
        reader: &reader,
        classes: &classes,
        uses: &uses,
        copy: Low::default(),
        done: BTreeMap::new(),
        partial: BTreeSet::new(),
    };
    let outputs = outputs
        .iter()
        .map(|wanted| Wanted {
            node: rewriter.rewrite(wanted.node, For::All),
            ..wanted.clone()
        })
        .collect();
    Some(Owned {
        outputs,
        low: rewriter.copy,
        partial: rewriter.partial,
    })
}

/// For whom a value is to be right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum For {
    /// All ranks.
    All,
    /// The owner of this position.
    Owner(LowId),
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

    /// The position i of a choice `if C = i { … } else { … }`.
    fn hit(&self, op: &Op) -> Option<LowId> {
        let Op::Select(condition, ..) = op else {
            return None;
        };
        let Op::Compare(CompareOp::Eq, a, b) = *self.low.op(*condition) else {
            return None;
        };
        let own = Op::Position(self.axis);
        match (*self.low.op(a) == own, *self.low.op(b) == own) {
            (true, false) => Some(b),
            (false, true) => Some(a),
            _ => None,
        }
    }

    /// The axes that an operation binds.
    fn bound(&self, op: &Op) -> AxisSet {
        match op {
            Op::Reduce(_, over, _) | Op::Contract { over, .. } => *over,
            _ => AxisSet::EMPTY,
        }
    }
}

struct Rewriter<'r> {
    reader: &'r Reader<'r>,
    classes: &'r [Class],
    uses: &'r uses::Uses,
    copy: Low,
    done: BTreeMap<(LowId, For), LowId>,
    partial: BTreeSet<LowId>,
}

impl Rewriter<'_> {
    fn rewrite(&mut self, id: LowId, whose: For) -> LowId {
        if let Some(&done) = self.done.get(&(id, whose)) {
            return done;
        }
        let new = match (self.classes[id.0 as usize], whose) {
            (Class::Of(index), For::Owner(owner)) if index == owner => {
                if self.uses.is_known(id) {
                    self.rewrite(id, For::All)
                } else {
                    self.own(id)
                }
            }
            (Class::Of(index), _) if self.uses.kept.contains(&id) => {
                let value = self.own(id);
                let index = self.rewrite(index, For::All);
                self.contribution(value, index)
            }
            _ => self.rebuilt(id, whose),
        };
        self.done.insert((id, whose), new);
        new
    }

    /// The same operation on rewritten children.
    fn rebuilt(&mut self, id: LowId, whose: For) -> LowId {
        let op = self.reader.low.op(id);
        if let (Some(merge), For::All) = (self.uses.merges.get(&id), whose) {
            return self.merged(op, *merge);
        }
        let hit = self.reader.hit(op);
        let below = class::whose_below(self.reader, self.classes, id, whose);
        let mut at = 0;
        let new = op.with_children(|child| {
            at += 1;
            match hit {
                Some(index) if at == 2 => self.rewrite(child, For::Owner(index)),
                _ => self.rewrite(child, below),
            }
        });
        self.copy.push(new)
    }

    /// What the owner computes of what it has.
    fn own(&mut self, id: LowId) -> LowId {
        let op = self.reader.low.op(id);
        let mut new = op.with_children(|child| match self.classes[child.0 as usize] {
            Class::Of(_) => self.own(child),
            _ => self.rewrite(child, For::All),
        });
        if let Some((at, _)) = self.reader.picked(op)
            && let Op::Load(_, places) | Op::Label(_, places) | Op::Mask(_, places) = &mut new
            && let Index::At(position) = places[at]
        {
            places[at] = Index::At(self.copy.push(Op::Local(position)));
        }
        self.copy.push(new)
    }

    /// The sum over ranks of a value that the owner of a position has.
    fn contribution(&mut self, value: LowId, index: LowId) -> LowId {
        let low = &mut self.copy;
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

    /// The sum over ranks of a sum that consists of a product over the sharded axis and of a value of the owner's.
    fn merged(&mut self, op: &Op, merge: uses::Merge) -> LowId {
        let total = self.rewrite(merge.total, For::All);
        self.partial.insert(total);
        let value = self.rewrite(merge.value, For::Owner(merge.index));
        let index = self.rewrite(merge.index, For::All);
        let zero = self.copy.constant(Rational::ZERO);
        let owned = self.copy.push(Op::Owned(index));
        let chosen = self.copy.push(Op::Select(owned, value, zero));
        let part = op.with_children(|child| if child == merge.total { total } else { chosen });
        let part = self.copy.push(part);
        self.copy.push(Op::Join(part))
    }
}
