//! `cargo loss show`

use loss_codegen::compile::Compiled;
use loss_codegen::hazard::Hazard;
use loss_codegen::ir::{Param, Role};
use loss_codegen::render::symbol::{self, Symbol, SymbolRole};
use loss_codegen::render::{Formula, Rendered};
use loss_codegen::simplify::Stop;
use serde_json::{Value, json};

use super::{Outcome, heading};
use crate::book::{Book, Entry};
use crate::cli::Format;
use crate::{colour, dot};

pub(super) fn run(book: &Book, entry: Entry<'_>, format: Format) -> Result<Outcome, String> {
    let loss = book.compile(entry)?;
    match format {
        Format::Text => print_text(&loss),
        Format::Latex => anstream::println!("{}", latex(&loss)),
        Format::Mathml => anstream::println!("{}", mathml(&loss)),
        Format::Json => {
            let json = serde_json::to_string_pretty(&json(&loss, &entry.place()));
            anstream::println!("{}", json.expect("strings and numbers"));
        }
        Format::Dot => anstream::print!("{}", dot::graph(&loss.simplified.formula)),
    }
    Ok(Outcome::Good)
}

/// The left sides and the formulas, in the order in which they are read: the value, further outputs, gradients.
fn equations(loss: &Compiled) -> Vec<(Left, &Rendered)> {
    let formulas = &loss.derivation;
    let auxiliary = formulas.auxiliary.iter();
    let gradients = formulas.gradients.iter();
    [(Left::Value, &formulas.value)]
        .into_iter()
        .chain(auxiliary.map(|(name, formula)| (Left::Output(name.clone()), formula)))
        .chain(gradients.map(|(name, formula)| (Left::Slope(name.clone()), formula)))
        .collect()
}

/// What an equation is about.
enum Left {
    Value,
    Output(String),
    Slope(String),
}

impl Left {
    fn text(&self) -> String {
        match self {
            Left::Value => "L".to_owned(),
            Left::Output(name) => symbol::display_name(name),
            Left::Slope(name) => format!("∂/∂{}", symbol::display_name(name)),
        }
    }

    fn latex(&self) -> String {
        match self {
            Left::Value => "L".to_owned(),
            Left::Output(name) => symbol_of(name),
            Left::Slope(name) => format!("\\frac{{\\partial L}}{{\\partial {}}}", symbol_of(name)),
        }
    }
}

/// A name as formulas have it.
fn symbol_of(name: &str) -> String {
    Formula::Symbol(Symbol::named(name, SymbolRole::Tensor)).latex()
}

fn print_text(loss: &Compiled) {
    let formulas = &loss.derivation;
    let original = &loss.literal.loss;
    let name = anstyle::Style::new().bold();
    anstream::println!("{name}{}{name:#}", original.name);
    if let Some(sentence) = original.doc.trim().split("\n\n").next()
        && !sentence.is_empty()
    {
        anstream::println!("{}", sentence.replace('\n', " "));
    }
    anstream::println!("\n{}", heading("definition"));
    anstream::print!("{}", colour::painted(&original.source));
    for (i, (left, formula)) in equations(loss).iter().enumerate() {
        match i {
            0 => anstream::println!("\n{}", heading("value")),
            1 => anstream::println!("\n{}", heading("gradients")),
            _ => {}
        }
        anstream::println!("{} = {}", left.text(), formula.text);
    }
    if !formulas.shared.is_empty() {
        anstream::println!("\n{}", heading("where"));
    }
    for (symbol, formula) in &formulas.shared {
        anstream::println!("{} = {}", symbol.text, formula.text);
    }
    if !formulas.conventions.is_empty() {
        anstream::println!("\n{}", heading("conventions"));
    }
    for convention in &formulas.conventions {
        anstream::println!("{convention}");
    }
    if !loss.hazards.is_empty() {
        anstream::println!("\n{}", heading("hazards"));
    }
    for hazard in &loss.hazards {
        let outputs = outputs(hazard).join(", ");
        let known = if hazard.acknowledged {
            "acknowledged"
        } else {
            &hazard.remedy
        };
        let (kind, expression, condition) = (
            hazard.kind.name(),
            &hazard.expression.text,
            &hazard.condition.text,
        );
        anstream::println!("{kind}: {expression} where {condition}, in {outputs}; {known}");
    }
    if loss.report.stop != Stop::Saturated {
        let nodes = loss.report.nodes;
        anstream::println!("\n{}", heading("search"));
        anstream::println!("stopped at {nodes} e-nodes: better forms may exist");
    }
}

fn latex(loss: &Compiled) -> String {
    let equations = equations(loss);
    let equations = equations
        .iter()
        .map(|(left, formula)| (left.latex(), &formula.latex));
    let shared = loss.derivation.shared.iter();
    let shared = shared.map(|(symbol, formula)| (symbol.latex.clone(), &formula.latex));
    let lines = equations.chain(shared);
    let lines: Vec<String> = lines
        .map(|(left, right)| format!("  {left} &= {right}"))
        .collect();
    format!(
        "\\begin{{aligned}}\n{}\n\\end{{aligned}}",
        lines.join(" \\\\\n")
    )
}

/// A paragraph an equation.
fn mathml(loss: &Compiled) -> String {
    let lefts = equations(loss);
    let lefts = lefts.iter().map(|(left, formula)| (left.text(), *formula));
    let shared = loss.derivation.shared.iter();
    let shared = shared.map(|(symbol, formula)| (symbol.text.clone(), formula));
    let paragraphs = lefts.chain(shared);
    let paragraphs: Vec<String> = paragraphs
        .map(|(left, formula)| format!("<p>{left} =</p>\n{}", formula.mathml))
        .collect();
    paragraphs.join("\n")
}

/// Everything that is known.
fn json(loss: &Compiled, place: &str) -> Value {
    let formula = |r: &Rendered| json!({ "text": r.text, "latex": r.latex, "mathml": r.mathml });
    let named = |list: &[(String, Rendered)]| -> Vec<Value> {
        let entries = list.iter();
        entries
            .map(|(name, r)| json!({ "name": name, "formula": formula(r) }))
            .collect()
    };
    let original = &loss.literal.loss;
    let graph = &original.graph;
    let axes = |axes: &[loss_codegen::ir::AxisId]| -> Vec<&str> {
        axes.iter()
            .map(|&axis| graph.axis(axis).name.as_str())
            .collect()
    };
    let declared = graph.params().iter().filter(|p| p.role != Role::Cotangent);
    let parameters: Vec<Value> = declared
        .map(|param| json!({ "name": param.name, "kind": kind(param), "axes": axes(&param.axes), "doc": param.doc.trim() }))
        .collect();
    let formulas = &loss.derivation;
    let shared = formulas.shared.iter();
    let shared: Vec<Value> = shared
        .map(|(symbol, r)| json!({ "symbol": formula(symbol), "formula": formula(r) }))
        .collect();
    let hazards = loss.hazards.iter().map(|hazard| {
        json!({
            "kind": hazard.kind.name(),
            "expression": formula(&hazard.expression),
            "condition": formula(&hazard.condition),
            "outputs": outputs(hazard),
            "remedy": hazard.remedy,
            "acknowledged": hazard.acknowledged,
        })
    });
    json!({
        "name": original.name,
        "place": place,
        "doc": original.doc.trim(),
        "definition": original.source,
        "parameters": parameters,
        "batch": axes(&original.batch),
        "value": formula(&formulas.value),
        "outputs": named(&formulas.auxiliary),
        "gradients": named(&formulas.gradients),
        "shared": shared,
        "conventions": formulas.conventions,
        "hazards": hazards.collect::<Vec<_>>(),
        "search": {
            "e_nodes": loss.report.nodes,
            "saturated": loss.report.stop == Stop::Saturated,
        },
    })
}

fn outputs(hazard: &Hazard) -> Vec<String> {
    hazard.outputs.iter().map(ToString::to_string).collect()
}

/// The kind of a parameter by the words of the language.
fn kind(param: &Param) -> &'static str {
    match param.role {
        Role::Tensor {
            differentiable: true,
        } => "tensor",
        Role::Tensor {
            differentiable: false,
        } => "const",
        Role::Label(_) => "label",
        Role::Identity => "id",
        Role::Mask => "mask",
        Role::Scalar { learn: true, .. } => "learn scalar",
        Role::Scalar { learn: false, .. } => "scalar",
        Role::Flag(_) => "flag",
        Role::Static(_) => "static int",
        Role::Cotangent => "cotangent",
    }
}
