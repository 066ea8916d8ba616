//! The surface tree: what the user wrote, with the place of every part and no meaning yet.
//!
//! Nothing here is resolved: a [`Name`] may turn out to be a tensor, an axis or a misspelling.
//! Parts that could not be read are `Error` nodes, which later stages pass over in silence because
//! the mistake has been reported. `Debug` omits positions, so it shows structure alone.
//!
//! Definitions and declarations are here, expressions in `expression`, operators and how tightly they bind in
//! `operator`.

mod expression;
mod operator;

pub use expression::{Expression, ExpressionKind, Index};
pub use operator::{BinaryOperator, Precedence, UnaryOperator};

use crate::support::SourceRange;
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
    /// The hazards that its author knows of: `#[acknowledge(…)]`.
    pub acknowledged: Vec<Name>,
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
    /// `id [N]`: which samples belong together; integers that are only compared with each other.
    Identity {
        /// Its axes.
        axes: Vec<Name>,
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
    /// `next t = …;`
    Next {
        /// The scalar.
        name: Name,
        /// What it is after this step.
        value: Expression,
    },
    /// `weight …;` or `denominator …;`
    Weight {
        /// That word.
        keyword: SourceRange,
        /// Whether the loss is multiplied too: `weight`.
        factor: bool,
        /// The weight of a sample.
        value: Expression,
    },
}
