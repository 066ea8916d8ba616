//! What is around the pages: their frame, the index, the comparison, the charts of families.

use std::collections::BTreeMap;

use loss_codegen::compile::Compiled;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::plot::{Figure, focal, margins, psi};
use super::{Subject, Summary};
use crate::book::Book;

/// A whole page; `root` leads from it to the folder of the atlas.
pub(crate) fn page(title: &str, root: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · atlas of losses" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href={ (root) "style.css" };
                script src={ (root) "data.js" } {}
                script src={ (root) "atlas.js" } defer {}
            }
            body data-root=(root) {
                a.skip href="#content" { "to the content" }
                header {
                    nav aria-label="atlas" {
                        a href={ (root) "index.html" } { "atlas of losses" }
                        a href={ (root) "figures.html" } { "figures" }
                        a href={ (root) "compare.html" } { "compare" }
                    }
                    button #theme type="button" { "light or dark" }
                }
                main #content { (body) }
            }
        }
    };
    page.into_string()
}

/// A figure with its caption.
pub(crate) fn figure(figure: &Figure) -> Markup {
    html! {
        figure {
            (PreEscaped(&figure.svg))
            figcaption { (figure.caption) }
        }
    }
}

/// What the script searches and compares of a loss.
pub(crate) fn data(subject: &Subject) -> Value {
    let loss = &subject.compiled.literal.loss;
    let formulas = &subject.compiled.derivation;
    let gradients = formulas.gradients.iter();
    let gradients: Vec<_> = gradients
        .map(|(name, formula)| json!([name, formula.mathml]))
        .collect();
    let shared = formulas.shared.iter();
    let shared: Vec<_> = shared
        .map(|(symbol, formula)| json!([symbol.text, formula.mathml]))
        .collect();
    json!({
        "name": loss.name,
        "family": subject.family,
        "summary": subject.summary(),
        "definition": loss.source,
        "value": formulas.value.mathml,
        "gradients": gradients,
        "shared": shared,
        "conventions": formulas.conventions,
    })
}

/// The data of all losses as a script: a page from a file cannot fetch another file, but it can run it.
pub(crate) fn script(losses: &[Summary]) -> String {
    let losses: Vec<&Value> = losses.iter().map(|loss| &loss.data).collect();
    format!("window.LOSSES = {};\n", json!(losses))
}

/// All losses by family, with a search.
pub(crate) fn index(losses: &[Summary]) -> String {
    let mut families: BTreeMap<&str, Vec<&Summary>> = BTreeMap::new();
    for loss in losses {
        families.entry(&loss.family).or_default().push(loss);
    }
    let body = html! {
        h1 { "Atlas of losses" }
        p { "Each loss with its gradients, as the compiler derived them; how it came to them; and what they look like." }
        form.search role="search" {
            label { "search " input #search type="search" autocomplete="off"; }
            label {
                "family "
                select #family {
                    option value="" { "all" }
                    @for family in families.keys() { option value=(family) { (family) } }
                }
            }
            output #count aria-live="polite" { (losses.len()) " losses" }
        }
        @for (family, members) in &families {
            section #(family) data-family=(family) {
                h2 { (family) }
                ul.losses {
                    @for loss in members {
                        li data-name=(loss.name) {
                            a href={ "loss/" (loss.name) ".html" } { (loss.name) }
                            span.summary { (plain(&loss.summary)) }
                        }
                    }
                }
            }
        }
    };
    page("losses", "", &body)
}

/// A sentence of Markdown without its marks.
fn plain(text: &str) -> String {
    text.replace(['`', '[', ']'], "").replace('\n', " ")
}

/// Two losses side by side; the script fills it.
pub(crate) fn compare(losses: &[Summary]) -> String {
    let choice = |id: &str, name: &str| {
        html! {
            label {
                (name) " "
                select id=(id) {
                    @for loss in losses { option value=(loss.name) { (loss.name) } }
                }
            }
        }
    };
    let body = html! {
        h1 { "Compare two losses" }
        form.search { (choice("a", "first")) (choice("b", "second")) }
        div #comparison.comparison aria-live="polite" {}
        noscript { p { "The comparison needs scripts." } }
    };
    page("compare", "", &body)
}

/// The charts of families.
pub(crate) fn figures(book: &Book) -> Result<String, String> {
    let compiled = |name: &str| book.compile(book.find(name)?);
    let named = |pairs: &[(&'static str, &str)]| -> Result<Vec<(&'static str, Compiled)>, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(shown, name)| Ok((*shown, compiled(name)?)))
            .collect()
    };
    let margin = named(&[
        ("softmax", "NormFace"),
        ("A-Softmax, m = 4", "ASoftmax"),
        ("CosFace, m = 0.35", "CosFace"),
        ("ArcFace, m = 0.5", "ArcFaceContinuous"),
    ])?;
    let large = named(&[
        ("m = 1", "LSoftmax1"),
        ("m = 2", "LSoftmax2"),
        ("m = 3", "LSoftmax3"),
        ("m = 4", "LSoftmax"),
    ])?;
    let all = [margins(&margin)?, psi(&large)?, focal(&compiled("Focal")?)?];
    let body = html! {
        h1 { "Figures of families" }
        div.figures { @for one in &all { (figure(one)) } }
    };
    Ok(page("figures", "", &body))
}
