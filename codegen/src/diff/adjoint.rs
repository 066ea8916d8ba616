//! The adjoint of every operator: the table of derivatives.
//!
//! With ḡ the cotangent of the node, each arm sends ḡ · ∂node/∂child to the children.
//! Conventions at kinks and singular points are those stated with the operators in
//! [`ir`](crate::ir): a slope of 0 where a norm or a square root is 0, equal shares among ties.

use super::Sweep;
use crate::ir::{
    AxisSet, BinaryOp, CompareOp, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

impl Sweep<'_> {
    /// Sends the cotangent `g` of a node on to its children.
    pub(super) fn pull_back(&mut self, id: NodeId, g: NodeId) {
        if !self.is_active(id) {
            return;
        }
        match self.graph.node(id).clone() {
            Node::Load(param, index) => self.pull_back_load(param, &index, g),
            Node::Scalar(param) => self.inputs.push((param, g)),
            Node::Sum(_, terms) => {
                for (term, coefficient) in terms {
                    let part = self.graph.scale(g, coefficient);
                    self.send(term, part);
                }
            }
            Node::Product(factors) => self.pull_back_product(&factors, g),
            Node::Unary(op, a) => {
                let slope = self.slope(op, a, id);
                let part = self.graph.mul(g, slope);
                self.send(a, part);
            }
            Node::Binary(op, a, b) => self.pull_back_binary(op, a, b, id, g),
            Node::Select(condition, a, b) => {
                let zero = self.graph.zero();
                let taken = self.graph.select(condition, g, zero);
                self.send(a, taken);
                let other = self.graph.select(condition, zero, g);
                self.send(b, other);
            }
            Node::Reduce(reducer, axes, body) => self.pull_back_reduce(reducer, axes, body, id, g),
            Node::Softmax(softmax) => self.pull_back_softmax(&softmax, id, g),
            Node::Unit { axes, value, body } => {
                // out = u/‖b‖: ū = ḡ/‖b‖, b̄ = −b̂ ⟨ḡ, out⟩ / ‖b‖.
                let inverse = self.inverse_norm(axes, body);
                let part = self.graph.mul(g, inverse);
                self.send(value, part);
                let along = self.graph.mul(g, id);
                let along = self.sum_bound(axes, along);
                let unit = self.graph.unit(axes, body);
                let part = self.graph.product(&[(along, 1), (unit, 1), (inverse, 1)]);
                let part = self.graph.neg(part);
                self.send_bound(axes, body, part);
            }
            Node::Angle { axes, a, b } => {
                self.pull_back_angle(axes, a, b, g);
                self.pull_back_angle(axes, b, a, g);
            }
            Node::Rational(_)
            | Node::Pi
            | Node::NegInfinity
            | Node::Bool(_)
            | Node::Place(..)
            | Node::Flag(_)
            | Node::Size(_)
            | Node::Position(_)
            | Node::Number(_)
            | Node::Compare(..)
            | Node::Not(_)
            | Node::And(..)
            | Node::Detach(_) => {}
        }
    }

    fn pull_back_product(&mut self, factors: &[(NodeId, i32)], g: NodeId) {
        for (i, &(factor, exponent)) in factors.iter().enumerate() {
            if !self.is_active(factor) {
                continue;
            }
            let mut parts = vec![(g, 1)];
            for (j, &(other, power)) in factors.iter().enumerate() {
                parts.push((other, if i == j { exponent - 1 } else { power }));
            }
            let part = self.graph.product(&parts);
            let part = self.graph.scale(part, Rational::from_int(exponent.into()));
            self.send(factor, part);
        }
    }

    /// d op(a) / da, where `out` is op(a).
    fn slope(&mut self, op: UnaryOp, a: NodeId, out: NodeId) -> NodeId {
        let g = &mut *self.graph;
        let one_plus = |g: &mut crate::ir::Graph, x: NodeId, k: i64| {
            g.sum(Rational::ONE, &[(x, Rational::from_int(k))])
        };
        match op {
            UnaryOp::Exp => out,
            UnaryOp::Ln => g.powi(a, -1),
            UnaryOp::Log1p => {
                let x = one_plus(g, a, 1);
                g.powi(x, -1)
            }
            UnaryOp::Expm1 => g.unary(UnaryOp::Exp, a),
            UnaryOp::Sqrt => {
                let inverse = g.unary(UnaryOp::RecipOrZero, out);
                g.scale(inverse, Rational::HALF)
            }
            UnaryOp::Abs => g.unary(UnaryOp::Sign, a),
            UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round => g.zero(),
            UnaryOp::Tanh => {
                let square = g.powi(out, 2);
                one_plus(g, square, -1)
            }
            UnaryOp::Sigmoid => {
                let minus = g.neg(a);
                let rest = g.unary(UnaryOp::Sigmoid, minus);
                g.mul(out, rest)
            }
            UnaryOp::Softplus => g.unary(UnaryOp::Sigmoid, a),
            UnaryOp::SoftplusOverSigmoid => {
                // f = s/σ with s' = σ and σ' = σ(1 − σ): f' = 1 − f (1 − σ).
                let minus = g.neg(a);
                let rest = g.unary(UnaryOp::Sigmoid, minus);
                let x = g.mul(out, rest);
                one_plus(g, x, -1)
            }
            UnaryOp::Sin => g.unary(UnaryOp::Cos, a),
            UnaryOp::Cos => {
                let sin = g.unary(UnaryOp::Sin, a);
                g.neg(sin)
            }
            UnaryOp::Tan => {
                let square = g.powi(out, 2);
                one_plus(g, square, 1)
            }
            UnaryOp::Asin => {
                let cos = g.unary(UnaryOp::Cos, out);
                g.unary(UnaryOp::RecipOrZero, cos)
            }
            UnaryOp::Acos => {
                let sin = g.unary(UnaryOp::Sin, out);
                let inverse = g.unary(UnaryOp::RecipOrZero, sin);
                g.neg(inverse)
            }
            UnaryOp::Atan => {
                let square = g.powi(a, 2);
                let x = one_plus(g, square, 1);
                g.powi(x, -1)
            }
            UnaryOp::Sinh => g.unary(UnaryOp::Cosh, a),
            UnaryOp::Cosh => g.unary(UnaryOp::Sinh, a),
            UnaryOp::LnCosh => g.unary(UnaryOp::Tanh, a),
            UnaryOp::Erf => {
                // 2/√π · e^(−a²)
                let square = g.powi(a, 2);
                let minus = g.neg(square);
                let bell = g.unary(UnaryOp::Exp, minus);
                let pi = g.pi();
                let root = g.unary(UnaryOp::Sqrt, pi);
                let x = g.div(bell, root);
                g.scale(x, Rational::TWO)
            }
            UnaryOp::Log1mExp => {
                let minus = g.neg(a);
                let x = g.unary(UnaryOp::Expm1, minus);
                let x = g.powi(x, -1);
                g.neg(x)
            }
            UnaryOp::RecipOrZero => {
                let square = g.powi(out, 2);
                g.neg(square)
            }
        }
    }

    fn pull_back_binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId, out: NodeId, g: NodeId) {
        match op {
            BinaryOp::Pow => {
                if self.is_active(a) {
                    let less = self.graph.sum(Rational::MINUS_ONE, &[(b, Rational::ONE)]);
                    let power = self.graph.pow(a, less);
                    let part = self.graph.product(&[(g, 1), (b, 1), (power, 1)]);
                    self.send(a, part);
                }
                if self.is_active(b) {
                    let slope = self.graph.binary(BinaryOp::Xlogy, out, a);
                    let part = self.graph.mul(g, slope);
                    self.send(b, part);
                }
            }
            BinaryOp::Min => {
                self.send_where_less(a, b, a, g);
                self.send_where_less(b, a, b, g);
            }
            BinaryOp::Max => {
                self.send_where_less(b, a, a, g);
                self.send_where_less(a, b, b, g);
            }
            BinaryOp::Xlogy => {
                if self.is_active(a) {
                    let log = self.graph.unary(UnaryOp::Ln, b);
                    let part = self.graph.mul(g, log);
                    self.send(a, part);
                }
                if self.is_active(b) {
                    let zero = self.graph.zero();
                    let empty = self.graph.equal(a, zero);
                    let part = self.graph.product(&[(g, 1), (a, 1), (b, -1)]);
                    let part = self.graph.select(empty, zero, part);
                    self.send(b, part);
                }
            }
        }
    }

    /// Of a minimum or maximum: `to`, one of the two, gets ḡ where `below < above`, half at a tie.
    fn send_where_less(&mut self, below: NodeId, above: NodeId, to: NodeId, g: NodeId) {
        if !self.is_active(to) {
            return;
        }
        let zero = self.graph.zero();
        let half = self.graph.scale(g, Rational::HALF);
        let chosen = self.graph.compare(CompareOp::Lt, below, above);
        let other = self.graph.compare(CompareOp::Lt, above, below);
        let rest = self.graph.select(other, zero, half);
        let part = self.graph.select(chosen, g, rest);
        self.send(to, part);
    }

    fn pull_back_reduce(
        &mut self,
        reducer: Reducer,
        axes: AxisSet,
        body: NodeId,
        out: NodeId,
        g: NodeId,
    ) {
        let part = match reducer {
            Reducer::Sum => g,
            Reducer::Max => {
                let hit = self.graph.equal(body, out);
                let (zero, one) = (self.graph.zero(), self.graph.one());
                let counted = self.graph.select(hit, one, zero);
                let ties = self.graph.reduce(Reducer::Sum, axes, counted);
                let share = self.graph.div(g, ties);
                self.graph.select(hit, share, zero)
            }
            Reducer::Lse => {
                let p = self.softmax_of(axes, body);
                self.graph.mul(g, p)
            }
            Reducer::Norm => {
                let unit = self.graph.unit(axes, body);
                self.graph.mul(g, unit)
            }
        };
        self.send(body, part);
    }

    /// With p = e^(u − lse z): dp = p (du − dlse) and dlse = Σ softmax(z) dz. Every form is a
    /// function of log p; `slope` is d form / d log p.
    fn pull_back_softmax(&mut self, s: &Softmax, out: NodeId, g: NodeId) {
        if s.form == SoftmaxForm::LogComplement
            && let Some(hit) = s.hit
            && self.graph.free(g).is_disjoint(s.axes)
        {
            return self.pull_back_log_complement(s, hit, g);
        }
        let form = |sweep: &mut Self, form: SoftmaxForm| {
            sweep.graph.softmax(Softmax { form, ..s.clone() })
        };
        let slope = match s.form {
            SoftmaxForm::Log => self.graph.one(),
            SoftmaxForm::Prob => out,
            SoftmaxForm::Complement => {
                let p = form(self, SoftmaxForm::Prob);
                self.graph.neg(p)
            }
            SoftmaxForm::LogComplement => {
                let p = form(self, SoftmaxForm::Prob);
                let q = form(self, SoftmaxForm::Complement);
                let odds = self.graph.div(p, q);
                self.graph.neg(odds)
            }
            SoftmaxForm::LogOverComplement => {
                // d(ℓ/q) = dℓ/q + ℓ p/q² dℓ = (1 + p ℓ/q)/q dℓ
                let p = form(self, SoftmaxForm::Prob);
                let q = form(self, SoftmaxForm::Complement);
                let x = self.graph.mul(p, out);
                let x = self.graph.sum(Rational::ONE, &[(x, Rational::ONE)]);
                self.graph.div(x, q)
            }
        };
        let to_log = self.graph.mul(g, slope);
        // An element at a hit is the body under a one-hot: all of the cotangent goes to the body, so
        // that 1 - p meets itself there and an element is not differentiated twice.
        let inside = s
            .hit
            .filter(|_| self.graph.free(to_log).is_disjoint(s.axes));
        if inside.is_none() {
            self.send(s.value, to_log);
        }
        if self.is_active(s.body) {
            let total = self.sum_bound(s.axes, to_log);
            let p = self.softmax_of(s.axes, s.body);
            let part = self.graph.mul(total, p);
            let mut part = self.graph.neg(part);
            if let Some(hit) = inside {
                let zero = self.graph.zero();
                let one_hot = self.graph.select(hit, to_log, zero);
                part = self.graph.add(one_hot, part);
            }
            self.send_bound(s.axes, s.body, part);
        }
    }

    /// With q the softmax of the others, `d ln(1 − p) = p Σ (q − 1[hit]) dz`: `p_j / (1 − p)`, as which q would be written by the
    /// chain rule, is 0 / 0 in floats where p is all.
    fn pull_back_log_complement(&mut self, s: &Softmax, hit: NodeId, g: NodeId) {
        let p = self.graph.softmax(Softmax {
            form: SoftmaxForm::Prob,
            ..s.clone()
        });
        let to_share = self.graph.mul(g, p);
        let total = self.sum_bound(s.axes, to_share);
        let nothing = self.graph.neg_infinity();
        let others = self.graph.select(hit, nothing, s.body);
        let q = self.softmax_of(s.axes, others);
        let part = self.graph.mul(total, q);
        let zero = self.graph.zero();
        let one_hot = self.graph.select(hit, to_share, zero);
        let part = self.graph.sub(part, one_hot);
        self.send_bound(s.axes, s.body, part);
    }

    /// ∂θ/∂a = −u/‖a‖ with u the unit vector along b̂ − cos θ · â: the part of b̂ at right angles to
    /// a. Its length is sin θ, so no 1/sin θ appears: at θ = 0 and θ = π, where the direction is
    /// undefined, the gradient is taken as 0.
    fn pull_back_angle(&mut self, axes: AxisSet, a: NodeId, b: NodeId, g: NodeId) {
        if !self.is_active(a) {
            return;
        }
        let ua = self.graph.unit(axes, a);
        let ub = self.graph.unit(axes, b);
        let cosine = self.graph.dot(axes, ua, ub);
        let along = self.graph.mul(cosine, ua);
        let across = self.graph.sub(ub, along);
        let direction = self.graph.unit(axes, across);
        let inverse = self.inverse_norm(axes, a);
        let part = self.graph.product(&[(g, 1), (direction, 1), (inverse, 1)]);
        let part = self.graph.neg(part);
        self.send_bound(axes, a, part);
    }

    /// 1/‖body‖, and 0 where that is 0.
    fn inverse_norm(&mut self, axes: AxisSet, body: NodeId) -> NodeId {
        let norm = self.graph.reduce(Reducer::Norm, axes, body);
        self.graph.unary(UnaryOp::RecipOrZero, norm)
    }

    fn softmax_of(&mut self, axes: AxisSet, body: NodeId) -> NodeId {
        self.graph.softmax(Softmax {
            form: SoftmaxForm::Prob,
            axes,
            body,
            value: body,
            hit: None,
        })
    }

    /// Sends a contribution to a body that stands for an element at every position of `axes`, which it may turn out not to
    /// depend on.
    fn send_bound(&mut self, axes: AxisSet, body: NodeId, contribution: NodeId) {
        let scope = self.scope;
        self.scope = scope.union(axes);
        self.send(body, contribution);
        self.scope = scope;
    }

    /// Sums over those of `axes` that the element has: its cotangent stands outside the scope in which
    /// `axes` is bound.
    fn sum_bound(&mut self, axes: AxisSet, node: NodeId) -> NodeId {
        let over = axes.intersection(self.graph.free(node).union(self.scope));
        self.graph.reduce(Reducer::Sum, over, node)
    }
}
