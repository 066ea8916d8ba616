//! Tidy source from a surface tree: what documentation and derivations show.
//!
//! Reading what was printed gives the same tree: parentheses stand exactly where precedence needs
//! them. A line grows to 96 columns; a longer parameter list has a line per parameter, and a longer
//! `if` a line per branch.

use crate::syntax::ast::{
    Block, Definition, Expression, ExpressionKind, Index, Name, Parameter, ParameterKind,
    Precedence, Statement,
};

/// Where a line becomes too long.
const WIDTH: usize = 96;

/// The definition as tidy source, without its doc comments and attributes.
pub fn definition(definition: &Definition) -> String {
    let import = if definition.imported { "@import " } else { "" };
    let visibility = definition.visibility.to_string();
    let blank = if visibility.is_empty() { "" } else { " " };
    let head = format!("{import}{visibility}{blank}{}", definition.name);
    let parameters: Vec<String> = definition.parameters.iter().map(parameter).collect();
    let line = format!("{head}({}) {{", parameters.join(", "));
    let mut text = if line.len() <= WIDTH {
        line
    } else {
        format!("{head}(\n    {},\n) {{", parameters.join(",\n    "))
    };
    text.push('\n');
    text.push_str(&body(&definition.body, 1));
    text.push_str("}\n");
    text
}

/// The parameter as it is declared: `x: [N, D]`.
pub fn parameter(parameter: &Parameter) -> String {
    let mut text = format!("{}: {}", parameter.name, kind(&parameter.kind));
    if let Some(domain) = &parameter.domain {
        text.push_str(" where ");
        text.push_str(&expression(domain));
    }
    text
}

fn kind(kind: &ParameterKind) -> String {
    match kind {
        ParameterKind::Tensor { axes, constant } => {
            format!("{}[{}]", if *constant { "const " } else { "" }, names(axes))
        }
        ParameterKind::Label { axes, classes } => format!("[{}] in {classes}", names(axes)),
        ParameterKind::Identity { axes } => format!("id [{}]", names(axes)),
        ParameterKind::Mask { axes } => format!("mask [{}]", names(axes)),
        ParameterKind::Scalar { learn, default } => {
            let learn = if *learn { "learn " } else { "" };
            match default {
                Some(value) => format!("{learn}scalar = {}", expression(value)),
                None => format!("{learn}scalar"),
            }
        }
        ParameterKind::StaticInt { value } => format!("static int = {}", expression(value)),
        ParameterKind::Flag { default } => match default {
            Some(value) => format!("flag = {value}"),
            None => "flag".to_owned(),
        },
        ParameterKind::Error => "_".to_owned(),
    }
}

fn names(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
    names.join(", ")
}

/// The lines of a body at a depth of indentation.
fn body(block: &Block, depth: usize) -> String {
    let indent = "    ".repeat(depth);
    let mut text = String::new();
    for statement in &block.statements {
        text.push_str(&statement_text(statement, depth));
    }
    let result = fitted(&block.result, depth, indent.len());
    text.push_str(&format!("{indent}{result}\n"));
    text
}

fn statement_text(statement: &Statement, depth: usize) -> String {
    let indent = "    ".repeat(depth);
    match statement {
        Statement::Axis { name, like } => format!("{indent}axis {name} like {like};\n"),
        Statement::Let {
            public,
            name,
            value,
            ..
        } => {
            let public = if *public { "pub " } else { "" };
            let start = format!("{indent}{public}let {name} = ");
            format!("{start}{};\n", fitted(value, depth, start.len() + 1))
        }
        Statement::Function {
            name,
            parameters,
            body: block,
        } => format!(
            "{indent}fn {name}({}) {{\n{}{indent}}}\n",
            names(parameters),
            body(block, depth + 1)
        ),
        Statement::Next { name, value } => {
            let start = format!("{indent}next {name} = ");
            format!("{start}{};\n", fitted(value, depth, start.len() + 1))
        }
        Statement::Weight { factor, value, .. } => {
            let keyword = if *factor { "weight" } else { "denominator" };
            format!("{indent}{keyword} {};\n", expression(value))
        }
    }
}

/// An expression on the rest of a line, or an `if` on several where it is too long for one.
fn fitted(value: &Expression, depth: usize, used: usize) -> String {
    let line = expression(value);
    let multi_line = match &value.kind {
        ExpressionKind::If {
            then, otherwise, ..
        } => {
            used + line.len() > WIDTH
                || !then.statements.is_empty()
                || !otherwise.statements.is_empty()
        }
        _ => false,
    };
    if multi_line {
        conditional_lines(value, depth)
    } else {
        line
    }
}

fn conditional_lines(value: &Expression, depth: usize) -> String {
    let ExpressionKind::If {
        condition,
        then,
        otherwise,
    } = &value.kind
    else {
        return expression(value);
    };
    let indent = "    ".repeat(depth);
    let chained = otherwise.statements.is_empty()
        && matches!(otherwise.result.kind, ExpressionKind::If { .. });
    let rest = if chained {
        conditional_lines(&otherwise.result, depth)
    } else {
        format!("{{\n{}{indent}}}", body(otherwise, depth + 1))
    };
    format!(
        "if {} {{\n{}{indent}}} else {rest}",
        expression(condition),
        body(then, depth + 1)
    )
}

/// The expression on one line.
pub fn expression(value: &Expression) -> String {
    match &value.kind {
        ExpressionKind::Number { text, .. } => text.clone(),
        ExpressionKind::Boolean(value) => value.to_string(),
        ExpressionKind::Pi => "pi".to_owned(),
        ExpressionKind::Name(name) => name.text.clone(),
        ExpressionKind::Size(axis) => format!("size[{axis}]"),
        ExpressionKind::Unary { operator, operand } => {
            // `!a == b` negates the comparison; parentheses say so to a reader.
            let operand = enclosed(operand, Precedence::Negation, true);
            format!("{}{operand}", operator.symbol())
        }
        ExpressionKind::Binary {
            operator,
            left,
            right,
        } => {
            let precedence = operator.precedence();
            // Comparisons do not chain; the other operators group to the left.
            let left_least = if precedence == Precedence::Comparison {
                Precedence::Sum
            } else {
                precedence
            };
            format!(
                "{} {} {}",
                enclosed(left, left_least, false),
                operator.symbol(),
                enclosed(right, precedence.tighter(), true)
            )
        }
        ExpressionKind::If { .. } => conditional_line(value),
        ExpressionKind::Index { base, indices } => {
            let indices: Vec<String> = indices.iter().map(index).collect();
            let base = enclosed(base, Precedence::Atom, false);
            format!("{base}[{}]", indices.join(", "))
        }
        ExpressionKind::Call {
            function,
            arguments,
            settings,
        } => {
            let mut text = format!("{function}({}", list(arguments));
            if !settings.is_empty() {
                let settings: Vec<String> = settings
                    .iter()
                    .map(|(name, value)| format!("{name} = {}", expression(value)))
                    .collect();
                text.push_str("; ");
                text.push_str(&settings.join(", "));
            }
            text.push(')');
            text
        }
        ExpressionKind::Reduce {
            reduction,
            axes,
            filter,
            arguments,
        } => {
            let filter = filter
                .as_ref()
                .map_or_else(String::new, |filter| format!(", {}", expression(filter)));
            let arguments = if arguments.is_empty() {
                String::new()
            } else {
                format!("({})", list(arguments))
            };
            format!("{reduction}[{}{filter}]{arguments}", names(axes))
        }
        ExpressionKind::Unroll {
            reduction,
            variable,
            from,
            to,
            inclusive,
            body,
        } => {
            let dots = if *inclusive { "..=" } else { ".." };
            format!(
                "{reduction}[{variable} in {}{dots}{}]({})",
                expression(from),
                expression(to),
                expression(body)
            )
        }
        ExpressionKind::Error => "_".to_owned(),
    }
}

fn conditional_line(value: &Expression) -> String {
    let ExpressionKind::If {
        condition,
        then,
        otherwise,
    } = &value.kind
    else {
        return expression(value);
    };
    let rest = match &otherwise.result.kind {
        ExpressionKind::If { .. } if otherwise.statements.is_empty() => {
            expression(&otherwise.result)
        }
        _ => braced(otherwise),
    };
    format!("if {} {} else {rest}", expression(condition), braced(then))
}

/// A branch on one line.
fn braced(block: &Block) -> String {
    let statements: String = block
        .statements
        .iter()
        .map(|statement| format!("{} ", statement_text(statement, 0).trim_end()))
        .collect();
    format!("{{ {statements}{} }}", expression(&block.result))
}

fn index(index: &Index) -> String {
    match index {
        Index::Gather { axis, position } => format!("{axis} = {}", expression(position)),
        Index::Rename { from, to } => format!("{from} -> {to}"),
    }
}

fn list(expressions: &[Expression]) -> String {
    let texts: Vec<String> = expressions.iter().map(expression).collect();
    texts.join(", ")
}

/// An operand, in parentheses unless it binds at least as tightly as `least`. An `if` or a prefix
/// operator may stand bare where nothing follows that it would swallow (`last`).
fn enclosed(operand: &Expression, least: Precedence, last: bool) -> String {
    let text = expression(operand);
    let bare = match &operand.kind {
        ExpressionKind::If { .. } => last,
        ExpressionKind::Unary { operator, .. } => operator.precedence() >= least,
        ExpressionKind::Binary { operator, .. } => operator.precedence() >= least,
        _ => true,
    };
    if bare { text } else { format!("({text})") }
}
