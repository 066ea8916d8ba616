//! The order of a buffer's axes: that of the arrays it is computed from and meets, so that neighbours
//! stay neighbours. A value that differs from a stored one only by names of axes needs no buffer.

use std::collections::BTreeSet;

use super::{How, Scheduler};
use crate::ir::{AxisId, AxisSet};
use crate::schedule::low::{Index, LowId, Op};

impl Scheduler<'_> {
    /// A value that is this one with two axes of a dimension exchanged and that is to be preferred.
    pub(super) fn renamed(
        &mut self,
        node: LowId,
    ) -> Option<(LowId, impl Fn(AxisId) -> AxisId + use<>)> {
        let free = self.low.free(node);
        let count = self.graph.axes().len() as u8;
        for a in (0..count).map(AxisId) {
            for b in (a.0 + 1..count).map(AxisId) {
                if self.graph.axis(a).dim != self.graph.axis(b).dim || !free.contains(b) {
                    continue;
                }
                let same = self.low.swap(node, a, b);
                if !free.contains(a) || self.known.contains_key(&same) {
                    return Some((same, move |axis| {
                        if axis == a {
                            b
                        } else if axis == b {
                            a
                        } else {
                            axis
                        }
                    }));
                }
            }
        }
        None
    }

    /// The axes of a value in the order of the array that it is computed from, so that what is
    /// neighbours there is neighbours in the buffer; in order of declaration if there is no such array.
    pub(super) fn array_order(&self, node: LowId) -> Vec<AxisId> {
        let free = self.low.free(node);
        let mut seen = BTreeSet::new();
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let order = match self.low.op(id) {
                Op::Load(_, index) => axes_of(index),
                _ => match self.known.get(&id) {
                    Some((_, order)) if id != node => Some(order.clone()),
                    _ => None,
                },
            };
            if let Some(order) = order
                && order.iter().copied().collect::<AxisSet>() == free
                && order.len() == free.len()
            {
                return order;
            }
            stack.extend(self.low.op(id).children());
        }
        free.iter().collect()
    }

    pub(super) fn contract_axes(&self, node: LowId) -> Vec<AxisId> {
        let Op::Contract { over, left, right } = *self.low.op(node) else {
            unreachable!("only called for matrix products")
        };
        let outer = |id: LowId| self.low.free(id).minus(over).iter().collect::<Vec<_>>();
        let (left, right) = (outer(left), outer(right));
        // As a parameter of the same axes has them, so that the two meet in rows.
        let turned = [right.clone(), left.clone()].concat();
        let is_parameter = self.graph.params().iter().any(|p| p.axes == turned);
        if is_parameter {
            turned
        } else {
            [left, right].concat()
        }
    }

    /// Stores the source of a scatter as it is to be read: the axes of the label, then those of a row of the result. If it is stored in
    /// another order already, the sum is computed in rows instead.
    pub(super) fn order_scattered(&mut self, at: usize) {
        let How::Scatter { index, source } = self.stored[at].how else {
            return;
        };
        let Op::Label(_, by) = self.low.op(index) else {
            unreachable!("a scatter is by a label")
        };
        let by = axes_of(by).expect("a scatter's label is read in place");
        let node = self.stored[at].node;
        let free = self.low.free(source);
        let inner = self.stored[at].axes.iter().copied();
        let inner = inner.filter(|&axis| free.contains(axis));
        let wanted: Vec<AxisId> = by.iter().copied().chain(inner).collect();
        let order = |scheduler: &Self| scheduler.known.get(&source).map(|k| k.1.clone());
        let in_rows = !matches!(self.low.op(source), Op::Contract { .. })
            && self.scatter(source).is_none()
            && self.folded(source).is_none();
        if in_rows && order(self).is_none() && self.renamed(source).is_none() {
            self.store(source, wanted.clone(), How::Rows { rows: by }, None);
        }
        self.keep(source);
        if order(self).is_none_or(|order| order == wanted) {
            return;
        }
        let axes = self.array_order(node);
        let rows = axes.iter().copied().take(1).collect();
        self.known.insert(node, (at, axes.clone()));
        self.stored[at].axes = axes;
        self.stored[at].how = How::Rows { rows };
    }

    pub(super) fn scatter_axes(&self, node: LowId) -> Vec<AxisId> {
        let Some(How::Scatter { source, .. }) = self.scatter(node) else {
            unreachable!("only called for scatters")
        };
        let hit = self.low.free(node).minus(self.low.free(source));
        let rest = self.low.free(node).minus(hit);
        hit.iter().chain(rest.iter()).collect()
    }
}

/// The axes of an index, if it has no computed positions.
pub(super) fn axes_of(index: &[Index]) -> Option<Vec<AxisId>> {
    index
        .iter()
        .map(|i| match i {
            Index::Axis(axis) => Some(*axis),
            Index::At(_) => None,
        })
        .collect()
}
