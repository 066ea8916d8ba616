//! Expressions as written.

use super::{BinaryOperator, Block, Name, UnaryOperator};
use crate::support::{Rational, SourceRange};

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Its place.
    pub range: SourceRange,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExpressionKind {
    /// `2.5`, exactly, with its spelling.
    Number {
        /// The value.
        value: Rational,
        /// As written.
        text: String,
    },
    /// `true`, `false`
    Boolean(bool),
    /// `pi`
    Pi,
    /// A tensor, label, scalar, `let`, or the position on an axis.
    Name(Name),
    /// `size[N]`: the extent of an axis.
    Size(Name),
    /// `-a`, `!a`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// Its operand.
        operand: Box<Expression>,
    },
    /// `a + b`
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// The operand before it.
        left: Box<Expression>,
        /// The operand after it.
        right: Box<Expression>,
    },
    /// `if c { a } else { b }`, element by element.
    If {
        /// What decides.
        condition: Box<Expression>,
        /// The value where it holds.
        then: Box<Block>,
        /// The value elsewhere.
        otherwise: Box<Block>,
    },
    /// `z[C = y]`, `x[N -> M]`
    Index {
        /// What is indexed.
        base: Box<Expression>,
        /// The indices, at least one.
        indices: Vec<Index>,
    },
    /// `exp(x)`, or another loss: `Focal(z, y; gamma = 3)`.
    Call {
        /// The function or loss.
        function: Name,
        /// Its arguments in order.
        arguments: Vec<Expression>,
        /// Arguments given by name.
        settings: Vec<(Name, Expression)>,
    },
    /// `sum[C, C != y](x)`
    Reduce {
        /// The reduction.
        reduction: Name,
        /// The axes it closes, at least one.
        axes: Vec<Name>,
        /// The positions that take part; all without it.
        filter: Option<Box<Expression>>,
        /// The arguments; none for `count`.
        arguments: Vec<Expression>,
    },
    /// `sum[k in 0..m](…)`, written out for each k.
    Unroll {
        /// `sum`, `prod`, `max` or `min`.
        reduction: Name,
        /// The integer that runs.
        variable: Name,
        /// Its first value.
        from: Box<Expression>,
        /// Its end.
        to: Box<Expression>,
        /// Whether the end takes part (`..=`).
        inclusive: bool,
        /// The term.
        body: Box<Expression>,
    },
    /// Could not be read.
    Error,
}

/// What stands in the brackets after a value.
#[derive(Clone, Debug)]
pub enum Index {
    /// `C = y`: the element at a position.
    Gather {
        /// The axis that goes away.
        axis: Name,
        /// The position on it.
        position: Expression,
    },
    /// `N -> M`: the same tensor along a second index.
    Rename {
        /// The axis as it was.
        from: Name,
        /// The axis that takes its place.
        to: Name,
    },
}
