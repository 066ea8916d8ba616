//! The page of a loss.

use std::collections::BTreeSet;

use loss_codegen::explain::{ExplainedRoot, Spelled};
use loss_codegen::hazard::Hazard;
use loss_codegen::render::{Rendered, symbol};
use maud::{Markup, PreEscaped, html};

use super::plot::{Figure, boundary, field, sweep};
use super::scene::Scene;
use super::{Subject, accuracy, prose, site};
use crate::colour::{Class, classified};
use crate::plan;

/// The page of a loss.
pub(crate) fn page(subject: &Subject, names: &BTreeSet<String>) -> Result<String, String> {
    let loss = &subject.compiled;
    let original = &loss.literal.loss;
    let formulas = &loss.derivation;
    let figures = figures(subject)?;
    let accuracy = subject
        .is_built_in
        .then(|| accuracy::table(&original.name))
        .flatten();
    let body = html! {
        h1 { (original.name) }
        p.facts {
            a href={ "../index.html#" (subject.family) } { (subject.family) }
            " · " (subject.place)
            " · " a href={ "../compare.html?a=" (original.name) } { "compare" }
        }
        div.prose { (prose::html(&original.doc, names)) }
        h2 #definition { "Definition" }
        pre tabindex="0" { code { (highlighted(&original.source)) } }
        h2 #value { "Value" }
        (equation("L", &formulas.value))
        @for (name, formula) in &formulas.auxiliary {
            (equation(&symbol::display_name(name), formula))
        }
        h2 #gradients { "Gradients" }
        p { "ḡ is the slope of the total in the loss of a sample." }
        @for (name, formula) in &formulas.gradients {
            (equation(&format!("∂/∂{}", symbol::display_name(name)), formula))
        }
        @if !formulas.shared.is_empty() {
            p { "where" }
            @for (symbol, formula) in &formulas.shared { (equation(&symbol.text, formula)) }
        }
        @if !formulas.conventions.is_empty() {
            h2 #conventions { "Conventions" }
            ul { @for convention in &formulas.conventions { li { (convention) } } }
        }
        @if !loss.hazards.is_empty() {
            h2 #hazards { "Hazards" }
            ul { @for hazard in &loss.hazards { li { (described(hazard)) } } }
        }
        @if !figures.is_empty() {
            h2 #plots { "Plots" }
            div.figures { @for figure in &figures { (site::figure(figure)) } }
        }
        @if let Some(table) = accuracy {
            h2 #accuracy { "Accuracy" }
            (table)
        }
        h2 #derivation { "Derivation" }
        (derivation(subject))
        h2 #plan { "Plan of the kernels" }
        @for (name, kernel) in plan::kernels(&loss.plans) {
            details {
                summary { (name) }
                pre tabindex="0" { (plan::text(&loss.simplified.kernel.loss.graph, kernel)) }
            }
        }
    };
    Ok(site::page(&original.name, "../", &body))
}

/// Left side and formula; a browser that does not know MathML, and whoever wants to copy it, has the text.
fn equation(left: &str, formula: &Rendered) -> Markup {
    html! {
        div.equation {
            div.formula tabindex="0" {
                span.left { (left) " =" }
                (PreEscaped(&formula.mathml))
            }
            details.source {
                summary { "as text" }
                pre tabindex="0" { (left) " = " (formula.text) }
                pre tabindex="0" { (formula.latex) }
            }
        }
    }
}

fn described(hazard: &Hazard) -> Markup {
    let outputs: Vec<String> = hazard.outputs.iter().map(ToString::to_string).collect();
    let inline = |formula: &Rendered| PreEscaped(formula.mathml.replace(" display=\"block\"", ""));
    html! {
        code { (hazard.kind.name()) } ": " (inline(&hazard.expression)) " where " (inline(&hazard.condition))
        ", in " (outputs.join(", "))
        @if hazard.acknowledged { "; the author knows" } @else { "; " (hazard.remedy) }
    }
}

/// Source with a class a token.
fn highlighted(source: &str) -> Markup {
    let Some(parts) = classified(source) else {
        return html! { (source) };
    };
    html! {
        @for (class, part) in parts {
            @match css(class) {
                Some(name) => span class=(name) { (part) },
                None => (part),
            }
        }
    }
}

fn css(class: Class) -> Option<&'static str> {
    match class {
        Class::Plain => None,
        Class::Keyword => Some("keyword"),
        Class::Type => Some("type"),
        Class::Function => Some("function"),
        Class::Number => Some("number"),
        Class::Text => Some("text"),
        Class::Comment => Some("comment"),
    }
}

/// What was recognised, then every output step by step.
fn derivation(subject: &Subject) -> Markup {
    let explained = &subject.explained;
    html! {
        @if !explained.recognised.is_empty() {
            details {
                summary { "recognised in the definition" }
                ul { @for recognised in &explained.recognised { li { code { (recognised) } } } }
            }
        }
        @for root in &explained.roots { (steps(root)) }
    }
}

fn steps(root: &ExplainedRoot) -> Markup {
    let count = root.steps.len();
    let plural = if count == 1 { "step" } else { "steps" };
    html! {
        details {
            summary { (root.name) ": " (count) " " (plural) }
            (spelled(&root.name, &root.literal))
            @if count > 0 {
                ol.steps {
                    @for step in &root.steps {
                        li {
                            span.rule { (step.reason.name) @if step.backwards { ", right to left" } }
                            " " code { (step.reason.lhs) " → " (step.reason.rhs) }
                            pre tabindex="0" {
                                "  " (step.before) "\n→ " (step.after)
                                @for (name, part) in &step.parts { "\n    where " (name) " = " (part) }
                            }
                        }
                    }
                }
                (spelled(&root.name, &root.result))
            }
        }
    }
}

fn spelled(name: &str, spelled: &Spelled) -> Markup {
    html! {
        pre tabindex="0" {
            (name) " = " (spelled.text)
            @for (name, part) in &spelled.parts { "\n    where " (name) " = " (part) }
        }
    }
}

/// What can be drawn of the loss.
fn figures(subject: &Subject) -> Result<Vec<Figure>, String> {
    let Some(mut scene) = Scene::new(&subject.compiled) else {
        return Ok(vec![]);
    };
    let graph = &subject.compiled.simplified.kernel.loss.graph;
    let name = symbol::display_name(&graph.param(scene.array()).name);
    let mut figures = vec![sweep(&mut scene)?];
    if scene.has_plane() {
        figures.push(field(&mut scene, &name)?);
        figures.extend(boundary(&mut scene, &name)?);
    }
    Ok(figures)
}
