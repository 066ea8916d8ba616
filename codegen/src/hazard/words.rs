//! A hazard in words and formulas: what is wrong, at which inputs, and what to do about it.

use super::singular::{Place, Shown, Singularity};
use crate::ir::{BinaryOp, Graph, HazardKind, Node, NodeId, Role, UnaryOp};
use crate::render::formula::{Fence, Formula, Relation};
use crate::render::symbol::{Accent, Symbol, SymbolRole};
use crate::render::{self, Rendered};
use crate::support::rational::Rational;

/// Longer arguments are left out: a hazard is one line.
const LONGEST: usize = 60;

/// The operator at fault, as the language spells it.
pub(super) fn operator(graph: &Graph, shown: Shown) -> &'static str {
    match shown {
        Shown::Power(..) => "/",
        Shown::Node(id) => match graph.node(id) {
            // ln(1 + x) may have been written as such.
            Node::Unary(op, _) => op.name(),
            Node::Binary(op, ..) => op.name(),
            _ => "-",
        },
    }
}

/// What goes wrong, and where: `1 / n`, `n = 0`.
pub(super) fn formulas(graph: &mut Graph, singularity: &Singularity) -> (Rendered, Rendered) {
    let argument = render::formula(graph, singularity.argument);
    let is_long = argument.text().chars().count() > LONGEST;
    let argument = if is_long { ellipsis() } else { argument };
    let expression = if is_long {
        around(graph, singularity.shown)
    } else {
        let node = match singularity.shown {
            Shown::Node(id) => id,
            Shown::Power(id, exponent) => graph.powi(id, exponent),
        };
        render::formula(graph, node)
    };
    let condition = condition(argument, singularity.place);
    (Rendered::of(&expression), Rendered::of(&condition))
}

/// The operator with its argument left out.
fn around(graph: &Graph, shown: Shown) -> Formula {
    let function = |name| Formula::function(name, ellipsis());
    match shown {
        Shown::Power(..) => Formula::Fraction(Box::new(Formula::one()), Box::new(ellipsis())),
        Shown::Node(id) => match graph.node(id) {
            Node::Unary(UnaryOp::Sqrt, _) => Formula::Root(Box::new(ellipsis())),
            Node::Unary(op, _) => function(op.name()),
            Node::Binary(BinaryOp::Pow, _, exponent) => {
                let exponent = render::formula(graph, *exponent);
                Formula::Power(Box::new(ellipsis()), Box::new(exponent))
            }
            Node::Binary(op, ..) => function(op.name()),
            _ => ellipsis(),
        },
    }
}

fn ellipsis() -> Formula {
    Formula::Symbol(Symbol {
        letter: "…".to_owned(),
        subscript: None,
        accent: Accent::None,
        role: SymbolRole::Tensor,
    })
}

fn condition(argument: Formula, place: Place) -> Formula {
    let size = |argument| Formula::Fenced(Fence::Bar, None, Box::new(argument));
    let (left, relation, number) = match place {
        Place::At(number) => (argument, Relation::Equal, number),
        Place::UpTo(number) => (argument, Relation::AtMost, number),
        Place::From(number) => (argument, Relation::AtLeast, number),
        Place::Negative => (argument, Relation::Less, 0),
        Place::BeyondOnes => (size(argument), Relation::Greater, 1),
        Place::Ones => (size(argument), Relation::Equal, 1),
        Place::RightAngles => (Formula::function("cos", argument), Relation::Equal, 0),
        // The logarithm of the largest f32 is 88.7.
        Place::Large => (argument, Relation::Greater, 88),
    };
    let size = Formula::Number(Rational::from_int(number.abs()));
    let number = if number < 0 {
        Formula::Negative(Box::new(size))
    } else {
        size
    };
    Formula::Relation(relation, Box::new(left), Box::new(number))
}

/// What is wrong there.
pub(super) fn fault(kind: HazardKind) -> &'static str {
    match kind {
        HazardKind::LogOfZero => "is not finite",
        HazardKind::DivisionByZero => "divides by 0",
        HazardKind::OutsideDomain => "is not defined",
        HazardKind::InfiniteSlope => "has an infinite slope",
        HazardKind::Overflow => "overflows, although the result need not",
        HazardKind::Cancellation => "loses its digits",
    }
}

/// What to do about it.
pub(super) fn remedy(graph: &Graph, singularity: &Singularity) -> String {
    let range = match singularity.place {
        Place::At(0) | Place::UpTo(0) | Place::Negative => Some("> 0"),
        Place::At(-1) | Place::UpTo(-1) => Some("> -1"),
        Place::From(0) => Some("< 0"),
        Place::At(_) | Place::UpTo(_) | Place::From(_) => None,
        Place::BeyondOnes | Place::Ones | Place::RightAngles | Place::Large => None,
    };
    let name = parameter(graph, singularity.argument);
    match (singularity.kind, name, range) {
        (HazardKind::Overflow, ..) => {
            "subtract the largest argument first, as `lse`, `softmax` and `sigmoid` do".to_owned()
        }
        (HazardKind::Cancellation, ..) => {
            "write the difference itself, as `expm1`, `log1p` and `sigmoid(-x)` do".to_owned()
        }
        (_, Some(name), Some("> 0")) if is_learned(graph, singularity.argument) => format!(
            "learn its logarithm, as `exp(log_{name})`, which stays positive; or declare `{name}: … where {name} > 0`, which a step may \
             leave, or decide with `if` what holds there"
        ),
        (_, Some(name), Some(range)) => {
            format!(
                "declare `{name}: … where {name} {range}`, or decide with `if` what holds there"
            )
        }
        (_, Some(name), None) if is_inverse_cosine(singularity.place) => format!(
            "declare `{name}: … where -1 < {name} && {name} < 1`, or give the two vectors, so that it is an angle"
        ),
        (_, None, _) if is_inverse_cosine(singularity.place) => {
            "give the two vectors as `dot[D](unit[D](a), unit[D](b))`, so that it is an angle"
                .to_owned()
        }
        _ => "declare the ranges of the inputs with `where`, or decide with `if` what holds there"
            .to_owned(),
    }
}

fn is_inverse_cosine(place: Place) -> bool {
    matches!(place, Place::Ones | Place::BeyondOnes)
}

/// Whether the node is a scalar that training changes.
fn is_learned(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::Scalar(param) => {
            matches!(graph.param(*param).role, Role::Scalar { learn: true, .. })
        }
        _ => false,
    }
}

/// The parameter that a node reads.
fn parameter(graph: &Graph, id: NodeId) -> Option<&str> {
    match graph.node(id) {
        Node::Load(param, _) | Node::Scalar(param) => Some(&graph.param(*param).name),
        _ => None,
    }
}
