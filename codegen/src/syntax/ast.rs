//! The surface tree: what the user wrote, with the place of every part and no meaning yet.
//!
//! Nothing here is resolved: a [`Name`] may turn out to be a tensor, an axis or a misspelling.
//! Parts that could not be read are `Error` nodes, which later stages pass over in silence because
//! the mistake has been reported. `Debug` omits positions, so it shows structure alone.

use crate::support::{Rational, SourceRange};
use proc_macro2::TokenStream;
use std::fmt;

/// An identifier and where it stands.
#[derive(Clone)]
pub struct Name {
    /// The identifier as written.
    pub text: String,
    /// Its place.
    pub range: SourceRange,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One loss: `/// docs` `pub Name(parameters) { body }`.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Marked `@import`: defined elsewhere and present only to be used by its neighbours.
    pub imported: bool,
    /// The lines of its doc comments, each without the comment mark.
    pub docs: Vec<String>,
    /// Its other attributes, such as `#[allow(…)]`, as written.
    pub attributes: Vec<TokenStream>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Its name.
    pub name: Name,
    /// Its parameters, as far as they could be read.
    pub parameters: Vec<Parameter>,
    /// Its body.
    pub body: Block,
    /// Whether a mistake was found while reading it.
    pub broken: bool,
    /// Whether a parameter, or what it is, could not be read.
    pub lost_parameters: bool,
    /// Whether a declaration was lost to a mistake: unknown names then say nothing.
    pub lost_names: bool,
}

/// `pub`, `pub(crate)` or nothing, as tokens of Rust.
#[derive(Clone, Default)]
pub struct Visibility {
    /// The tokens as written; empty for a private definition.
    pub tokens: TokenStream,
}

impl fmt::Display for Visibility {
    /// `pub` or `pub(crate)`, without the blanks that token streams print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.tokens.to_string();
        let tidy = text
            .replace(" (", "(")
            .replace("( ", "(")
            .replace(" )", ")");
        f.write_str(&tidy)
    }
}

impl fmt::Debug for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An input of a loss: `name: kind`.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The lines of its doc comments.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: ParameterKind,
    /// The condition after `where`: comparisons of the parameter with numbers, joined by `&&`.
    pub domain: Option<Expression>,
}

/// What an input is.
#[derive(Clone, Debug)]
pub enum ParameterKind {
    /// `[N, C]`, differentiated, or `const [N, C]`, data.
    Tensor {
        /// Its axes in the order of the array's.
        axes: Vec<Name>,
        /// Whether it is data without a gradient.
        constant: bool,
    },
    /// `[N] in C`: positions on axis C.
    Label {
        /// Its own axes.
        axes: Vec<Name>,
        /// The axis that it points into.
        classes: Name,
    },
    /// `mask [N]`: yes or no per position.
    Mask {
        /// Its axes.
        axes: Vec<Name>,
    },
    /// `scalar = 64.0`, or `learn scalar`, differentiated.
    Scalar {
        /// Whether it is differentiated.
        learn: bool,
        /// Its default.
        default: Option<Expression>,
    },
    /// `static int = 4`: known when the loss is compiled.
    StaticInt {
        /// Its value.
        value: Expression,
    },
    /// `flag = true`: a switch chosen at run time.
    Flag {
        /// Its default; without one, false.
        default: Option<bool>,
    },
    /// Could not be read.
    Error,
}

/// `{ statements… result }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// Declarations, in order.
    pub statements: Vec<Statement>,
    /// The value.
    pub result: Expression,
}

/// A declaration in a body.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `axis M like N;`
    Axis {
        /// The second index.
        name: Name,
        /// The axis whose extent it shares.
        like: Name,
    },
    /// `let c = …;` or `pub let c = …;`
    Let {
        /// The lines of its doc comments.
        docs: Vec<String>,
        /// Whether it is an auxiliary output.
        public: bool,
        /// What is declared.
        name: Name,
        /// Its value.
        value: Expression,
    },
    /// `fn f(a, b) { … }`
    Function {
        /// What is declared.
        name: Name,
        /// Its parameters.
        parameters: Vec<Name>,
        /// Its body.
        body: Block,
    },
    /// `weight …;`
    Weight {
        /// The word `weight`.
        keyword: SourceRange,
        /// The weight of a sample.
        value: Expression,
    },
}

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

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// Operators between their operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// How tightly an operator binds, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precedence {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `!`
    Not,
    /// `==` and its like, which do not chain.
    Comparison,
    /// `+`, `-`
    Sum,
    /// `*`, `/`
    Product,
    /// Unary `-`
    Negation,
    /// What needs no parentheses anywhere.
    Atom,
}

impl Precedence {
    /// The next tighter level: what a right operand needs, so that equal operators group to the
    /// left.
    #[must_use]
    pub fn tighter(self) -> Precedence {
        match self {
            Precedence::Or => Precedence::And,
            Precedence::And => Precedence::Not,
            Precedence::Not => Precedence::Comparison,
            Precedence::Comparison => Precedence::Sum,
            Precedence::Sum => Precedence::Product,
            Precedence::Product => Precedence::Negation,
            Precedence::Negation | Precedence::Atom => Precedence::Atom,
        }
    }
}

impl BinaryOperator {
    /// Every operator, the longer spellings before their prefixes.
    pub const ALL: [BinaryOperator; 12] = [
        BinaryOperator::Or,
        BinaryOperator::And,
        BinaryOperator::Equal,
        BinaryOperator::NotEqual,
        BinaryOperator::LessEqual,
        BinaryOperator::GreaterEqual,
        BinaryOperator::Less,
        BinaryOperator::Greater,
        BinaryOperator::Add,
        BinaryOperator::Subtract,
        BinaryOperator::Multiply,
        BinaryOperator::Divide,
    ];

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOperator::Or => "||",
            BinaryOperator::And => "&&",
            BinaryOperator::Equal => "==",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Less => "<",
            BinaryOperator::LessEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterEqual => ">=",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
        }
    }

    /// How tightly it binds.
    pub fn precedence(self) -> Precedence {
        match self {
            BinaryOperator::Or => Precedence::Or,
            BinaryOperator::And => Precedence::And,
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterEqual => Precedence::Comparison,
            BinaryOperator::Add | BinaryOperator::Subtract => Precedence::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide => Precedence::Product,
        }
    }
}

impl UnaryOperator {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOperator::Negate => "-",
            UnaryOperator::Not => "!",
        }
    }

    /// How tightly it binds.
    pub fn precedence(self) -> Precedence {
        match self {
            UnaryOperator::Negate => Precedence::Negation,
            UnaryOperator::Not => Precedence::Not,
        }
    }
}
