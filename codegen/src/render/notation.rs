//! Writing a formula down: where parentheses go, once for all notations.
//!
//! A notation says how each construct looks; this module decides which parts need to be
//! grouped. A linear notation (text) groups what a two-dimensional one (LaTeX, MathML) shows by
//! position: the parts of a fraction, the exponent, the body of a sum.

use super::formula::{Fence, Formula, Index, Relation, Scope, Sign};
use super::symbol::{Spelling, Symbol, spell};

/// How tightly a formula binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Precedence {
    Cases,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Power,
    Atom,
}

/// An index, written.
pub(super) enum WrittenIndex {
    At(String, String),
    Renamed(String, String),
}

/// How the constructs look. Arguments are already written and grouped.
pub(super) trait Notation {
    /// Whether position on the page means nothing.
    const LINEAR: bool;

    fn number(&self, spelling: &Spelling) -> String;
    fn infinity(&self) -> String;
    fn symbol(&self, symbol: &Symbol) -> String;
    fn sum(&self, parts: &[(Sign, String)]) -> String;
    /// `wordy`: a factor is a word, which must not run into its neighbours.
    fn product(&self, factors: &[String], wordy: bool) -> String;
    fn fraction(&self, above: &str, below: &str) -> String;
    fn power(&self, base: &str, exponent: &str) -> String;
    fn root(&self, inside: &str) -> String;
    fn apply(
        &self,
        function: &str,
        scope: Option<&str>,
        arguments: &[String],
        tall: bool,
    ) -> String;
    /// `e` to a short exponent, if the notation raises exponents.
    fn exponential(&self, exponent: &str) -> Option<String>;
    fn fenced(&self, fence: Fence, scope: Option<&str>, inside: &str, tall: bool) -> String;
    fn total(&self, scope: &str, summand: &str) -> String;
    fn scope(&self, axes: &[String], filter: Option<&str>) -> String;
    fn indexed(&self, base: &str, index: &[WrittenIndex]) -> String;
    fn relation(&self, relation: Relation, a: &str, b: &str) -> String;
    fn not(&self, a: &str) -> String;
    fn all(&self, parts: &[String]) -> String;
    fn any(&self, parts: &[String]) -> String;
    fn indicator(&self, condition: &str) -> String;
    fn cases(&self, arms: &[(String, String)], otherwise: &str) -> String;
    fn group(&self, inside: &str, tall: bool) -> String;
}

/// Writes a formula.
pub(super) fn write<N: Notation>(notation: &N, formula: &Formula) -> String {
    Writer(notation).write(formula)
}

struct Writer<'a, N>(&'a N);

impl<N: Notation> Writer<'_, N> {
    fn at(&self, formula: &Formula, least: Precedence) -> String {
        let written = self.write(formula);
        if self.precedence(formula) < least {
            self.0.group(&written, formula.is_tall())
        } else {
            written
        }
    }

    fn precedence(&self, formula: &Formula) -> Precedence {
        match formula {
            Formula::Cases(..) => Precedence::Cases,
            Formula::Any(_) => Precedence::Or,
            Formula::All(_) => Precedence::And,
            Formula::Relation(..) => Precedence::Relation,
            Formula::Sum(_) | Formula::Negative(_) => Precedence::Sum,
            Formula::Product(_) => Precedence::Product,
            Formula::Fraction(..) if N::LINEAR => Precedence::Product,
            Formula::Number(value) => match spell(*value) {
                Spelling::Digits(_) => Precedence::Atom,
                Spelling::Scientific(..) | Spelling::Vulgar(..) if N::LINEAR => Precedence::Product,
                Spelling::Scientific(..) | Spelling::Vulgar(..) => Precedence::Power,
            },
            // Without parentheses of its own a sum reaches to the end of the product.
            Formula::Total(..) if !N::LINEAR => Precedence::Product,
            Formula::Fraction(..) | Formula::Power(..) | Formula::Root(_) => Precedence::Power,
            Formula::Apply {
                function, scope, ..
            } if *function == "exp" && scope.is_none() && !N::LINEAR => Precedence::Power,
            Formula::Infinity
            | Formula::Symbol(_)
            | Formula::Shared(_)
            | Formula::Apply { .. }
            | Formula::Fenced(..)
            | Formula::Total(..)
            | Formula::Indexed(..)
            | Formula::Not(_)
            | Formula::Indicator(_) => Precedence::Atom,
        }
    }

    fn write(&self, formula: &Formula) -> String {
        let n = self.0;
        match formula {
            Formula::Number(value) => n.number(&spell(*value)),
            Formula::Infinity => n.infinity(),
            Formula::Symbol(symbol) => n.symbol(symbol),
            Formula::Shared(_) => unreachable!("shared parts have symbols before they are written"),
            Formula::Sum(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|(sign, part)| (*sign, self.at(part, Precedence::Product)))
                    .collect();
                n.sum(&parts)
            }
            Formula::Negative(a) => n.sum(&[(Sign::Minus, self.at(a, Precedence::Product))]),
            Formula::Product(factors) => self.product(factors),
            Formula::Fraction(a, b) if N::LINEAR => n.fraction(
                &self.at(a, Precedence::Product),
                &self.at(b, Precedence::Power),
            ),
            Formula::Fraction(a, b) => n.fraction(&self.write(a), &self.write(b)),
            Formula::Power(a, b) => {
                let least = if N::LINEAR {
                    Precedence::Atom
                } else {
                    Precedence::Cases
                };
                n.power(&self.at(a, Precedence::Atom), &self.at(b, least))
            }
            Formula::Root(a) if N::LINEAR => n.root(&self.at(a, Precedence::Atom)),
            Formula::Root(a) => n.root(&self.write(a)),
            Formula::Apply {
                function,
                scope,
                arguments,
            } => self.apply(function, scope.as_ref(), arguments),
            Formula::Fenced(fence, scope, a) => {
                let scope = scope.as_ref().map(|scope| self.scope(scope));
                n.fenced(*fence, scope.as_deref(), &self.write(a), a.is_tall())
            }
            Formula::Total(scope, a) if N::LINEAR => n.total(&self.scope(scope), &self.write(a)),
            Formula::Total(scope, a) => {
                n.total(&self.scope(scope), &self.at(a, Precedence::Product))
            }
            Formula::Indexed(a, index) => {
                let index: Vec<_> = index.iter().map(|index| self.index(index)).collect();
                n.indexed(&self.at(a, Precedence::Atom), &index)
            }
            Formula::Relation(relation, a, b) => n.relation(
                *relation,
                &self.at(a, Precedence::Sum),
                &self.at(b, Precedence::Sum),
            ),
            Formula::Not(a) => n.not(&self.at(a, Precedence::Atom)),
            Formula::All(parts) => n.all(&self.each_at(parts, Precedence::Relation)),
            Formula::Any(parts) => n.any(&self.each_at(parts, Precedence::And)),
            Formula::Indicator(a) => n.indicator(&self.write(a)),
            Formula::Cases(arms, otherwise) => {
                let arms: Vec<_> = arms
                    .iter()
                    .map(|(value, condition)| {
                        (self.at(value, Precedence::Sum), self.write(condition))
                    })
                    .collect();
                n.cases(&arms, &self.at(otherwise, Precedence::Sum))
            }
        }
    }

    fn each_at(&self, parts: &[Formula], least: Precedence) -> Vec<String> {
        parts.iter().map(|part| self.at(part, least)).collect()
    }

    fn product(&self, factors: &[Formula]) -> String {
        let last = factors.len() - 1;
        let written: Vec<_> = factors
            .iter()
            .enumerate()
            .map(|(i, factor)| match factor {
                Formula::Total(..) if i == last => self.write(factor),
                _ => self.at(factor, Precedence::Power),
            })
            .collect();
        self.0.product(&written, factors.iter().any(is_wordy))
    }

    fn apply(&self, function: &str, scope: Option<&Scope>, arguments: &[Formula]) -> String {
        if let (None, "exp", [exponent]) = (scope, function, arguments)
            && is_short(exponent)
            && let Some(written) = self.0.exponential(&self.write(exponent))
        {
            return written;
        }
        let scope = scope.map(|scope| self.scope(scope));
        let tall = arguments.iter().any(Formula::is_tall);
        let least = if arguments.len() > 1 {
            Precedence::Or
        } else {
            Precedence::Cases
        };
        let arguments = self.each_at(arguments, least);
        self.0.apply(function, scope.as_deref(), &arguments, tall)
    }

    fn scope(&self, scope: &Scope) -> String {
        let axes: Vec<_> = scope.axes.iter().map(|axis| self.0.symbol(axis)).collect();
        let filter = scope.filter.as_ref().map(|filter| self.write(filter));
        self.0.scope(&axes, filter.as_deref())
    }

    fn index(&self, index: &Index) -> WrittenIndex {
        match index {
            Index::At(axis, place) => WrittenIndex::At(self.0.symbol(axis), self.write(place)),
            Index::Renamed(from, to) => {
                WrittenIndex::Renamed(self.0.symbol(from), self.0.symbol(to))
            }
        }
    }
}

fn is_wordy(factor: &Formula) -> bool {
    match factor {
        Formula::Symbol(symbol) => !symbol.is_letter(),
        Formula::Indexed(a, _) | Formula::Power(a, _) => is_wordy(a),
        _ => false,
    }
}

/// Whether it reads well as a raised exponent.
fn is_short(exponent: &Formula) -> bool {
    match exponent {
        Formula::Number(_) | Formula::Symbol(_) | Formula::Shared(_) | Formula::Infinity => true,
        Formula::Negative(a) | Formula::Indexed(a, _) => is_short(a),
        Formula::Power(a, b) => is_short(a) && is_short(b),
        Formula::Product(parts) => parts.iter().all(is_short),
        Formula::Sum(parts) => parts.len() == 2 && parts.iter().all(|part| is_short(&part.1)),
        _ => false,
    }
}
