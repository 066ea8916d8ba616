//! Products: masks, softmax, the sigmoid, unit vectors.

use crate::ir::{AxisSet, BinaryOp, Graph, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

type Recogniser = fn(&mut Graph, &[(NodeId, i32)]) -> Option<NodeId>;

/// What a product may be or contain, in the order in which it is looked for.
const PRIMITIVES: [(&str, Recogniser); 8] = [
    ("filter", Graph::recognise_mask),
    ("softmax", Graph::recognise_softmax),
    ("odds", Graph::recognise_odds),
    ("sigmoid", Graph::recognise_sigmoid),
    ("power", Graph::recognise_power),
    ("unit vector", Graph::recognise_unit),
    ("vector", Graph::recognise_length),
    ("removable singularity", Graph::recognise_removable),
];

impl Graph {
    /// What `Π factor^exponent` is, if it is a primitive or contains one.
    pub(in crate::ir::build) fn recognise_product(
        &mut self,
        powers: &[(NodeId, i32)],
    ) -> Option<NodeId> {
        if self.is_literal() {
            return None;
        }
        for (name, recognise) in PRIMITIVES {
            let start = self.recognised_so_far();
            if let Some(found) = recognise(self, powers) {
                let written = Node::Product(powers.to_vec());
                self.note_recognition(name, written, found, start);
                return Some(found);
            }
        }
        None
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

    /// A softmax in the product, and the factors that are left without it.
    fn find_softmax(&mut self, powers: &[(NodeId, i32)]) -> Option<(Softmax, Vec<(NodeId, i32)>)> {
        for (axes, sum, body, logits) in self.sums_of_exponentials_below(powers) {
            let terms = self.elements(axes, body);
            let values = self.elements(axes, logits);
            for ((term, _), (value, hit)) in terms.into_iter().zip(values) {
                let e = self.unary(UnaryOp::Exp, value);
                for mut wanted in [vec![(e, 1)], self.as_product(term)] {
                    // One numerator meets one denominator.
                    wanted.push((sum, -1));
                    let Some(left) = without(powers, &wanted) else {
                        continue;
                    };
                    let softmax = Softmax {
                        form: SoftmaxForm::Prob,
                        axes,
                        body: logits,
                        value,
                        hit,
                    };
                    return Some((softmax, left));
                }
            }
        }
        None
    }

    /// Of the factors below the bar those that are `Σ_axes e^z`: axes, factor, `e^z` and z.
    fn sums_of_exponentials_below(
        &mut self,
        powers: &[(NodeId, i32)],
    ) -> Vec<(AxisSet, NodeId, NodeId, NodeId)> {
        let mut found = vec![];
        for &(sum, exponent) in powers {
            if let Node::Reduce(Reducer::Sum, axes, body) = *self.node(sum)
                && exponent < 0
                && let Some(logits) = self.as_exponential(body)
            {
                found.push((axes, sum, body, logits));
            }
        }
        found
    }

    fn recognise_softmax(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        let (softmax, mut left) = self.find_softmax(powers)?;
        let p = self.softmax(softmax);
        left.push((p, 1));
        Some(self.product(&left))
    }

    /// `e^u / Σ e^z → e^(u − lse z)`, u not among z: the odds against the others, say.
    fn recognise_odds(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        let is_exp = |f: &(NodeId, i32)| match *self.node(f.0) {
            Node::Unary(UnaryOp::Exp, u) if f.1 > 0 => Some((f.0, u)),
            _ => None,
        };
        let (e, u) = powers.iter().find_map(is_exp)?;
        let sums = self.sums_of_exponentials_below(powers);
        let &(axes, sum, _, logits) = sums.first()?;
        let mut left = without(powers, &[(e, 1), (sum, -1)])?;
        let lse = self.reduce(Reducer::Lse, axes, logits);
        let log = self.sub(u, lse);
        left.push((self.unary(UnaryOp::Exp, log), 1));
        Some(self.product(&left))
    }

    /// `a · a^b → a^(b+1)`, a ≥ 0, where b may be negative: then a^b is infinite at 0, and the product not.
    fn recognise_power(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for &(id, times) in powers {
            let Node::Binary(BinaryOp::Pow, base, exponent) = *self.node(id) else {
                continue;
            };
            if times != 1 || !self.is_nonnegative(base) || self.is_nonnegative(exponent) {
                continue;
            }
            let Some(mut left) = without(powers, &[(id, 1), (base, 1)]) else {
                continue;
            };
            let exponent = self.sum(Rational::ONE, &[(exponent, Rational::ONE)]);
            left.push((self.pow(base, exponent), 1));
            return Some(self.product(&left));
        }
        None
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

/// A product without some factors, if it has them all.
fn without(powers: &[(NodeId, i32)], used: &[(NodeId, i32)]) -> Option<Vec<(NodeId, i32)>> {
    let mut left = powers.to_vec();
    for &(id, times) in used {
        let factor = left.iter_mut().find(|f| f.0 == id)?;
        if factor.1.signum() != times.signum() || factor.1.abs() < times.abs() {
            return None;
        }
        factor.1 -= times;
    }
    Some(left)
}
