//! Proofs that a node keeps away from a point, from its interval and from the conditions that it stands under.
//!
//! A condition `a < b` is the linear form `b − a > 0`. A node that is a multiple of the same form plus a constant has
//! a bound from it: under `x < 1`, `1 − x` is positive and `2 x` is below 2. Where something remains, its interval decides: under `|x| < b`
//! b is positive.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::guard::{self, Conditions};
use crate::ir::{AxisSet, CompareOp, Graph, Node, NodeId, Range, Reducer, UnaryOp};
use crate::support::rational::Rational;

/// What is known where one node has an effect.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) graph: &'a Graph,
    pub(super) conditions: &'a Conditions,
    /// How many more steps proofs may take: a graph is much smaller than the tree that it stands for.
    pub(super) steps: &'a Cell<u32>,
}

/// Enough for proofs that a reader would find too.
pub(super) const STEPS: u32 = 500;

impl Known<'_> {
    /// The interval of a node, narrowed by the conditions on it.
    pub(super) fn range(self, id: NodeId) -> Range {
        let mut range = self.of_structure(id);
        for bound in self.bounds(id) {
            match bound {
                Bound::Above(low, open) if low > range.lo || (low == range.lo && open) => {
                    (range.lo, range.lo_open) = (low, open);
                }
                Bound::Below(high, open) if high < range.hi || (high == range.hi && open) => {
                    (range.hi, range.hi_open) = (high, open);
                }
                Bound::Above(..) | Bound::Below(..) | Bound::Not(_) => {}
            }
        }
        range
    }

    /// The interval by what the node is, finer than the graph's for what is made of cosines.
    fn of_structure(self, id: NodeId) -> Range {
        let range = self.graph.range(id);
        match self.graph.node(id) {
            Node::Sum(..) => {
                let sum = self.linear(id).range(|term| self.of_structure(term));
                Range {
                    lo: range.lo.max(sum.lo),
                    hi: range.hi.min(sum.hi),
                    ..range
                }
            }
            // Rounded, the cosine of two vectors may leave [−1, 1], so nothing may rest on that.
            Node::Reduce(Reducer::Sum, axes, body) if self.is_cosine(*axes, *body) => {
                Range::closed(-1.125, 1.125)
            }
            _ => range,
        }
    }

    /// Whether the body is the product of two unit vectors.
    fn is_cosine(self, axes: AxisSet, body: NodeId) -> bool {
        let is_unit =
            |id| matches!(self.graph.node(id), Node::Unit { axes: own, .. } if *own == axes);
        match self.graph.node(body) {
            Node::Product(factors) => {
                matches!(factors[..], [(a, 1), (b, 1)] if is_unit(a) && is_unit(b))
            }
            _ => false,
        }
    }

    /// Takes a step of a proof, if there are any left.
    fn step(self) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        left > 0
    }

    pub(super) fn is_positive(self, id: NodeId) -> bool {
        self.range(id).is_positive() || (self.is_nonnegative(id) && self.is_nonzero(id))
    }

    pub(super) fn is_nonnegative(self, id: NodeId) -> bool {
        self.step()
            && (self.range(id).is_nonnegative()
                || match self.graph.node(id) {
                    Node::Sum(constant, terms) => {
                        !constant.is_negative()
                            && terms
                                .iter()
                                .all(|&(term, c)| self.keeps_sign(term, c.is_negative()))
                    }
                    Node::Product(factors) => factors
                        .iter()
                        .all(|&(factor, e)| e % 2 == 0 || self.is_nonnegative(factor)),
                    Node::Select(condition, a, b) => {
                        self.in_branch(*condition, true, |known| known.is_nonnegative(*a))
                            && self.in_branch(*condition, false, |known| known.is_nonnegative(*b))
                    }
                    _ => false,
                })
    }

    /// What is proven within one branch.
    fn in_branch(self, condition: NodeId, holds: bool, proof: impl Fn(Known<'_>) -> bool) -> bool {
        let conditions = guard::with(self.graph, self.conditions, condition, holds);
        proof(Known {
            conditions: &conditions,
            ..self
        })
    }

    /// Whether the node is ≤ 0, or else ≥ 0.
    fn keeps_sign(self, id: NodeId, negative: bool) -> bool {
        if negative {
            self.range(id).hi <= 0.0
        } else {
            self.is_nonnegative(id)
        }
    }

    pub(super) fn is_nonzero(self, id: NodeId) -> bool {
        if !self.step() {
            return false;
        }
        let range = self.range(id);
        if range.is_positive() || range.negate().is_positive() {
            return true;
        }
        if self.bounds(id).any(|bound| bound == Bound::Not(0.0)) {
            return true;
        }
        match self.graph.node(id) {
            Node::Product(factors) => factors.iter().all(|f| self.is_nonzero(f.0)),
            // Terms of one sign, one of them not 0.
            Node::Sum(constant, terms) => {
                let one_sign = |negative: bool| {
                    (constant.is_zero() || constant.is_negative() == negative)
                        && terms
                            .iter()
                            .all(|&(term, c)| self.keeps_sign(term, c.is_negative() != negative))
                };
                let any = !constant.is_zero() || terms.iter().any(|t| self.is_nonzero(t.0));
                any && (one_sign(false) || one_sign(true))
            }
            Node::Unary(op, a) => match op {
                UnaryOp::Sqrt => self.is_positive(*a),
                UnaryOp::Ln => {
                    let range = self.range(*a);
                    range.lo > 1.0 || range.hi < 1.0
                }
                UnaryOp::Abs
                | UnaryOp::Tanh
                | UnaryOp::Sinh
                | UnaryOp::Atan
                | UnaryOp::Asin
                | UnaryOp::Expm1
                | UnaryOp::Log1p
                | UnaryOp::Erf
                | UnaryOp::LnCosh => self.is_nonzero(*a),
                // sin acos c = cos asin c = √(1 − c²)
                UnaryOp::Sin | UnaryOp::Cos => self.is_inner_angle(*op, *a),
                _ => false,
            },
            // An axis has a position: only where some are left out is there nothing to sum.
            Node::Reduce(Reducer::Sum, axes, body) => {
                let range = self.graph.range(*body);
                range.is_positive()
                    || range.negate().is_positive()
                    || self.counts_largest(*axes, *body)
            }
            Node::Select(condition, a, b) => {
                self.in_branch(*condition, true, |known| known.is_nonzero(*a))
                    && self.in_branch(*condition, false, |known| known.is_nonzero(*b))
            }
            Node::Detach(a) => self.is_nonzero(*a),
            // The extent of an axis: what it holds is asked for.
            Node::Size(_) => true,
            _ => false,
        }
    }

    /// Whether the body is positive where something is the largest along the axes, and 0 elsewhere: the largest is attained.
    fn counts_largest(self, axes: AxisSet, body: NodeId) -> bool {
        let &Node::Select(condition, counted, rest) = self.graph.node(body) else {
            return false;
        };
        let &Node::Compare(CompareOp::Eq, a, b) = self.graph.node(condition) else {
            return false;
        };
        let is_largest = |of: NodeId, largest: NodeId| {
            *self.graph.node(largest) == Node::Reduce(Reducer::Max, axes, of)
        };
        (is_largest(a, b) || is_largest(b, a))
            && self.graph.range(counted).is_positive()
            && self.graph.range(rest).is_nonnegative()
    }

    fn is_inner_angle(self, op: UnaryOp, angle: NodeId) -> bool {
        let inverse = match (op, self.graph.node(angle)) {
            (UnaryOp::Sin, Node::Unary(UnaryOp::Acos, c)) => c,
            (UnaryOp::Cos, Node::Unary(UnaryOp::Asin, c)) => c,
            _ => return false,
        };
        self.is_inner_cosine(*inverse)
    }

    /// Whether −1 < c < 1.
    pub(super) fn is_inner_cosine(self, c: NodeId) -> bool {
        let range = self.range(c);
        let above = range.lo > -1.0 || (range.lo == -1.0 && range.lo_open);
        let below = range.hi < 1.0 || (range.hi == 1.0 && range.hi_open);
        above && below
    }

    /// The node as a linear form. Of a branch that is decided only the outcome counts.
    fn linear(self, id: NodeId) -> Linear {
        let (constant, terms) = match self.graph.node(id) {
            Node::Rational(value) => (*value, BTreeMap::new()),
            Node::Sum(constant, terms) => (*constant, terms.iter().copied().collect()),
            Node::Select(condition, a, _) if self.conditions.contains(&(*condition, true)) => {
                return self.linear(*a);
            }
            Node::Select(condition, _, b) if self.conditions.contains(&(*condition, false)) => {
                return self.linear(*b);
            }
            _ => (Rational::ZERO, BTreeMap::from([(id, Rational::ONE)])),
        };
        Linear { constant, terms }
    }

    /// What the conditions say of a node.
    fn bounds(self, id: NodeId) -> impl Iterator<Item = Bound> {
        let own = self.linear(id);
        self.conditions
            .iter()
            .flat_map(move |&(condition, holds)| self.bound(&own, condition, holds))
    }

    fn bound(self, own: &Linear, condition: NodeId, holds: bool) -> Option<Bound> {
        let &Node::Compare(op, a, b) = self.graph.node(condition) else {
            return None;
        };
        let minus_a = self.linear(a).times(Rational::MINUS_ONE)?;
        let difference = self.linear(b).plus(&minus_a)?;
        // own = ratio · difference + rest
        let (shared, coefficient) = own.terms.first_key_value()?;
        let ratio = coefficient.checked_div(*difference.terms.get(shared)?)?;
        let less = difference.times(ratio.negate())?;
        let rest = less.plus(own)?.range(|term| self.of_structure(term));
        let (up, open) = match (op, holds) {
            (CompareOp::Lt, true) => (true, true),
            (CompareOp::Le, true) => (true, false),
            (CompareOp::Lt, false) => (false, false),
            (CompareOp::Le, false) => (false, true),
            (CompareOp::Eq, false) => {
                return (rest.lo == rest.hi).then_some(Bound::Not(rest.lo));
            }
            (CompareOp::Eq, true) => return None,
        };
        Some(if up != ratio.is_negative() {
            Bound::Above(rest.lo, open || rest.lo_open)
        } else {
            Bound::Below(rest.hi, open || rest.hi_open)
        })
    }
}

/// What a condition says of a node.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    /// It is above the number, which is excluded or not.
    Above(f64, bool),
    /// It is below the number, which is excluded or not.
    Below(f64, bool),
    /// It is not the number.
    Not(f64),
}

/// `constant + Σ coefficient · node`.
#[derive(PartialEq)]
pub(super) struct Linear {
    constant: Rational,
    terms: BTreeMap<NodeId, Rational>,
}

impl Linear {
    /// The form whose root is the point at which the node is the number, whatever its scale.
    pub(super) fn root(graph: &Graph, id: NodeId, number: i64) -> Option<Linear> {
        let known = Known {
            graph,
            conditions: &Conditions::new(),
            steps: &Cell::new(0),
        };
        let mut form = known.linear(id);
        form.constant = form.constant.checked_sub(Rational::from_int(number))?;
        let (_, &first) = form.terms.first_key_value()?;
        form.times(first.checked_recip()?)
    }

    fn times(&self, factor: Rational) -> Option<Linear> {
        let scaled = |(&id, c): (&NodeId, &Rational)| Some((id, c.checked_mul(factor)?));
        Some(Linear {
            constant: self.constant.checked_mul(factor)?,
            terms: self.terms.iter().map(scaled).collect::<Option<_>>()?,
        })
    }

    fn plus(mut self, other: &Linear) -> Option<Linear> {
        self.constant = self.constant.checked_add(other.constant)?;
        for (&id, &c) in &other.terms {
            let term = self.terms.entry(id).or_insert(Rational::ZERO);
            *term = term.checked_add(c)?;
        }
        self.terms.retain(|_, c| !c.is_zero());
        Some(self)
    }

    /// The interval by that of every node.
    fn range(&self, of: impl Fn(NodeId) -> Range) -> Range {
        let constant = self.constant.to_f64();
        let start = Range::closed(constant, constant);
        self.terms.iter().fold(start, |sum, (&id, c)| {
            let term = of(id);
            let term = if c.is_negative() { term.negate() } else { term };
            let size = c.abs().to_f64();
            Range {
                lo: sum.lo + size * term.lo,
                hi: sum.hi + size * term.hi,
                lo_open: sum.lo_open || term.lo_open,
                hi_open: sum.hi_open || term.hi_open,
            }
        })
    }
}
