//! Products: masks, softmax, the sigmoid, unit vectors.

use crate::ir::{Graph, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};

impl Graph {
    /// What `Π factor^exponent` is, if it is a primitive or contains one.
    pub(in crate::ir::build) fn recognise_product(
        &mut self,
        powers: &[(NodeId, i32)],
    ) -> Option<NodeId> {
        self.recognise_mask(powers)
            .or_else(|| self.recognise_softmax(powers))
            .or_else(|| self.recognise_sigmoid(powers))
            .or_else(|| self.recognise_unit(powers))
            .or_else(|| self.recognise_length(powers))
            .or_else(|| self.recognise_removable(powers))
    }

    pub(super) fn rest_times(
        &mut self,
        powers: &[(NodeId, i32)],
        used: &[usize],
        new: &[(NodeId, i32)],
    ) -> NodeId {
        let mut factors: Vec<_> = powers
            .iter()
            .enumerate()
            .filter(|(i, _)| !used.contains(i))
            .map(|(_, f)| *f)
            .collect();
        factors.extend_from_slice(new);
        self.product(&factors)
    }

    /// `(if c { f } else { 0 }) · g → if c { f · g } else { 0 }`: the branch not taken must not meet
    /// an infinity of g.
    fn recognise_mask(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(id, exponent)) in powers.iter().enumerate() {
            let Node::Select(condition, f, g) = *self.node(id) else {
                continue;
            };
            if exponent < 1 || !(self.is_zero(f) || self.is_zero(g)) {
                continue;
            }
            let inside = if self.is_zero(g) { f } else { g };
            let product = self.rest_times(powers, &[i], &[(inside, exponent)]);
            let zero = self.zero();
            return Some(if self.is_zero(g) {
                self.select(condition, product, zero)
            } else {
                self.select(condition, zero, product)
            });
        }
        None
    }

    /// Whether the product holds `e^u / Σ e^z` with u among z: then its exponentials stay apart.
    pub(in crate::ir::build) fn is_softmax_quotient(&mut self, powers: &[(NodeId, i32)]) -> bool {
        self.find_softmax(powers).is_some()
    }

    fn find_softmax(&mut self, powers: &[(NodeId, i32)]) -> Option<(usize, usize, Softmax)> {
        for (i, &(sum, exponent)) in powers.iter().enumerate() {
            let Node::Reduce(Reducer::Sum, axes, body) = *self.node(sum) else {
                continue;
            };
            if exponent >= 0 {
                continue;
            }
            let Some(logits) = self.as_exponential(body) else {
                continue;
            };
            for (value, hit) in self.elements(axes, logits) {
                let e = self.unary(UnaryOp::Exp, value);
                if let Some(j) = powers.iter().position(|&(id, n)| id == e && n > 0) {
                    let form = SoftmaxForm::Prob;
                    return Some((
                        i,
                        j,
                        Softmax {
                            form,
                            axes,
                            body: logits,
                            value,
                            hit,
                        },
                    ));
                }
            }
        }
        None
    }

    fn recognise_softmax(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        let (i, j, softmax) = self.find_softmax(powers)?;
        let p = self.softmax(softmax);
        // One numerator meets one denominator.
        let left = [
            (powers[i].0, powers[i].1 + 1),
            (powers[j].0, powers[j].1 - 1),
            (p, 1),
        ];
        Some(self.rest_times(powers, &[i, j], &left))
    }

    /// `1 / (1 + e^x) → σ(−x)` and `e^x σ(−x) → σ(x)`.
    fn recognise_sigmoid(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(id, exponent)) in powers.iter().enumerate() {
            match self.node(id).clone() {
                Node::Sum(constant, terms)
                    if exponent < 0
                        && constant.is_one()
                        && terms.len() == 1
                        && terms[0].1.is_one() =>
                {
                    let Node::Unary(UnaryOp::Exp, x) = *self.node(terms[0].0) else {
                        continue;
                    };
                    let x = self.neg(x);
                    let sigmoid = self.unary(UnaryOp::Sigmoid, x);
                    return Some(self.rest_times(powers, &[i], &[(sigmoid, -exponent)]));
                }
                Node::Unary(UnaryOp::Sigmoid, t) if exponent > 0 => {
                    let x = self.neg(t);
                    let e = self.unary(UnaryOp::Exp, x);
                    let Some(j) = powers.iter().position(|&(id, n)| id == e && n == 1) else {
                        continue;
                    };
                    let sigmoid = self.unary(UnaryOp::Sigmoid, x);
                    let left = [(id, exponent - 1), (sigmoid, 1)];
                    return Some(self.rest_times(powers, &[i, j], &left));
                }
                _ => {}
            }
        }
        None
    }

    /// `x / ‖x‖` is a unit vector, and `Σ(x · w) / ‖x‖` the sum of its products.
    fn recognise_unit(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(id, exponent)) in powers.iter().enumerate() {
            let (norm, times) = match *self.node(id) {
                Node::Unary(UnaryOp::RecipOrZero, norm) if exponent > 0 => (norm, exponent),
                _ if exponent < 0 => (id, -exponent),
                _ => continue,
            };
            let Node::Reduce(Reducer::Norm, axes, body) = *self.node(norm) else {
                continue;
            };
            let left = exponent - exponent.signum();
            debug_assert!(left.abs() == times - 1);
            if let Some(j) = powers.iter().position(|&(x, n)| x == body && n > 0) {
                let unit = self.unit(axes, body);
                let new = [(id, left), (body, powers[j].1 - 1), (unit, 1)];
                return Some(self.rest_times(powers, &[i, j], &new));
            }
            for (j, &(sum, n)) in powers.iter().enumerate() {
                let Node::Reduce(Reducer::Sum, over, product) = *self.node(sum) else {
                    continue;
                };
                let mut factors = self.as_product(product);
                let Some(k) = factors.iter().position(|&(x, m)| x == body && m > 0) else {
                    continue;
                };
                if n < 1 || over != axes {
                    continue;
                }
                factors[k].1 -= 1;
                let unit = self.unit(axes, body);
                factors.push((unit, 1));
                let product = self.product(&factors);
                let dot = self.reduce(Reducer::Sum, over, product);
                let new = [(id, left), (sum, n - 1), (dot, 1)];
                return Some(self.rest_times(powers, &[i, j], &new));
            }
        }
        None
    }

    /// `‖x‖ · Σ(x̂ · w) → Σ(x · w)`: a length and its direction are the vector, and at 0 its gradient is w.
    fn recognise_length(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(norm, times)) in powers.iter().enumerate() {
            let Node::Reduce(Reducer::Norm, axes, body) = *self.node(norm) else {
                continue;
            };
            for (j, &(sum, n)) in powers.iter().enumerate() {
                let Node::Reduce(Reducer::Sum, over, product) = *self.node(sum) else {
                    continue;
                };
                let unit = self.unit(axes, body);
                let mut factors = self.as_product(product);
                let found = factors.iter().position(|&(x, m)| x == unit && m > 0);
                let (Some(k), true) = (found, over == axes && n > 0 && times > 0) else {
                    continue;
                };
                factors[k].1 -= 1;
                factors.push((body, 1));
                let product = self.product(&factors);
                let dot = self.reduce(Reducer::Sum, over, product);
                let new = [(norm, times - 1), (sum, n - 1), (dot, 1)];
                return Some(self.rest_times(powers, &[i, j], &new));
            }
        }
        None
    }
}
