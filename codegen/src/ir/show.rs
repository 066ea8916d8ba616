//! Expressions as compact text, for debugging and for the messages of tests.
//!
//! One line, close to the language, every node visible: `lse[C](z) - z[C = y]`. What occurs
//! more than once and is longer than a name would save is written once, after `where`; so the text
//! grows with the graph, not with the tree it stands for. The text depends on the graph alone.

use std::collections::BTreeMap;

use super::{
    AxisSet, BinaryOp, CompareOp, Graph, Index, Node, NodeId, ParamId, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

/// Text up to this long is repeated rather than named.
const SHORT: usize = 24;

impl Graph {
    /// The expression as compact text on one line.
    pub fn show(&self, id: NodeId) -> String {
        let mut shower = Shower {
            graph: self,
            uses: self.uses(id),
            texts: BTreeMap::new(),
            definitions: Vec::new(),
        };
        let text = shower.text(id);
        if shower.definitions.is_empty() {
            text
        } else {
            format!("{text} where {}", shower.definitions.join(", "))
        }
    }

    /// `N, C`.
    pub fn show_axes(&self, axes: AxisSet) -> String {
        let names: Vec<_> = axes.iter().map(|a| self.axis(a).name.as_str()).collect();
        names.join(", ")
    }

    fn uses(&self, root: NodeId) -> BTreeMap<NodeId, usize> {
        let mut uses = BTreeMap::new();
        for id in self.reachable(&[root]) {
            for child in self.node(id).children() {
                *uses.entry(child).or_insert(0) += 1;
            }
        }
        uses
    }
}

struct Shower<'a> {
    graph: &'a Graph,
    uses: BTreeMap<NodeId, usize>,
    texts: BTreeMap<NodeId, String>,
    definitions: Vec<String>,
}

impl Shower<'_> {
    fn text(&mut self, id: NodeId) -> String {
        if let Some(known) = self.texts.get(&id) {
            return known.clone();
        }
        let mut text = self.compose(id);
        if self.uses.get(&id).is_some_and(|&uses| uses > 1) && text.len() > SHORT {
            let name = format!("t{}", self.definitions.len() + 1);
            self.definitions.push(format!("{name} = {text}"));
            text = name;
        }
        self.texts.insert(id, text.clone());
        text
    }

    /// As an operand of a product, a power or a comparison.
    fn tight(&mut self, id: NodeId) -> String {
        let text = self.text(id);
        let loose = match self.graph.node(id) {
            Node::Sum(..) | Node::Product(_) | Node::Compare(..) | Node::And(..) => true,
            Node::Rational(value) => value.is_negative() || !value.is_integer(),
            _ => false,
        };
        if loose && text.contains(' ') || text.starts_with('-') || text.contains('/') {
            format!("({text})")
        } else {
            text
        }
    }

    fn compose(&mut self, id: NodeId) -> String {
        let graph = self.graph;
        match graph.node(id) {
            Node::Rational(value) => value.to_string(),
            Node::Pi => "pi".to_owned(),
            Node::NegInfinity => "-inf".to_owned(),
            Node::Bool(value) => value.to_string(),
            Node::Place(dim, position) => format!("{}#{position}", graph.dim_name(*dim)),
            Node::Scalar(param) | Node::Flag(param) => graph.param(*param).name.clone(),
            Node::Size(dim) => format!("|{}|", graph.dim_name(*dim)),
            Node::Position(axis) => graph.axis(*axis).name.clone(),
            Node::Load(param, index) => self.load(*param, index),
            Node::Number(a) => format!("number({})", self.text(*a)),
            Node::Sum(constant, terms) => self.sum(*constant, terms),
            Node::Product(factors) => self.product(factors),
            Node::Unary(op, a) => self.unary(*op, *a),
            Node::Binary(op, a, b) => self.binary(*op, *a, *b),
            Node::Compare(op, a, b) => {
                let sign = match op {
                    CompareOp::Eq => "==",
                    CompareOp::Lt => "<",
                    CompareOp::Le => "<=",
                };
                let positions = [*a, *b].map(|id| matches!(graph.node(id), Node::Position(_)));
                let (a, b) = match (op, positions) {
                    (CompareOp::Eq, [false, true]) => (b, a),
                    _ => (a, b),
                };
                format!("{} {sign} {}", self.tight(*a), self.tight(*b))
            }
            Node::Not(a) => format!("!({})", self.text(*a)),
            Node::And(a, b) => format!("{} && {}", self.tight(*a), self.tight(*b)),
            Node::Select(c, a, b) => format!(
                "if({}, {}, {})",
                self.text(*c),
                self.text(*a),
                self.text(*b)
            ),
            Node::Reduce(reducer, axes, body) => {
                let axes = graph.show_axes(*axes);
                format!("{}[{axes}]({})", reducer.name(), self.text(*body))
            }
            Node::Softmax(s) => {
                let form = match s.form {
                    SoftmaxForm::Prob => "softmax",
                    SoftmaxForm::Log => "log_softmax",
                    SoftmaxForm::Complement => "complement",
                    SoftmaxForm::LogComplement => "log_complement",
                    SoftmaxForm::LogOverComplement => "log_over_complement",
                };
                let axes = graph.show_axes(s.axes);
                let body = self.text(s.body);
                match s.hit {
                    None => format!("{form}[{axes}]({body})"),
                    Some(hit) => {
                        format!("{form}[{axes}]({body} at {})", self.text(hit))
                    }
                }
            }
            Node::Unit { axes, value, body } => {
                let (axes, of) = (graph.show_axes(*axes), self.text(*body));
                if value == body {
                    format!("unit[{axes}]({of})")
                } else {
                    format!("unit[{axes}]({of} at {})", self.text(*value))
                }
            }
            Node::Angle { axes, a, b } => format!(
                "angle[{}]({}, {})",
                graph.show_axes(*axes),
                self.text(*a),
                self.text(*b)
            ),
            Node::Detach(a) => format!("detach({})", self.text(*a)),
        }
    }

    fn unary(&mut self, op: UnaryOp, a: NodeId) -> String {
        format!("{}({})", op.name(), self.text(a))
    }

    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> String {
        format!("{}({}, {})", op.name(), self.text(a), self.text(b))
    }

    fn load(&mut self, param: ParamId, index: &[Index]) -> String {
        let graph = self.graph;
        let declared = graph.param(param);
        let changed: Vec<_> = declared
            .axes
            .iter()
            .zip(index)
            .filter_map(|(&from, index)| {
                let name = &graph.axis(from).name;
                match *index {
                    Index::Axis(to) if to == from => None,
                    Index::Axis(to) => Some(format!("{name} -> {}", graph.axis(to).name)),
                    Index::At(place) => Some(format!("{name} = {}", self.text(place))),
                }
            })
            .collect();
        if changed.is_empty() {
            declared.name.clone()
        } else {
            format!("{}[{}]", declared.name, changed.join(", "))
        }
    }

    fn sum(&mut self, constant: Rational, terms: &[(NodeId, Rational)]) -> String {
        let mut text = String::new();
        let mut add = |negative: bool, part: &str| {
            text.push_str(match (text.is_empty(), negative) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            });
            text.push_str(part);
        };
        for &(id, coefficient) in terms {
            let size = coefficient.abs();
            let part = if size.is_one() {
                self.tight(id)
            } else if size.is_integer() {
                format!("{size}*{}", self.tight(id))
            } else {
                format!("({size})*{}", self.tight(id))
            };
            add(coefficient.is_negative(), &part);
        }
        if !constant.is_zero() {
            add(constant.is_negative(), &constant.abs().to_string());
        }
        text
    }

    fn product(&mut self, factors: &[(NodeId, i32)]) -> String {
        let factors: Vec<_> = factors
            .iter()
            .map(|&(id, exponent)| {
                let factor = self.tight(id);
                if exponent == 1 {
                    factor
                } else {
                    format!("{factor}^{exponent}")
                }
            })
            .collect();
        factors.join(" * ")
    }
}

#[cfg(test)]
mod tests {
    use crate::ir::tests::fixture;
    use crate::ir::{AxisSet, Index, Reducer, UnaryOp};
    use crate::support::rational::Rational;

    #[test]
    fn cross_entropy_and_its_parts() {
        let mut f = fixture();
        let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
        let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z);
        let loss = f.g.sub(lse, zy);
        assert_eq!(f.g.show(zy), "z[C = y]");
        assert_eq!(f.g.show(lse), "lse[C](z)");
        assert_eq!(f.g.show(loss), "-log_softmax[C](z at C == y)");
        let axes = AxisSet::of(f.d);
        let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
        let cosine = f.g.dot(axes, ux, uw);
        assert_eq!(f.g.show(cosine), "sum[D](unit[D](x) * unit[D](w))");
    }

    #[test]
    fn precedence() {
        let mut f = fixture();
        let third = Rational::new(-1, 3).unwrap();
        let sum = f.g.sum(third, &[(f.z, Rational::TWO)]);
        let square = f.g.powi(sum, -2);
        let product = f.g.mul(square, f.x);
        assert_eq!(f.g.show(product), "x * (2*z - 1/3)^-2");
        let negative = f.g.neg(product);
        assert_eq!(f.g.show(negative), "-(x * (2*z - 1/3)^-2)");
    }

    #[test]
    fn shared_parts_are_written_once() {
        let mut f = fixture();
        let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z);
        let mut node = lse;
        for _ in 0..20 {
            let (sin, cos) = (f.g.unary(UnaryOp::Sin, node), f.g.unary(UnaryOp::Cos, node));
            node = f.g.mul(sin, cos);
        }
        let text = f.g.show(node);
        assert!(text.len() < 1000, "{text}");
        assert!(text.contains(" where t1 = "), "{text}");
    }
}
