//! Elementwise functions.

use super::block::plural;
use super::loss::Analysis;
use super::scope::Scope;
use super::value::Value;
use crate::ir::{BinaryOp, Kind, NodeId, UnaryOp};
use crate::support::diag::nearest_name;
use crate::support::{Rational, SourceRange};
use crate::syntax::ast::{Expression, Name};

/// A function of the language.
#[derive(Clone, Copy)]
enum Function {
    /// One node.
    Unary(UnaryOp),
    /// One node of two arguments.
    Binary(BinaryOp),
    /// The smallest or largest of two or more.
    Extremum(BinaryOp),
    /// Written out in other functions.
    Composite(Composite, usize),
}

#[derive(Clone, Copy)]
enum Composite {
    LogSigmoid,
    Relu,
    Log2,
    Log10,
    Recip,
    Square,
    Clamp,
    Detach,
    Number,
}

impl Function {
    /// The operator that it comes to, if that is not good at all values of one argument, and which argument.
    fn delicate(self) -> Option<(&'static str, usize)> {
        match self {
            Function::Unary(op) => Some((op.name(), 0)),
            Function::Binary(BinaryOp::Xlogy) => Some((BinaryOp::Xlogy.name(), 1)),
            Function::Binary(op) => Some((op.name(), 0)),
            Function::Composite(Composite::Log2 | Composite::Log10, _) => {
                Some((UnaryOp::Ln.name(), 0))
            }
            Function::Composite(Composite::Recip, _) => Some(("/", 0)),
            Function::Extremum(_) | Function::Composite(..) => None,
        }
    }
}

/// All of them by name.
const FUNCTIONS: [(&str, Function); 37] = [
    ("exp", Function::Unary(UnaryOp::Exp)),
    ("ln", Function::Unary(UnaryOp::Ln)),
    ("log1p", Function::Unary(UnaryOp::Log1p)),
    ("expm1", Function::Unary(UnaryOp::Expm1)),
    ("sqrt", Function::Unary(UnaryOp::Sqrt)),
    ("abs", Function::Unary(UnaryOp::Abs)),
    ("sign", Function::Unary(UnaryOp::Sign)),
    ("tanh", Function::Unary(UnaryOp::Tanh)),
    ("sigmoid", Function::Unary(UnaryOp::Sigmoid)),
    ("softplus", Function::Unary(UnaryOp::Softplus)),
    ("sin", Function::Unary(UnaryOp::Sin)),
    ("cos", Function::Unary(UnaryOp::Cos)),
    ("tan", Function::Unary(UnaryOp::Tan)),
    ("asin", Function::Unary(UnaryOp::Asin)),
    ("acos", Function::Unary(UnaryOp::Acos)),
    ("atan", Function::Unary(UnaryOp::Atan)),
    ("sinh", Function::Unary(UnaryOp::Sinh)),
    ("cosh", Function::Unary(UnaryOp::Cosh)),
    ("erf", Function::Unary(UnaryOp::Erf)),
    ("floor", Function::Unary(UnaryOp::Floor)),
    ("ceil", Function::Unary(UnaryOp::Ceil)),
    ("round", Function::Unary(UnaryOp::Round)),
    ("log1mexp", Function::Unary(UnaryOp::Log1mExp)),
    ("recip_or_zero", Function::Unary(UnaryOp::RecipOrZero)),
    ("pow", Function::Binary(BinaryOp::Pow)),
    ("xlogy", Function::Binary(BinaryOp::Xlogy)),
    ("min", Function::Extremum(BinaryOp::Min)),
    ("max", Function::Extremum(BinaryOp::Max)),
    ("log_sigmoid", Function::Composite(Composite::LogSigmoid, 1)),
    ("relu", Function::Composite(Composite::Relu, 1)),
    ("log2", Function::Composite(Composite::Log2, 1)),
    ("log10", Function::Composite(Composite::Log10, 1)),
    ("recip", Function::Composite(Composite::Recip, 1)),
    ("square", Function::Composite(Composite::Square, 1)),
    ("clamp", Function::Composite(Composite::Clamp, 3)),
    ("detach", Function::Composite(Composite::Detach, 1)),
    ("number", Function::Composite(Composite::Number, 1)),
];

/// What other notations call them.
const SYNONYMS: [(&str, &str); 8] = [
    ("log", "ln"),
    ("logsigmoid", "log_sigmoid"),
    ("power", "pow"),
    ("arccos", "acos"),
    ("arcsin", "asin"),
    ("arctan", "atan"),
    ("logistic", "sigmoid"),
    ("stop_gradient", "detach"),
];

/// Whether a function of the language has the name.
pub(super) fn is_function(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<Function> {
    FUNCTIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, function)| *function)
}

/// The name that the language has for what other notations call `name`.
pub(super) fn synonym(name: &str, table: &[(&str, &'static str)]) -> Option<&'static str> {
    table
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, ours)| *ours)
}

impl<'a> Analysis<'a> {
    /// Calls what the name stands for: a local function, another loss, or a function of the language.
    pub(super) fn call(
        &mut self,
        scope: &Scope<'a>,
        name: &'a Name,
        arguments: &'a [Expression],
        settings: &'a [(Name, Expression)],
        range: SourceRange,
    ) -> Option<Value> {
        let values = self.expressions(scope, arguments);
        if let Some(callee) = self.definition_called(&name.text)
            && scope.function(&name.text).is_none()
        {
            return self.call_loss(scope, callee, name, (arguments, &values), settings, range);
        }
        for (setting, value) in settings {
            self.expression(scope, value);
            let message = format!("`{name}` takes no argument by name");
            let help = "only losses do, after `;`";
            self.diagnostics
                .error_with_help(setting.range, message, help);
        }
        if let Some(function) = scope.function(&name.text) {
            return self.call_local(name, &function, &values, range);
        }
        match find(&name.text) {
            Some(function) => self.call_function(name, function, arguments, &values, range),
            None => self.unknown_function(scope, name),
        }
    }

    fn unknown_function(&mut self, scope: &Scope<'a>, name: &Name) -> Option<Value> {
        if self.lost_names {
            return None;
        }
        let text = &name.text;
        let help = if super::reduction::is_reduction(text) {
            Some(super::reduction::usage(name, scope))
        } else if scope.value(text).is_some() {
            self.suggested.insert(text.clone());
            Some(format!("`{name}` is a value; `*` multiplies"))
        } else {
            let losses = self.definitions.iter().map(|d| d.name.text.as_str());
            synonym(text, &SYNONYMS)
                .or_else(|| {
                    let known = FUNCTIONS.iter().map(|(name, _)| *name);
                    nearest_name(text, scope.function_names().chain(known).chain(losses))
                })
                .map(|nearest| self.did_you_mean(nearest))
        };
        let message = format!("no function or loss is called `{name}`");
        self.diagnostics.error_with(name.range, message, help);
        None
    }

    fn call_function(
        &mut self,
        name: &Name,
        function: Function,
        arguments: &[Expression],
        values: &[Option<Value>],
        range: SourceRange,
    ) -> Option<Value> {
        let (least, most) = match function {
            Function::Unary(_) => (1, 1),
            Function::Binary(_) => (2, 2),
            Function::Extremum(_) => (2, usize::MAX),
            Function::Composite(_, count) => (count, count),
        };
        if values.len() < least || values.len() > most {
            let expected = if most > least {
                format!("{least} or more arguments")
            } else {
                plural(least, "argument")
            };
            let message = format!("`{name}` takes {expected}, found {}", values.len());
            let help = (values.len() == 1 && matches!(function, Function::Extremum(_)))
                .then(|| format!("the reduction over an axis is `{name}[AXIS](…)`"));
            self.diagnostics.error_with(range, message, help);
            return None;
        }
        if let Function::Composite(Composite::Number, _) = function {
            return self.number_of(values[0]?, arguments[0].range);
        }
        let mut reals = Vec::new();
        for (value, argument) in values.iter().zip(arguments) {
            reals.push(value.and_then(|value| self.real(value, argument.range)));
        }
        let reals: Vec<Value> = reals.into_iter().collect::<Option<_>>()?;
        let nodes: Vec<NodeId> = reals.iter().map(|value| value.node).collect();
        if let Some((operator, argument)) = function.delicate() {
            self.site(operator, nodes[argument], name.range);
        }
        Some(Value {
            node: self.apply(function, &nodes),
            axes: Self::all_axes(&reals),
        })
    }

    /// A position, counted from 0.
    fn number_of(&mut self, value: Value, range: SourceRange) -> Option<Value> {
        match self.graph.kind(value.node) {
            Kind::Index(_) => Some(Value {
                node: self.graph.number(value.node),
                axes: value.axes,
            }),
            kind => {
                let found = self.kind_text(kind);
                self.refuse(range, format!("expected a position, found {found}"))
            }
        }
    }

    /// The node of a function at as many arguments as it takes.
    fn apply(&mut self, function: Function, x: &[NodeId]) -> NodeId {
        let graph = &mut self.graph;
        match function {
            Function::Unary(op) => graph.unary(op, x[0]),
            Function::Binary(op) => graph.binary(op, x[0], x[1]),
            Function::Extremum(op) => x[1..]
                .iter()
                .fold(x[0], |least, &next| graph.binary(op, least, next)),
            Function::Composite(composite, _) => match composite {
                Composite::LogSigmoid => {
                    let minus = graph.neg(x[0]);
                    let softplus = graph.unary(UnaryOp::Softplus, minus);
                    graph.neg(softplus)
                }
                Composite::Relu => {
                    let zero = graph.zero();
                    graph.max(x[0], zero)
                }
                Composite::Log2 => self.logarithm(x[0], Rational::TWO),
                Composite::Log10 => self.logarithm(x[0], Rational::from_int(10)),
                Composite::Recip => graph.powi(x[0], -1),
                Composite::Square => graph.powi(x[0], 2),
                Composite::Clamp => {
                    let above = graph.max(x[0], x[1]);
                    graph.min(above, x[2])
                }
                Composite::Detach | Composite::Number => graph.detach(x[0]),
            },
        }
    }

    fn logarithm(&mut self, x: NodeId, base: Rational) -> NodeId {
        let base = self.graph.rational(base);
        let scale = self.graph.unary(UnaryOp::Ln, base);
        let log = self.graph.unary(UnaryOp::Ln, x);
        self.graph.div(log, scale)
    }
}
