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
        let mut op = self.op(id).clone();
        match &mut op {
            Op::Position(x) => *x = axis(*x),
            Op::Load(_, index) | Op::Label(_, index) | Op::Mask(_, index) => {
                for i in index {
                    *i = match *i {
                        Index::Axis(x) => Index::Axis(axis(x)),
                        Index::At(id) => Index::At(self.swap_in(id, a, b, memo)),
                    };
                }
            }
            Op::Reduce(_, axes, body) => {
                *axes = set(*axes);
                *body = self.swap_in(*body, a, b, memo);
            }
            Op::Contract { over, left, right } => {
                *over = set(*over);
                *left = self.swap_in(*left, a, b, memo);
                *right = self.swap_in(*right, a, b, memo);
            }
            Op::Const(_)
            | Op::Pi
            | Op::NegInfinity
            | Op::Lowest
            | Op::Smallest
            | Op::Bool(_)
            | Op::Place(_)
            | Op::Scalar(_)
            | Op::Flag(_)
            | Op::Size(_) => {}
            Op::Number(x) | Op::Neg(x) | Op::Powi(x, _) | Op::Unary(_, x) | Op::Not(x) => {
                *x = self.swap_in(*x, a, b, memo);
            }
            Op::Add(x, y)
            | Op::Sub(x, y)
            | Op::Mul(x, y)
            | Op::Div(x, y)
            | Op::Binary(_, x, y)
            | Op::Compare(_, x, y)
            | Op::And(x, y) => {
                *x = self.swap_in(*x, a, b, memo);
                *y = self.swap_in(*y, a, b, memo);
            }
            Op::Select(x, y, z) => {
                *x = self.swap_in(*x, a, b, memo);
                *y = self.swap_in(*y, a, b, memo);
                *z = self.swap_in(*z, a, b, memo);
            }
        }
        let done = self.push(op);
        memo.insert(id, done);
        done
    }
}
