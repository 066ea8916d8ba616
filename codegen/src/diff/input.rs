//! Loads, transposed: where a cotangent lands in the gradient of its parameter.
//!
//! A load reads the parameter at an index per array axis. In the gradient, an index that is an
//! axis of its own is a renaming back to the declared axis; every other index (a label, a diagonal)
//! becomes the condition that the declared axis stands at that position, summed over what
//! the load had besides. Written as a sum over a one-hot, which the scheduler makes a scatter.

use super::Sweep;
use crate::ir::{AxisId, AxisSet, Index, NodeId, ParamId, Reducer};

impl Sweep<'_> {
    pub(super) fn pull_back_load(&mut self, param: ParamId, index: &[Index], cotangent: NodeId) {
        let declared = self.graph.param(param).axes.clone();
        let mut renamed: Vec<(AxisId, Index)> = vec![];
        let mut seen = AxisSet::EMPTY;
        let mut conditions: Vec<(AxisId, Index)> = vec![];
        for (&axis, &i) in declared.iter().zip(index) {
            match i {
                Index::Axis(used) if !seen.contains(used) => {
                    seen = seen.union(AxisSet::of(used));
                    renamed.push((used, Index::Axis(axis)));
                }
                Index::Axis(_) | Index::At(_) => conditions.push((axis, i)),
            }
        }
        // What remains free besides is summed over; it must not be mistaken for a declared axis.
        let outputs: AxisSet = declared.iter().copied().collect();
        let positions = conditions.iter().fold(AxisSet::EMPTY, |set, (_, i)| {
            set.union(match i {
                Index::Axis(axis) => AxisSet::of(*axis),
                Index::At(place) => self.graph.free(*place),
            })
        });
        let free = self.graph.free(cotangent).union(positions);
        let mut taken = free.union(outputs);
        for axis in free.minus(seen).intersection(outputs).iter() {
            let spare = self.graph.spare_axis(self.graph.axis(axis).dim, taken);
            taken = taken.union(AxisSet::of(spare));
            renamed.push((axis, Index::Axis(spare)));
        }
        let mut part = self.graph.substitute(cotangent, &renamed);
        let zero = self.graph.zero();
        for (axis, i) in conditions {
            let place = match i {
                Index::Axis(used) => self.graph.position(used),
                Index::At(place) => place,
            };
            let place = self.graph.substitute(place, &renamed);
            let position = self.graph.position(axis);
            let here = self.graph.equal(position, place);
            part = self.graph.select(here, part, zero);
        }
        let extra = self.graph.free(part).minus(outputs);
        let part: NodeId = self.graph.reduce(Reducer::Sum, extra, part);
        self.inputs.push((param, part));
    }
}
