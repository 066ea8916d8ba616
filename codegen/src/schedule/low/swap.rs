//! Expressions under other names of their axes.

use std::collections::HashMap;

use super::{Index, Low, LowId, Op};
use crate::ir::{AxisId, AxisSet};

impl Low {
    /// The expression with two axes exchanged everywhere, bound ones included: the same
    /// function with its arguments exchanged, whatever it binds.
    pub fn swap(&mut self, id: LowId, a: AxisId, b: AxisId) -> LowId {
        self.swap_in(id, a, b, &mut HashMap::new())
    }

    fn swap_in(
        &mut self,
        id: LowId,
        a: AxisId,
        b: AxisId,
        memo: &mut HashMap<LowId, LowId>,
    ) -> LowId {
        if let Some(&done) = memo.get(&id) {
            return done;
        }
        let axis = |x: AxisId| {
            if x == a {
                b
            } else if x == b {
                a
            } else {
                x
            }
        };
        let set = |axes: AxisSet| axes.iter().map(axis).collect::<AxisSet>();
        let op = self.op(id).clone();
        let mut op = op.with_children(|child| self.swap_in(child, a, b, memo));
        match &mut op {
            Op::Position(x) => *x = axis(*x),
            Op::Load(_, index) | Op::Label(_, index) | Op::Mask(_, index) => {
                for i in index {
                    if let Index::Axis(x) = i {
                        *x = axis(*x);
                    }
                }
            }
            Op::Reduce(_, axes, _) | Op::Contract { over: axes, .. } => *axes = set(*axes),
            _ => {}
        }
        let done = self.push(op);
        memo.insert(id, done);
        done
    }
}
