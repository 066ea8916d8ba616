//! Recognition: textbook spellings become primitives.
//!
//! Each function looks at one sum, product or function application that is about to be
//! built and returns what it is, if it is something better. The primitives carry stable
//! kernels and closed-form adjoints; recognising them here, before differentiation, is what makes
//! `−ln(exp(z[C = y]) / sum[C](exp(z)))` the same loss as `lse[C](z) − z[C = y]`.

use crate::ir::{
    AxisSet, BinaryOp, Graph, Index, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

impl Graph {
    /// What `op(a)` is, if it is a primitive.
    pub(super) fn recognise_unary(&mut self, op: UnaryOp, a: NodeId) -> Option<NodeId> {
        let minus_one = Rational::from_int(-1);
        match (op, self.node(a).clone()) {
            // ln(1 + e^x), ln(1 − e^x), ln(1 + x)
            (UnaryOp::Ln, Node::Sum(constant, terms)) if constant.is_one() => {
                let x = self.sum(Rational::ZERO, &terms);
                Some(self.unary(UnaryOp::Log1p, x))
            }
            (UnaryOp::Log1p, Node::Unary(UnaryOp::Exp, x)) => {
                Some(self.unary(UnaryOp::Softplus, x))
            }
            (UnaryOp::Log1p, Node::Sum(constant, terms))
                if constant.is_zero() && terms.len() == 1 && terms[0].1 == minus_one =>
            {
                let Node::Unary(UnaryOp::Exp, x) = *self.node(terms[0].0) else {
                    return None;
                };
                Some(self.unary(UnaryOp::Log1mExp, x))
            }
            // ln σ(x) = −softplus(−x), and back
            (UnaryOp::Ln, Node::Unary(UnaryOp::Sigmoid, x)) => {
                let x = self.neg(x);
                let softplus = self.unary(UnaryOp::Softplus, x);
                Some(self.neg(softplus))
            }
            (UnaryOp::Exp, Node::Sum(constant, terms))
                if constant.is_zero() && terms.len() == 1 && terms[0].1 == minus_one =>
            {
                let Node::Unary(UnaryOp::Softplus, x) = *self.node(terms[0].0) else {
                    return None;
                };
                let x = self.neg(x);
                Some(self.unary(UnaryOp::Sigmoid, x))
            }
            // √Σx²
            (UnaryOp::Sqrt, Node::Reduce(Reducer::Sum, axes, body)) => {
                let half = self.square_root_of_square(body)?;
                Some(self.reduce(Reducer::Norm, axes, half))
            }
            (UnaryOp::Sqrt, Node::Product(_)) => {
                let half = self.square_root_of_square(a)?;
                Some(self.unary(UnaryOp::Abs, half))
            }
            // The angle between two vectors
            (UnaryOp::Acos, Node::Reduce(Reducer::Sum, axes, body)) => {
                let (x, y) = self.cosine_of(axes, body)?;
                Some(self.angle(axes, x, y))
            }
            _ => None,
        }
    }

    /// `x` for a node that is `x²`.
    fn square_root_of_square(&mut self, square: NodeId) -> Option<NodeId> {
        let Node::Product(factors) = self.node(square).clone() else {
            return None;
        };
        if factors.iter().any(|f| f.1 % 2 != 0) {
            return None;
        }
        let half: Vec<_> = factors.iter().map(|&(id, e)| (id, e / 2)).collect();
        Some(self.product(&half))
    }

    /// The vectors whose cosine `Σ_axes body` is: `body` is a product of their unit vectors.
    pub fn cosine_of(&self, axes: AxisSet, body: NodeId) -> Option<(NodeId, NodeId)> {
        let units: Option<Vec<_>> = self
            .as_product(body)
            .into_iter()
            .map(|(id, exponent)| match *self.node(id) {
                Node::Unit {
                    axes: over,
                    value,
                    body,
                } if over == axes && value == body => {
                    Some(vec![body; usize::try_from(exponent).ok()?])
                }
                _ => None,
            })
            .collect();
        match units?.concat().as_slice() {
            &[a, b] => Some((a, b)),
            _ => None,
        }
    }

    /// What `constant + Σ terms` is, if it is a primitive.
    pub(super) fn recognise_sum(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        if let &[(id, coefficient)] = terms
            && coefficient.checked_add(constant)?.is_zero()
            && let Some(rest) = self.one_minus(id)
        {
            return Some(self.scale(rest, constant));
        }
        self.recognise_log_softmax(constant, terms)
    }

    /// `1 − x` where it has a form without cancellation.
    fn one_minus(&mut self, x: NodeId) -> Option<NodeId> {
        match self.node(x).clone() {
            Node::Unary(UnaryOp::Sigmoid, t) => {
                let t = self.neg(t);
                Some(self.unary(UnaryOp::Sigmoid, t))
            }
            Node::Unary(UnaryOp::Exp, t) => {
                let less = self.unary(UnaryOp::Expm1, t);
                Some(self.neg(less))
            }
            Node::Softmax(s) if s.hit.is_some() => {
                let form = match s.form {
                    SoftmaxForm::Prob => SoftmaxForm::Complement,
                    SoftmaxForm::Complement => SoftmaxForm::Prob,
                    SoftmaxForm::Log
                    | SoftmaxForm::LogComplement
                    | SoftmaxForm::LogOverComplement => return None,
                };
                Some(self.softmax(Softmax { form, ..s }))
            }
            _ => None,
        }
    }

    /// `k · (u − lse(z))` inside a sum, where u is z or an element of it.
    fn recognise_log_softmax(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        for &(lse, coefficient) in terms {
            let Node::Reduce(Reducer::Lse, axes, body) = *self.node(lse) else {
                continue;
            };
            let k = coefficient.negate();
            for (value, hit) in self.elements(axes, body) {
                let Some(mut rest) = self.without(terms, value, k) else {
                    continue;
                };
                rest.retain(|t| t.0 != lse);
                let log = self.softmax(Softmax {
                    form: SoftmaxForm::Log,
                    axes,
                    body,
                    value,
                    hit,
                });
                rest.push((log, k));
                return Some(self.sum(constant, &rest));
            }
        }
        None
    }

    /// `terms` less `k · value`, if all of that is there.
    fn without(
        &self,
        terms: &[(NodeId, Rational)],
        value: NodeId,
        k: Rational,
    ) -> Option<Vec<(NodeId, Rational)>> {
        let (constant, parts) = self.as_sum(value);
        if !constant.is_zero() || parts.is_empty() {
            return None;
        }
        let mut rest = terms.to_vec();
        for (id, coefficient) in parts {
            let wanted = coefficient.checked_mul(k)?;
            let at = rest.iter().position(|t| t.0 == id && t.1 == wanted)?;
            rest.remove(at);
        }
        Some(rest)
    }

    /// `body` itself and its elements at every position known on the axis, each with the condition
    /// that tells where it stands.
    fn elements(&mut self, axes: AxisSet, body: NodeId) -> Vec<(NodeId, Option<NodeId>)> {
        let mut elements = vec![(body, None)];
        let Some(axis) = axes.iter().next().filter(|_| axes.len() == 1) else {
            return elements;
        };
        for place in self.places(self.axis(axis).dim) {
            if self.free(place).contains(axis) {
                continue;
            }
            let value = self.substitute(body, &[(axis, Index::At(place))]);
            let position = self.position(axis);
            let hit = self.equal(position, place);
            elements.push((value, Some(hit)));
        }
        elements
    }

    /// What `Π factor^exponent` is, if it is a primitive or contains one.
    pub(super) fn recognise_product(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        self.recognise_mask(powers)
            .or_else(|| self.recognise_softmax(powers))
            .or_else(|| self.recognise_sigmoid(powers))
            .or_else(|| self.recognise_unit(powers))
            .or_else(|| self.recognise_removable(powers))
    }

    fn rest_times(
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
    pub(super) fn is_softmax_quotient(&mut self, powers: &[(NodeId, i32)]) -> bool {
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

    /// `x` for `e^x`, or for `e^x` behind a filter.
    fn as_exponential(&mut self, node: NodeId) -> Option<NodeId> {
        match *self.node(node) {
            Node::Unary(UnaryOp::Exp, x) => Some(x),
            Node::Select(c, f, g) if self.is_zero(g) => {
                let x = self.as_exponential(f)?;
                let outside = self.neg_infinity();
                Some(self.select(c, x, outside))
            }
            _ => None,
        }
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

    /// Removable singularities at probability 1: `ln p / (1 − p)` and `(1 − p)^e · ln p` with an
    /// exponent that may be negative.
    fn recognise_removable(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(log, n)) in powers.iter().enumerate() {
            if n < 1 {
                continue;
            }
            let (complement, ratio, sign) = match self.node(log).clone() {
                Node::Softmax(s) if s.form == SoftmaxForm::Log && s.hit.is_some() => {
                    let complement = self.softmax(Softmax {
                        form: SoftmaxForm::Complement,
                        ..s.clone()
                    });
                    (complement, Removable::Softmax(s), 1)
                }
                Node::Unary(UnaryOp::Softplus, t) => {
                    (self.unary(UnaryOp::Sigmoid, t), Removable::Sigmoid(t), 1)
                }
                _ => continue,
            };
            for (j, &(id, m)) in powers.iter().enumerate() {
                let over = match *self.node(id) {
                    _ if id == complement && m < 0 => vec![(complement, m + 1)],
                    Node::Binary(BinaryOp::Pow, base, e)
                        if base == complement && m == 1 && !self.is_nonnegative(e) =>
                    {
                        let e = self.sum(Rational::ONE, &[(e, Rational::ONE)]);
                        vec![(self.pow(base, e), 1)]
                    }
                    _ => continue,
                };
                let ratio = match ratio {
                    Removable::Softmax(s) => self.softmax(Softmax {
                        form: SoftmaxForm::LogOverComplement,
                        ..s
                    }),
                    Removable::Sigmoid(t) => self.unary(UnaryOp::SoftplusOverSigmoid, t),
                };
                let mut new = over;
                new.extend([(log, n - 1), (ratio, sign)]);
                return Some(self.rest_times(powers, &[i, j], &new));
            }
        }
        None
    }
}

enum Removable {
    Softmax(Softmax),
    Sigmoid(NodeId),
}
