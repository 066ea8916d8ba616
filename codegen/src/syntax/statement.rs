//! Bodies: declarations, then the value.
//!
//! A mistake in a declaration costs that declaration alone: reading goes on after its `;`, or at
//! the next word that opens one. A declaration whose value makes no sense still declares its name.

use super::definition::attributes;
use super::parser::{Parsed, Parser, Reported};
use super::token::Token;
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Block, Expression, ExpressionKind, Name, Statement};
use proc_macro2::Delimiter;

/// The words that open a declaration.
const DECLARATIONS: [&str; 6] = ["let", "axis", "weight", "denominator", "next", "fn"];

/// Reads the whole of a body. `close` is its closing brace and `value` names what its last
/// expression is.
pub(super) fn block(parser: &mut Parser<'_, '_, '_>, close: SourceRange, value: &str) -> Block {
    let mut statements = Vec::new();
    let mut broken = false;
    let mut result = None;
    while !parser.is_empty() {
        if starts_statement(parser) {
            match statement(parser) {
                Ok(statement) => statements.push(statement),
                Err(_) => {
                    broken = true;
                    parser.findings.lost_names = true;
                }
            }
        } else {
            result = last_expression(parser, value, &mut broken);
        }
    }
    let result = result.unwrap_or_else(|| {
        if !broken {
            let message = format!("expected {value}, an expression without `;`, found `}}`");
            parser.error(close, message);
        }
        Expression {
            kind: ExpressionKind::Error,
            range: close,
        }
    });
    Block { statements, result }
}

/// Reads an expression where the value of a body stands. `None` if it was not one after all.
fn last_expression(
    parser: &mut Parser<'_, '_, '_>,
    value: &str,
    broken: &mut bool,
) -> Option<Expression> {
    let Ok(expression) = parser.expression() else {
        *broken = true;
        parser.skip_statement();
        return None;
    };
    if parser.is_empty() {
        return Some(expression);
    }
    *broken = true;
    if parser.at_symbol(";") {
        let last = parser.peek_after(1).is_none();
        let message = if last {
            format!("{value} is an expression without `;`")
        } else {
            format!("an expression followed by `;` has no effect: {value} is the last expression")
        };
        let range = parser.peek().map_or(expression.range, Token::range);
        parser.error(range, message);
        parser.next();
        return last.then_some(expression);
    }
    if starts_statement(parser) {
        let what = "an operator, or `}` after the value of the body";
        parser.expected_with(what, Some("declarations come before it".to_owned()));
    } else {
        report_unexpected(parser, &expression);
    }
    parser.skip_statement();
    None
}

/// Reports what follows an expression that should have ended a body.
fn report_unexpected(parser: &mut Parser<'_, '_, '_>, expression: &Expression) {
    let help = match &expression.kind {
        ExpressionKind::Name(name) if parser.at_symbol("=") => {
            parser.findings.lost_names = true;
            Some(format!("declare it with `let {name} = …;`; `==` compares"))
        }
        ExpressionKind::Name(name) if matches!(parser.peek(), Some(Token::Word(_))) => {
            parser.findings.lost_names = true;
            nearest_name(&name.text, DECLARATIONS)
                .map(|keyword| format!("`{name}` begins no declaration; did you mean `{keyword}`?"))
        }
        _ => None,
    };
    parser.expected_with("an operator or the end of the body", help);
}

/// Whether a declaration comes. `weight`, `denominator`, `axis` and `next` may be names of tensors too: they
/// open a declaration only where no expression could go on that way.
fn starts_statement(parser: &Parser<'_, '_, '_>) -> bool {
    match (parser.peek(), parser.peek_after(1)) {
        (Some(Token::Symbol("#", _)), _) => true,
        (Some(Token::Word(word)), following) => match word.text.as_str() {
            "let" | "fn" | "pub" => true,
            "axis" | "next" => matches!(following, Some(Token::Word(_))),
            "weight" | "denominator" => match following {
                Some(Token::Word(_) | Token::Number { .. }) => true,
                Some(Token::Group(group)) => group.delimiter == Delimiter::Parenthesis,
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

fn statement(parser: &mut Parser<'_, '_, '_>) -> Parsed<Statement> {
    let attributes = match attributes(parser) {
        Ok(attributes) => attributes,
        Err(reported) => {
            parser.skip_statement();
            return Err(reported);
        }
    };
    for (_, range) in &attributes.others {
        parser.error(
            *range,
            "a declaration takes doc comments but no other attribute",
        );
    }
    if parser.take_word("fn").is_some() {
        return function(parser);
    }
    let statement = simple_statement(parser, attributes.docs);
    match statement {
        Ok(statement) => {
            end_of_statement(parser, &statement);
            Ok(statement)
        }
        Err(reported) => {
            parser.skip_statement();
            Err(reported)
        }
    }
}

fn simple_statement(parser: &mut Parser<'_, '_, '_>, docs: Vec<String>) -> Parsed<Statement> {
    if parser.take_word("axis").is_some() {
        let name = parser.name("the name of an axis")?;
        parser.word(
            "like",
            &format!(" and the axis that `{name}` runs along with"),
        )?;
        let like = parser.name("an axis")?;
        return Ok(Statement::Axis { name, like });
    }
    for (word, factor) in [("weight", true), ("denominator", false)] {
        if let Some(keyword) = parser.take_word(word) {
            let value = parser.expression()?;
            return Ok(Statement::Weight {
                keyword,
                factor,
                value,
            });
        }
    }
    if parser.take_word("next").is_some() {
        let name = parser.name("the name of a scalar")?;
        parser.symbol("=", &format!(" and what `{name}` is after this step"))?;
        let value = parser.expression_or_error();
        return Ok(Statement::Next { name, value });
    }
    let public = parser.take_word("pub").is_some();
    let context = if public { " after `pub`" } else { "" };
    parser.word("let", context)?;
    let name = parser.name("the name to declare")?;
    parser.symbol("=", &format!(" and the value of `{name}`"))?;
    let value = parser.expression_or_error();
    Ok(Statement::Let {
        docs,
        public,
        name,
        value,
    })
}

/// Wants the `;`; a missing one before the next declaration costs nothing but the message.
fn end_of_statement(parser: &mut Parser<'_, '_, '_>, statement: &Statement) {
    if parser.take_symbol(";").is_some() {
        return;
    }
    let failed = matches!(
        statement,
        Statement::Let { value, .. } | Statement::Next { value, .. }
            if matches!(value.kind, ExpressionKind::Error)
    );
    if !failed {
        let what = match statement {
            Statement::Axis { .. } => "`;`",
            _ => "an operator or `;`",
        };
        parser.expected(what);
        if starts_statement(parser) {
            return;
        }
    }
    parser.skip_statement();
}

fn function(parser: &mut Parser<'_, '_, '_>) -> Parsed<Statement> {
    let result = function_header(parser);
    let Ok((name, parameters)) = result else {
        while !parser.is_empty() && !parser.at_group(Delimiter::Brace) {
            parser.next();
        }
        parser.next();
        return Err(Reported);
    };
    let group = match parser.group(Delimiter::Brace, " and the body of the function") {
        Ok(group) => group,
        Err(reported) => {
            parser.skip_statement();
            return Err(reported);
        }
    };
    let body = block(
        &mut parser.inside(group),
        group.close,
        "the value of the function",
    );
    // A `;` after the body is a habit that harms nobody.
    parser.take_symbol(";");
    Ok(Statement::Function {
        name,
        parameters,
        body,
    })
}

fn function_header(parser: &mut Parser<'_, '_, '_>) -> Parsed<(Name, Vec<Name>)> {
    let name = parser.name("the name of the function")?;
    let group = parser.group(Delimiter::Parenthesis, " and the parameters")?;
    let parameters = parser
        .list(group, "a parameter", |item| {
            let name = item.name("the name of a parameter")?;
            if item.at_symbol(":") {
                let help = "a local function takes values with any axes: write the name alone";
                return Err(item.expected_with("`,`", Some(help.to_owned())));
            }
            Ok(name)
        })
        .into_iter()
        .collect::<Parsed<Vec<Name>>>()?;
    Ok((name, parameters))
}
