//! Formulas as a mathematician sees them, independent of how they are written down.
//!
//! The expression graph knows sums with coefficients and products with exponents; a formula knows
//! minus signs, fractions, roots, limits under a sum and cases. It carries no parentheses: they
//! follow from the precedence of a notation.

use std::collections::BTreeMap;

use super::symbol::Symbol;
use crate::ir::NodeId;
use crate::support::rational::Rational;

/// A formula.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Formula {
    /// A number ≥ 0; signs belong to [`Formula::Sum`] and [`Formula::Negative`].
    Number(Rational),
    /// ∞.
    Infinity,
    /// A name.
    Symbol(Symbol),
    /// A part that is defined elsewhere and has no name yet.
    Shared(NodeId),
    /// `a + b − c`: at least two parts, none of which is itself a sum.
    Sum(Vec<(Sign, Formula)>),
    /// `−a`.
    Negative(Box<Formula>),
    /// `a · b`: at least two factors, none of which is itself a product.
    Product(Vec<Formula>),
    /// `a / b`.
    Fraction(Box<Formula>, Box<Formula>),
    /// `a^b`.
    Power(Box<Formula>, Box<Formula>),
    /// `√a`.
    Root(Box<Formula>),
    /// `f[axes](a, b)`.
    Apply {
        /// The name of the function in the language.
        function: &'static str,
        /// What it runs over, if it is a reduction.
        scope: Option<Scope>,
        /// Its arguments.
        arguments: Vec<Formula>,
    },
    /// `|a|`, `‖a‖[axes]`, `⌊a⌋`, `⌈a⌉`.
    Fenced(Fence, Option<Scope>, Box<Formula>),
    /// `Σ[axes](a)`.
    Total(Scope, Box<Formula>),
    /// `a[C = y]`, `a[N → M]`.
    Indexed(Box<Formula>, Vec<Index>),
    /// `a = b` and so on.
    Relation(Relation, Box<Formula>, Box<Formula>),
    /// `¬a`.
    Not(Box<Formula>),
    /// `a ∧ b`.
    All(Vec<Formula>),
    /// `a ∨ b`.
    Any(Vec<Formula>),
    /// 1 where the condition holds, else 0.
    Indicator(Box<Formula>),
    /// Values with their conditions, the first that holds counts; and the value otherwise.
    Cases(Vec<(Formula, Formula)>, Box<Formula>),
}

/// The sign of a part of a sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// +
    Plus,
    /// −
    Minus,
}

impl Sign {
    /// The other sign.
    #[must_use]
    pub fn flipped(self) -> Sign {
        match self {
            Sign::Plus => Sign::Minus,
            Sign::Minus => Sign::Plus,
        }
    }
}

/// What a reduction runs over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Its axes.
    pub axes: Vec<Symbol>,
    /// Which positions count, if not all.
    pub filter: Option<Box<Formula>>,
}

/// Delimiters that mean something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fence {
    /// `|a|`: an absolute value, or the extent of an axis.
    Bar,
    /// `‖a‖`.
    DoubleBar,
    /// `⌊a⌋`.
    Floor,
    /// `⌈a⌉`.
    Ceil,
}

/// One entry of an index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Index {
    /// `C = y`: the axis at a position.
    At(Symbol, Formula),
    /// `N → M`: the axis under another name.
    Renamed(Symbol, Symbol),
}

/// Comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// =
    Equal,
    /// ≠
    Unequal,
    /// <
    Less,
    /// ≤
    AtMost,
    /// >
    Greater,
    /// ≥
    AtLeast,
}

impl Relation {
    /// The relation that holds exactly where this one does not.
    #[must_use]
    pub fn negated(self) -> Relation {
        match self {
            Relation::Equal => Relation::Unequal,
            Relation::Unequal => Relation::Equal,
            Relation::Less => Relation::AtLeast,
            Relation::AtMost => Relation::Greater,
            Relation::Greater => Relation::AtMost,
            Relation::AtLeast => Relation::Less,
        }
    }

    /// The relation with its sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Relation {
        match self {
            Relation::Equal => Relation::Equal,
            Relation::Unequal => Relation::Unequal,
            Relation::Less => Relation::Greater,
            Relation::AtMost => Relation::AtLeast,
            Relation::Greater => Relation::Less,
            Relation::AtLeast => Relation::AtMost,
        }
    }
}

impl Formula {
    /// The number 1.
    pub fn one() -> Formula {
        Formula::Number(Rational::ONE)
    }

    /// A function without axes of one argument.
    pub fn function(function: &'static str, argument: Formula) -> Formula {
        Formula::Apply {
            function,
            scope: None,
            arguments: vec![argument],
        }
    }

    /// Whether it needs more height than a line: then delimiters around it grow.
    pub fn is_tall(&self) -> bool {
        match self {
            Formula::Fraction(..) | Formula::Total(..) | Formula::Cases(..) | Formula::Root(_) => {
                true
            }
            _ => self.parts().into_iter().any(Formula::is_tall),
        }
    }

    /// The formulas that it is made of, in the order in which they are read.
    pub fn parts(&self) -> Vec<&Formula> {
        match self {
            Formula::Number(_) | Formula::Infinity | Formula::Symbol(_) | Formula::Shared(_) => {
                vec![]
            }
            Formula::Sum(parts) => parts.iter().map(|part| &part.1).collect(),
            Formula::Product(parts) | Formula::All(parts) | Formula::Any(parts) => {
                parts.iter().collect()
            }
            Formula::Negative(a) | Formula::Root(a) | Formula::Not(a) | Formula::Indicator(a) => {
                vec![a]
            }
            Formula::Fraction(a, b) | Formula::Power(a, b) | Formula::Relation(_, a, b) => {
                vec![a, b]
            }
            Formula::Apply {
                scope, arguments, ..
            } => filter_of(scope.as_ref()).chain(arguments).collect(),
            Formula::Fenced(_, scope, a) => filter_of(scope.as_ref()).chain([&**a]).collect(),
            Formula::Total(scope, a) => filter_of(Some(scope)).chain([&**a]).collect(),
            Formula::Indexed(a, index) => [&**a]
                .into_iter()
                .chain(index.iter().filter_map(|index| match index {
                    Index::At(_, place) => Some(place),
                    Index::Renamed(..) => None,
                }))
                .collect(),
            Formula::Cases(arms, otherwise) => arms
                .iter()
                .flat_map(|(value, condition)| [value, condition])
                .chain([&**otherwise])
                .collect(),
        }
    }
}

impl Formula {
    /// The formula with shared parts replaced by their symbols.
    ///
    /// # Panics
    /// If a part has no symbol in `symbols`.
    #[must_use]
    pub fn with_symbols(&self, symbols: &BTreeMap<NodeId, Symbol>) -> Formula {
        let mut formula = self.clone();
        formula.replace_shared(symbols);
        formula
    }

    fn replace_shared(&mut self, symbols: &BTreeMap<NodeId, Symbol>) {
        if let Formula::Shared(id) = self {
            *self = Formula::Symbol(symbols[id].clone());
        }
        for part in self.parts_mut() {
            part.replace_shared(symbols);
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Formula> {
        match self {
            Formula::Number(_) | Formula::Infinity | Formula::Symbol(_) | Formula::Shared(_) => {
                vec![]
            }
            Formula::Sum(parts) => parts.iter_mut().map(|part| &mut part.1).collect(),
            Formula::Product(parts) | Formula::All(parts) | Formula::Any(parts) => {
                parts.iter_mut().collect()
            }
            Formula::Negative(a) | Formula::Root(a) | Formula::Not(a) | Formula::Indicator(a) => {
                vec![a]
            }
            Formula::Fraction(a, b) | Formula::Power(a, b) | Formula::Relation(_, a, b) => {
                vec![a, b]
            }
            Formula::Apply {
                scope, arguments, ..
            } => {
                let filter = scope.as_mut().and_then(|scope| scope.filter.as_deref_mut());
                filter.into_iter().chain(arguments).collect()
            }
            Formula::Fenced(_, scope, a) => {
                let filter = scope.as_mut().and_then(|scope| scope.filter.as_deref_mut());
                filter.into_iter().chain([&mut **a]).collect()
            }
            Formula::Total(scope, a) => {
                let filter = scope.filter.as_deref_mut();
                filter.into_iter().chain([&mut **a]).collect()
            }
            Formula::Indexed(a, index) => [&mut **a]
                .into_iter()
                .chain(index.iter_mut().filter_map(|index| match index {
                    Index::At(_, place) => Some(place),
                    Index::Renamed(..) => None,
                }))
                .collect(),
            Formula::Cases(arms, otherwise) => arms
                .iter_mut()
                .flat_map(|(value, condition)| [value, condition])
                .chain([&mut **otherwise])
                .collect(),
        }
    }
}

fn filter_of(scope: Option<&Scope>) -> impl Iterator<Item = &Formula> {
    scope.and_then(|scope| scope.filter.as_deref()).into_iter()
}
