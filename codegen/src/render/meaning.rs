//! What a formula means, for tests: its value at a point, found without the expression graph.
//!
//! A printed formula that is wrong is worse than none. This evaluates the tree that the notations
//! print, by the reader's rules (an index replaces an axis, a sum runs over its scope), so
//! that it can be compared with the interpreter's value of the node it came from.

use std::collections::BTreeMap;

use super::formula::{Fence, Formula, Index, Relation, Scope, Sign};
use super::symbol::{Symbol, SymbolRole};
use crate::ir::eval::{Environment, Value};
use crate::ir::{Graph, Role};

/// A position per axis, by the name it is displayed with.
pub(super) type At = BTreeMap<String, usize>;

pub(super) struct Reader<'a> {
    pub(super) graph: &'a Graph,
    pub(super) env: &'a Environment,
    pub(super) definitions: &'a [(Symbol, Formula)],
}

impl Reader<'_> {
    pub(super) fn value(&self, formula: &Formula, at: &At) -> f64 {
        let real = |f: &Formula| self.value(f, at);
        match formula {
            Formula::Number(value) => value.to_f64(),
            Formula::Infinity => f64::INFINITY,
            Formula::Symbol(symbol) => self.symbol(symbol, at),
            Formula::Shared(_) => panic!("a part without a symbol"),
            Formula::Sum(parts) => parts.iter().fold(0.0, |sum, (sign, part)| match sign {
                Sign::Plus => sum + real(part),
                Sign::Minus => sum - real(part),
            }),
            Formula::Negative(a) => -real(a),
            // 0 times or over whatever stands outside of a condition.
            Formula::Product(_) | Formula::Fraction(..) if self.is_off(formula, at) => 0.0,
            Formula::Product(factors) => factors.iter().map(real).product(),
            Formula::Fraction(a, b) => real(a) / real(b),
            Formula::Power(a, b) => real(a).powf(real(b)),
            Formula::Root(a) => real(a).sqrt(),
            Formula::Apply {
                function,
                scope,
                arguments,
            } => match scope {
                Some(scope) => self.reduction(function, scope, arguments, at),
                None => {
                    let values: Vec<_> = arguments.iter().map(real).collect();
                    elementary(function, &values)
                }
            },
            Formula::Fenced(fence, scope, a) => match (fence, scope) {
                (Fence::Bar, None) => match &**a {
                    Formula::Symbol(s) if s.role == SymbolRole::Axis => self.extent(s) as f64,
                    _ => real(a).abs(),
                },
                (Fence::DoubleBar, Some(scope)) => self.norm(scope, a, at),
                (Fence::Floor, _) => real(a).floor(),
                (Fence::Ceil, _) => real(a).ceil(),
                other => panic!("{other:?}"),
            },
            Formula::Total(scope, a) => self.over(scope, at).map(|at| self.value(a, &at)).sum(),
            Formula::Indexed(a, index) => self.value(a, &self.moved(index, at)),
            Formula::Indicator(a) => f64::from(u8::from(self.holds(a, at))),
            Formula::Cases(arms, otherwise) => {
                let arm = arms.iter().find(|(_, condition)| self.holds(condition, at));
                real(arm.map_or(otherwise, |arm| &arm.0))
            }
            Formula::Relation(..) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => {
                f64::from(u8::from(self.holds(formula, at)))
            }
        }
    }

    fn is_off(&self, formula: &Formula, at: &At) -> bool {
        match formula {
            Formula::Indicator(condition) => !self.holds(condition, at),
            Formula::Product(factors) => factors.iter().any(|factor| self.is_off(factor, at)),
            Formula::Fraction(above, _) => self.is_off(above, at),
            _ => false,
        }
    }

    fn holds(&self, formula: &Formula, at: &At) -> bool {
        match formula {
            Formula::Relation(relation, a, b) => {
                let (a, b) = (self.value(a, at), self.value(b, at));
                match relation {
                    Relation::Equal => a == b,
                    Relation::Unequal => a != b,
                    Relation::Less => a < b,
                    Relation::AtMost => a <= b,
                    Relation::Greater => a > b,
                    Relation::AtLeast => a >= b,
                }
            }
            Formula::Not(a) => !self.holds(a, at),
            Formula::All(parts) => parts.iter().all(|part| self.holds(part, at)),
            Formula::Any(parts) => parts.iter().any(|part| self.holds(part, at)),
            _ => self.value(formula, at) != 0.0,
        }
    }

    fn moved(&self, index: &[Index], at: &At) -> At {
        let mut moved = at.clone();
        for entry in index {
            match entry {
                Index::At(axis, place) => {
                    let place = self.value(place, at) as usize;
                    moved.insert(axis.letter.clone(), place);
                }
                Index::Renamed(from, to) => {
                    moved.insert(from.letter.clone(), at[&to.letter]);
                }
            }
        }
        moved
    }

    fn extent(&self, axis: &Symbol) -> usize {
        let axes = self.graph.axes();
        let found = axes
            .iter()
            .find(|a| Symbol::named(&a.name, SymbolRole::Axis) == *axis)
            .expect("a known axis");
        self.env.dims[usize::from(found.dim.0)]
    }

    /// The points of a scope that pass its filter.
    fn over(&self, scope: &Scope, at: &At) -> impl Iterator<Item = At> {
        let mut points = vec![at.clone()];
        for axis in &scope.axes {
            points = points
                .into_iter()
                .flat_map(|point| {
                    (0..self.extent(axis)).map(move |position| {
                        let mut point = point.clone();
                        point.insert(axis.letter.clone(), position);
                        point
                    })
                })
                .collect();
        }
        if let Some(filter) = &scope.filter {
            points.retain(|point| self.holds(filter, point));
        }
        points.into_iter()
    }

    fn norm(&self, scope: &Scope, a: &Formula, at: &At) -> f64 {
        let squares = self.over(scope, at).map(|at| self.value(a, &at).powi(2));
        squares.sum::<f64>().sqrt()
    }

    fn reduction(&self, function: &str, scope: &Scope, arguments: &[Formula], at: &At) -> f64 {
        let values = |argument: &Formula| -> Vec<f64> {
            self.over(scope, at)
                .map(|at| self.value(argument, &at))
                .collect()
        };
        let exponentials = |a: &Formula| values(a).into_iter().map(f64::exp).sum::<f64>();
        match (function, arguments) {
            ("count", []) => self.over(scope, at).count() as f64,
            ("mean", [a]) => values(a).iter().sum::<f64>() / values(a).len() as f64,
            ("lse", [a]) => exponentials(a).ln(),
            ("max", [a]) => values(a).into_iter().fold(f64::NEG_INFINITY, f64::max),
            ("softmax", [a]) => {
                let share = self.value(a, at).exp() / exponentials(a);
                let counts = scope.filter.as_ref().is_none_or(|f| self.holds(f, at));
                if counts { share } else { 0.0 }
            }
            // Of the zero vector, by convention, 0.
            ("unit", [a]) => match self.norm(scope, a, at) {
                0.0 => 0.0,
                norm => self.value(a, at) / norm,
            },
            ("angle", [a, b]) => {
                let dot: f64 = values(a).iter().zip(values(b)).map(|(a, b)| a * b).sum();
                (dot / self.norm(scope, a, at) / self.norm(scope, b, at)).acos()
            }
            other => panic!("{other:?}"),
        }
    }

    fn symbol(&self, symbol: &Symbol, at: &At) -> f64 {
        if let Some((_, definition)) = self.definitions.iter().find(|d| d.0 == *symbol) {
            return self.value(definition, at);
        }
        if symbol.role == SymbolRole::Axis {
            return at[&symbol.letter] as f64;
        }
        if symbol.letter == "π" {
            return std::f64::consts::PI;
        }
        let (id, param) = self
            .graph
            .param_ids()
            .zip(self.graph.params())
            .find(|(_, p)| match p.role {
                Role::Cotangent => symbol.role == SymbolRole::Cotangent,
                _ => Symbol::named(&p.name, symbol.role) == *symbol,
            })
            .unwrap_or_else(|| panic!("{symbol:?} is not defined"));
        let offset = param.axes.iter().fold(0, |offset, &axis| {
            let name = Symbol::named(&self.graph.axis(axis).name, SymbolRole::Axis);
            offset * self.env.extent(self.graph, axis) + at[&name.letter]
        });
        match &self.env.values[usize::from(id.0)] {
            Value::Real(elements) => elements[offset],
            Value::Label(elements) => elements[offset] as f64,
            Value::Mask(elements) => f64::from(u8::from(elements[offset])),
            Value::Scalar(value) => *value,
            Value::Flag(value) => f64::from(u8::from(*value)),
            Value::Absent => panic!("{} is absent", param.name),
        }
    }
}

fn elementary(function: &str, arguments: &[f64]) -> f64 {
    match (function, arguments) {
        ("exp", [x]) => x.exp(),
        ("ln", [x]) => x.ln(),
        ("sigmoid", [x]) => 1.0 / (1.0 + (-x).exp()),
        ("softplus", [x]) => x.exp().ln_1p(),
        ("sin", [x]) => x.sin(),
        ("cos", [x]) => x.cos(),
        ("tan", [x]) => x.tan(),
        ("asin", [x]) => x.asin(),
        ("acos", [x]) => x.acos(),
        ("atan", [x]) => x.atan(),
        ("sinh", [x]) => x.sinh(),
        ("cosh", [x]) => x.cosh(),
        ("tanh", [x]) => x.tanh(),
        ("sign", [x]) if *x == 0.0 => 0.0,
        ("sign", [x]) => x.signum(),
        ("round", [x]) => x.round_ties_even(),
        ("detach", [x]) => *x,
        ("min", [x, y]) => x.min(*y),
        ("max", [x, y]) => x.max(*y),
        other => panic!("{other:?}"),
    }
}
