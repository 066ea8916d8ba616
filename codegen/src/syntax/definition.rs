//! The header of a loss: attributes, visibility, name and parameters.
//!
//! The header is read strictly and the body leniently. Whatever the body holds, the name, the
//! visibility and the parameters that could be read are there, so that a stub of the loss can be
//! emitted beside the errors and its uses elsewhere do not fail as well.

use super::parser::{Findings, Parsed, Parser};
use super::statement::block;
use super::token::{Bracketed, Token};
use crate::support::diag::nearest_name;
use crate::syntax::ast::{
    Block, Definition, Expression, ExpressionKind, Name, Parameter, ParameterKind, Visibility,
};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// The words that open a kind of parameter.
const KINDS: [&str; 7] = ["const", "id", "mask", "scalar", "learn", "static", "flag"];
const KIND: &str = "the kind of the parameter: `[AXES]`, `[AXES] in AXIS`, `const [AXES]`, `id [AXES]`, `mask [AXES]`, `scalar`, `learn scalar`, `static int` or `flag`";

/// Doc lines and other attributes.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) docs: Vec<String>,
    pub(super) others: Vec<(TokenStream, crate::support::SourceRange)>,
    /// What `#[acknowledge(…)]` lists, with the place of each such attribute.
    pub(super) acknowledged: Vec<(Vec<Name>, crate::support::SourceRange)>,
}

/// Reads one definition; `None` if not even its name could be read.
pub(super) fn definition(parser: &mut Parser<'_, '_, '_>) -> Option<Definition> {
    let before = parser.findings.diagnostics.len();
    parser.findings.lost_names = false;
    let header = header(parser);
    let Ok((imported, attributes, visibility, name)) = header else {
        skip_definition(parser);
        return None;
    };
    let mut parameters = Vec::new();
    let mut body = None;
    let lost_parameters;
    match parser.group(Delimiter::Parenthesis, " and the parameters") {
        Ok(group) => {
            for parsed in parser.list(group, "a parameter", parameter) {
                match parsed {
                    Ok(parameter) => parameters.push(parameter),
                    Err(_) => parser.findings.lost_names = true,
                }
            }
            lost_parameters = parser.findings.lost_names
                || parameters
                    .iter()
                    .any(|parameter| matches!(parameter.kind, ParameterKind::Error));
            match parser.group(Delimiter::Brace, " and the body of the loss") {
                Ok(group) => body = Some(block(&mut parser.inside(group), group.close, "the loss")),
                Err(_) => skip_definition(parser),
            }
        }
        Err(_) => {
            lost_parameters = true;
            parser.findings.lost_names = true;
            skip_definition(parser);
        }
    }
    let body = body.unwrap_or_else(|| Block {
        statements: Vec::new(),
        result: Expression {
            kind: ExpressionKind::Error,
            range: name.range,
        },
    });
    Some(Definition {
        imported,
        docs: attributes.docs,
        attributes: attributes
            .others
            .into_iter()
            .map(|(tokens, _)| tokens)
            .collect(),
        acknowledged: attributes
            .acknowledged
            .into_iter()
            .flat_map(|(names, _)| names)
            .collect(),
        visibility,
        name,
        parameters,
        body,
        broken: parser.findings.diagnostics.len() > before,
        lost_parameters,
        lost_names: parser.findings.lost_names,
    })
}

fn header(parser: &mut Parser<'_, '_, '_>) -> Parsed<(bool, Attributes, Visibility, Name)> {
    let imported = match parser.take_symbol("@") {
        Some(_) => {
            parser.word("import", " after `@`")?;
            true
        }
        None => false,
    };
    let attributes = attributes(parser)?;
    let visibility = visibility(parser);
    let name = match parser.peek() {
        Some(Token::Word(name)) if is_rust_item(&name.text) => {
            let help = "a loss is written `pub Name(parameters) { body }`, without a keyword";
            return Err(parser.expected_with("the name of a loss", Some(help.to_owned())));
        }
        _ => parser.name("the name of a loss")?,
    };
    Ok((imported, attributes, visibility, name))
}

fn is_rust_item(word: &str) -> bool {
    matches!(
        word,
        "fn" | "struct" | "loss" | "let" | "const" | "impl" | "mod" | "use"
    )
}

/// Passes over a definition that makes no sense: up to and including its body.
fn skip_definition(parser: &mut Parser<'_, '_, '_>) {
    while !parser.is_empty() && !parser.at_group(Delimiter::Brace) {
        parser.next();
    }
    parser.next();
}

/// Reads `/// …` and `#[…]`.
pub(super) fn attributes(parser: &mut Parser<'_, '_, '_>) -> Parsed<Attributes> {
    let mut attributes = Attributes::default();
    while let Some(hash) = parser.take_symbol("#") {
        let group = parser.group(Delimiter::Bracket, " after `#`")?;
        if let Some(names) = acknowledged(parser, group)? {
            let range = hash.to(group.close);
            attributes.acknowledged.push((names, range));
            continue;
        }
        match doc_line(group.source.stream()) {
            Some(line) => attributes.docs.push(line),
            None => {
                let mut tokens: TokenStream = "#".parse().unwrap_or_default();
                tokens.extend([TokenTree::Group(group.source.clone())]);
                attributes.others.push((tokens, hash.to(group.close)));
            }
        }
    }
    Ok(attributes)
}

/// The names in `acknowledge(…)`; `None` for another attribute.
fn acknowledged(
    parser: &mut Parser<'_, '_, '_>,
    attribute: &Bracketed,
) -> Parsed<Option<Vec<Name>>> {
    let mut inside = parser.inside(attribute);
    if inside.take_word("acknowledge").is_none() {
        return Ok(None);
    }
    let group = inside.group(Delimiter::Parenthesis, " and the hazards")?;
    let names = inside.list(group, "a hazard", |item| item.name("a hazard"));
    inside.finished("`]`")?;
    Ok(Some(names.into_iter().collect::<Parsed<_>>()?))
}

/// The text of `doc = "…"`.
fn doc_line(stream: TokenStream) -> Option<String> {
    let mut trees = stream.into_iter();
    let TokenTree::Ident(word) = trees.next()? else {
        return None;
    };
    let TokenTree::Punct(equals) = trees.next()? else {
        return None;
    };
    if word != "doc" || equals.as_char() != '=' {
        return None;
    }
    let literal = syn::parse2::<syn::LitStr>(trees.collect()).ok()?;
    let text = literal.value();
    Some(
        text.strip_prefix(' ')
            .unwrap_or(&text)
            .trim_end()
            .to_owned(),
    )
}

fn visibility(parser: &mut Parser<'_, '_, '_>) -> Visibility {
    let mut tokens = TokenStream::new();
    if let Some(range) = parser.take_word("pub") {
        tokens.extend([TokenTree::Ident(Ident::new("pub", range.start))]);
        // `pub (crate)`: a parenthesis can only belong to the visibility, for a name must follow.
        if let Some(group) = parser.take_group(Delimiter::Parenthesis) {
            tokens.extend([TokenTree::Group(group.source.clone())]);
        }
    }
    Visibility { tokens }
}

/// Reads `name: kind`. A parameter whose kind makes no sense keeps its name.
fn parameter(parser: &mut Parser<'_, '_, '_>) -> Parsed<Parameter> {
    let attributes = attributes(parser)?;
    let others = attributes.others.iter().map(|(_, range)| *range);
    let acknowledged = attributes.acknowledged.iter().map(|(_, range)| *range);
    for range in others.chain(acknowledged) {
        parser.error(
            range,
            "a parameter takes doc comments but no other attribute",
        );
    }
    let name = parser.name("the name of a parameter")?;
    parser.symbol(":", &format!(" and the kind of `{name}`"))?;
    let (kind, domain) = match kind(parser) {
        Ok(parsed) => parsed,
        Err(_) => (ParameterKind::Error, None),
    };
    if matches!(kind, ParameterKind::Error) {
        while parser.next().is_some() {}
    }
    Ok(Parameter {
        docs: attributes.docs,
        name,
        kind,
        domain,
    })
}

fn kind(parser: &mut Parser<'_, '_, '_>) -> Parsed<(ParameterKind, Option<Expression>)> {
    let kind = if parser.at_group(Delimiter::Bracket) {
        let axes = axes(parser)?;
        match parser.take_word("in") {
            Some(_) => ParameterKind::Label {
                axes,
                classes: parser.name("the axis that the label points into")?,
            },
            None => ParameterKind::Tensor {
                axes,
                constant: false,
            },
        }
    } else if parser.take_word("const").is_some() {
        ParameterKind::Tensor {
            axes: axes(parser)?,
            constant: true,
        }
    } else if parser.take_word("id").is_some() {
        ParameterKind::Identity {
            axes: axes(parser)?,
        }
    } else if parser.take_word("mask").is_some() {
        ParameterKind::Mask {
            axes: axes(parser)?,
        }
    } else if parser.take_word("learn").is_some() {
        parser.word("scalar", " after `learn`")?;
        scalar(parser, true)?
    } else if parser.take_word("scalar").is_some() {
        scalar(parser, false)?
    } else if parser.take_word("static").is_some() {
        parser.word("int", " after `static`")?;
        parser.symbol("=", " and the value of the `static int`")?;
        ParameterKind::StaticInt {
            value: parser.number_expression()?,
        }
    } else if parser.take_word("flag").is_some() {
        flag(parser)?
    } else {
        let nearest = match parser.peek() {
            Some(Token::Word(word)) => nearest_name(&word.text, KINDS),
            _ => None,
        };
        let help = nearest.map(|kind| format!("did you mean `{kind}`?"));
        return Err(parser.expected_with(KIND, help));
    };
    let domain = match parser.take_word("where") {
        Some(_) => Some(parser.expression()?),
        None => None,
    };
    parser.finished(after_kind(&kind))?;
    Ok((kind, domain))
}

/// What may follow a kind, for the message about what does not.
fn after_kind(kind: &ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Tensor { constant, .. } if !constant => "`,`, `in` or `where`",
        ParameterKind::Scalar { default: None, .. } => "`,`, `=` or `where`",
        ParameterKind::Flag { default: None } => "`,` or `=`",
        ParameterKind::Tensor { .. } | ParameterKind::Scalar { .. } => "`,` or `where`",
        _ => "`,`",
    }
}

fn scalar(parser: &mut Parser<'_, '_, '_>, learn: bool) -> Parsed<ParameterKind> {
    let default = match parser.take_symbol("=") {
        Some(_) => Some(parser.number_expression()?),
        None => None,
    };
    Ok(ParameterKind::Scalar { learn, default })
}

fn flag(parser: &mut Parser<'_, '_, '_>) -> Parsed<ParameterKind> {
    if parser.take_symbol("=").is_none() {
        return Ok(ParameterKind::Flag { default: None });
    }
    let default = if parser.take_word("true").is_some() {
        true
    } else if parser.take_word("false").is_some() {
        false
    } else {
        return Err(parser.expected("`true` or `false`"));
    };
    Ok(ParameterKind::Flag {
        default: Some(default),
    })
}

/// Reads `[N, C]`; `[]` is a tensor without axes.
fn axes(parser: &mut Parser<'_, '_, '_>) -> Parsed<Vec<Name>> {
    let group = parser.group(Delimiter::Bracket, " and the axes")?;
    parser
        .list(group, "an axis", |item| item.name("an axis"))
        .into_iter()
        .collect()
}

/// Reads all definitions.
pub(super) fn definitions(tokens: &[Token], findings: &mut Findings<'_>) -> Vec<Definition> {
    let end = (
        "the end of the macro".to_owned(),
        tokens
            .last()
            .map_or_else(|| proc_macro2::Span::call_site().into(), Token::range),
    );
    let mut parser = Parser::new(tokens, end, findings);
    let mut definitions = Vec::new();
    while !parser.is_empty() {
        // A `;` after the body of a loss is a habit that harms nobody.
        if parser.take_symbol(";").is_none() {
            definitions.extend(definition(&mut parser));
        }
    }
    definitions
}
