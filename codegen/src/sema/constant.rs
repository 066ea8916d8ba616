//! Numbers known when the loss is compiled: defaults and the ends of ranges.

use crate::ir::Range;
use crate::support::{Rational, SourceRange};
use crate::syntax::ast::{BinaryOperator, Expression, ExpressionKind, Name, UnaryOperator};

/// A number: exact, unless π took part.
#[derive(Clone, Copy)]
pub(super) enum Constant {
    Exact(Rational),
    Rounded(f64),
}

/// What is wrong with an expression that should be constant.
pub(super) struct NotConstant {
    pub(super) range: SourceRange,
    pub(super) message: &'static str,
}

impl Constant {
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Constant::Exact(value) => value.to_f64(),
            Constant::Rounded(value) => value,
        }
    }
}

/// The value of numerals, `pi`, signs and arithmetic. `None` for what could not be read.
pub(super) fn constant(expression: &Expression) -> Result<Option<Constant>, NotConstant> {
    match &expression.kind {
        ExpressionKind::Number { value, .. } => Ok(Some(Constant::Exact(*value))),
        ExpressionKind::Pi => Ok(Some(Constant::Rounded(std::f64::consts::PI))),
        ExpressionKind::Error => Ok(None),
        ExpressionKind::Unary {
            operator: UnaryOperator::Negate,
            operand,
        } => Ok(constant(operand)?.map(|value| match value {
            Constant::Exact(value) => Constant::Exact(value.negate()),
            Constant::Rounded(value) => Constant::Rounded(-value),
        })),
        ExpressionKind::Binary {
            operator,
            left,
            right,
        } => {
            let (Some(a), Some(b)) = (constant(left)?, constant(right)?) else {
                return Ok(None);
            };
            let value = combine(*operator, a, b).ok_or(NotConstant {
                range: expression.range,
                message: "expected a number",
            })?;
            if value.to_f64().is_finite() {
                Ok(Some(value))
            } else {
                Err(NotConstant {
                    range: expression.range,
                    message: "this number is not finite",
                })
            }
        }
        _ => Err(NotConstant {
            range: expression.range,
            message: "expected a number: numerals, `pi` and arithmetic on them",
        }),
    }
}

/// `None` for a comparison or a connective.
fn combine(operator: BinaryOperator, a: Constant, b: Constant) -> Option<Constant> {
    type Exact = fn(Rational, Rational) -> Option<Rational>;
    type Rounded = fn(f64, f64) -> f64;
    let (exact, rounded): (Exact, Rounded) = match operator {
        BinaryOperator::Add => (Rational::checked_add, |a, b| a + b),
        BinaryOperator::Subtract => (Rational::checked_sub, |a, b| a - b),
        BinaryOperator::Multiply => (Rational::checked_mul, |a, b| a * b),
        BinaryOperator::Divide => (Rational::checked_div, |a, b| a / b),
        BinaryOperator::Or
        | BinaryOperator::And
        | BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterEqual => return None,
    };
    if let (Constant::Exact(a), Constant::Exact(b)) = (a, b)
        && let Some(value) = exact(a, b)
    {
        return Some(Constant::Exact(value));
    }
    Some(Constant::Rounded(rounded(a.to_f64(), b.to_f64())))
}

/// The interval that `where` gives to the parameter `name`: comparisons of it with numbers, joined
/// by `&&`. `None` for what could not be read.
pub(super) fn range(condition: &Expression, name: &Name) -> Result<Option<Range>, NotConstant> {
    let ExpressionKind::Binary {
        operator,
        left,
        right,
    } = &condition.kind
    else {
        return match condition.kind {
            ExpressionKind::Error => Ok(None),
            _ => Err(not_a_comparison(condition)),
        };
    };
    if *operator == BinaryOperator::And {
        let (Some(a), Some(b)) = (range(left, name)?, range(right, name)?) else {
            return Ok(None);
        };
        return Ok(Some(a.intersection(b)));
    }
    let is_name = |side: &Expression| matches!(&side.kind, ExpressionKind::Name(found) if found.text == name.text);
    let (value_is_left, bound) = match (is_name(left), is_name(right)) {
        (true, false) => (true, right),
        (false, true) => (false, left),
        _ => return Err(not_a_comparison(condition)),
    };
    let bound = match constant(bound)? {
        Some(bound) => bound.to_f64(),
        None => return Ok(None),
    };
    let (below, open) = match operator {
        BinaryOperator::Less => (value_is_left, true),
        BinaryOperator::LessEqual => (value_is_left, false),
        BinaryOperator::Greater => (!value_is_left, true),
        BinaryOperator::GreaterEqual => (!value_is_left, false),
        _ => return Err(not_a_comparison(condition)),
    };
    let mut range = Range::REAL;
    if below {
        (range.hi, range.hi_open) = (bound, open);
    } else {
        (range.lo, range.lo_open) = (bound, open);
    }
    Ok(Some(range))
}

fn not_a_comparison(condition: &Expression) -> NotConstant {
    NotConstant {
        range: condition.range,
        message: "expected comparisons of the parameter with numbers (`<`, `<=`, `>`, `>=`), joined by `&&`",
    }
}
