//! Which ranks can compute an expression, and when.

use super::{For, Reader};
use crate::schedule::low::{LowId, Op};

/// What an expression needs of other ranks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Nothing: all ranks compute the same.
    Plain,
    /// Totals over the sharded axis, which all ranks know once they are joined.
    Common,
    /// The owner of this position computes it.
    Of(LowId),
    /// The owner of this position computes it, once it knows totals.
    Late(LowId),
    /// It has the axis, or is about several owners.
    Beyond,
}

impl Reader<'_> {
    /// The class of every expression; None if a position that is looked up is itself known to an owner alone, or differs along the
    /// axis.
    pub(super) fn classes(&self) -> Option<Vec<Class>> {
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
        let over = self.bound(op);
        if self.low.free(id).contains(self.axis) {
            return Some(Class::Beyond);
        }
        if over.contains(self.axis) {
            return Some(Class::Common);
        }
        let children = op.children().into_iter().map(of);
        let class = children.fold(Class::Plain, joined);
        match class {
            Class::Of(index) | Class::Late(index) if !self.low.free(index).is_disjoint(over) => {
                Some(Class::Beyond)
            }
            class => Some(class),
        }
    }
}

/// The class of a function of two values.
fn joined(a: Class, b: Class) -> Class {
    use Class::{Beyond, Common, Late, Of, Plain};
    match (a, b) {
        (Plain, other) | (other, Plain) => other,
        (Common, Common) => Common,
        (Common, Of(i) | Late(i)) | (Of(i) | Late(i), Common) => Late(i),
        (Of(i), Of(j)) if i == j => Of(i),
        (Of(i) | Late(i), Of(j) | Late(j)) if i == j => Late(i),
        _ => Beyond,
    }
}

/// For whom the children of an expression are to be right so that it is right itself.
pub(super) fn whose_below(reader: &Reader<'_>, classes: &[Class], id: LowId, whose: For) -> For {
    let For::Owner(owner) = whose else {
        return For::All;
    };
    match classes[id.0 as usize] {
        Class::Of(index) | Class::Late(index) if index == owner => whose,
        // Within a total, others have what they own.
        Class::Beyond if !matches!(reader.low.op(id), Op::Reduce(..) | Op::Contract { .. }) => {
            whose
        }
        _ => For::All,
    }
}
