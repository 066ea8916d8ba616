//! Syntax: tokens → surface tree.
//!
//! [`parse`] reads the definitions of one `loss! { … }`. It says what was expected wherever the
//! text departs from the grammar, and reads on behind every `;`, `,` and closing bracket, so that
//! independent mistakes are all reported. What could not be read is an `Error` node. The grammar,
//! loosest operator first:
//!
//! ```text
//! definition  := attribute* visibility NAME '(' parameter,* ')' '{' statement* expression '}'
//! attribute   := /// documentation | #[acknowledge(hazard, …)] | #[an attribute of Rust]
//! parameter   := name ':' kind ('where' condition)?
//! kind        := [N, C] | const [N, C] | [N] in C | id [N] | mask [N] | scalar (= 1)? | learn scalar (= 1)?
//!              | static int = 4 | flag (= true)?
//! statement   := axis M like N; | let a = e; | pub let a = e; | next t = e; | fn f(a, b) { … } | weight e;
//!              | denominator e;
//! expression  := || | && | ! | == != < <= > >= | + - | * / | unary - | postfix
//! postfix     := primary ( '[' (AXIS '=' e | AXIS '->' AXIS),* ']' )*
//! primary     := 1.5 | pi | true | false | name | size[N] | (e) | if c { a } else { b } | f(a, b)
//!              | sum[C, condition](e) | count[C, condition] | sum[k in 0..m](e) | Loss(a; s = 2)
//! ```
//!
//! Nothing is given a meaning here: that is the work of `sema`.

pub mod ast;
mod bracket;
mod definition;
mod expression;
mod parser;
pub mod print;
mod sources;
mod statement;
#[cfg(test)]
mod tests;
mod token;

pub use sources::{blocks_below, blocks_in, blocks_or_all, rust_files};

use crate::support::Diagnostics;
use proc_macro2::TokenStream;

/// Reads all definitions of a macro call. A definition whose name could be read is always
/// returned, with `broken` set if anything in it could not.
pub fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Vec<ast::Definition> {
    let tokens = token::tokenize(input);
    let mut findings = parser::Findings {
        diagnostics,
        lost_names: false,
    };
    definition::definitions(&tokens, &mut findings)
}
