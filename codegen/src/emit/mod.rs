//! Emission: from plans to Rust.
//!
//! The only stage that sees `quote`. What is emitted is a product that people read: the
//! struct with its typed methods, its documentation with the formulas, and kernels with names from the
//! definition. It names nothing but `::core`, `::std` and `::loss_dsl`, holds no `unsafe`,
//! and is the same text on every machine.

mod expr;
mod item;
mod kernel;
mod lanes;
mod nest;
mod scope;
mod sharded;
mod stub;
mod vector;
mod warning;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::hazard::Hazard;
use crate::ir::{Gradient, Graph};
use crate::render::{Derivation, Rendered};
use crate::schedule::Plans;
use crate::schedule::plan::{Plan, Step};
use crate::simplify::Report;

pub use sharded::sharded;
pub use stub::stub;

/// What the user wrote around the formula.
#[derive(Clone, Debug)]
pub struct Header {
    /// Who may use the type.
    pub visibility: TokenStream,
    /// Attributes other than documentation.
    pub attributes: Vec<TokenStream>,
    /// The name of the type.
    pub name: Ident,
}

/// What is told of a loss beside its kernels.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Value and gradients.
    pub formulas: &'a Derivation,
    /// What could not be made stable.
    pub hazards: &'a [Hazard],
    /// How the search for better forms went.
    pub report: &'a Report,
}

/// The items of a loss.
pub fn emit(
    header: &Header,
    gradient: &Gradient,
    plans: &Plans,
    account: Account<'_>,
) -> TokenStream {
    let loss = &gradient.loss;
    let name = &header.name;
    let hazards = account.hazards;
    let docs = docs(loss, account.formulas, hazards);
    let warnings = warning::warnings(name, hazards);
    let items = [
        item::settings(header, loss, &docs),
        item::gradients(header, loss),
        item::auxiliary(header, loss),
        item::methods(header, loss),
    ];
    let coupled = item::is_coupled(loss);
    let splittable = !coupled
        && [
            Some(&plans.forward),
            Some(&plans.backward),
            plans.auxiliary.as_ref(),
            plans.weights.as_ref(),
        ]
        .into_iter()
        .flatten()
        .all(|plan| is_splittable(plan, gradient));
    let spec = item::spec(loss, splittable, coupled);
    let derivation = item::derivation(loss, account, &item::plan(&loss.graph, plans));
    let accessors = item::accessors(loss);
    let kernels = kernels(&loss.graph, plans, "");
    let text = loss.name.clone();
    quote! {
        #(#items)*
        #warnings

        impl ::loss_dsl::Loss for #name {
            const NAME: &'static str = #text;

            #spec
            #derivation
            #accessors

            #kernels
        }
    }
}

/// The kernels as methods of a trait, whose names begin with `prefix`.
fn kernels(graph: &Graph, plans: &Plans, prefix: &str) -> TokenStream {
    let name = |kernel: &str| Ident::new(&format!("{prefix}{kernel}_kernel"), Span::call_site());
    let [forward_name, gradient_name, weight_name] = ["forward", "gradient", "weight"].map(name);
    let forward = hygienic(forward(graph, plans));
    let backward = hygienic(kernel::emit(graph, &plans.backward, "Backward"));
    let weight = match &plans.weights {
        Some(plan) => {
            let body = hygienic(kernel::emit(graph, plan, "Weights"));
            quote!(#body true)
        }
        None => quote!(false),
    };
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (call, losses, auxiliary) = (local("call"), local("losses"), local("auxiliary"));
    let (gradients, learn, weights) = (local("gradients"), local("learn"), local("weights"));
    quote! {
        #[allow(unused_variables, unused_parens, clippy::all, clippy::pedantic)]
        fn #forward_name<F: ::loss_dsl::Float>(
            #call: &::loss_dsl::__rt::Call<'_, F>,
            #losses: ::loss_dsl::__rt::Losses<'_, F>,
            #auxiliary: &mut [::std::vec::Vec<F>],
        ) {
            #forward
        }

        #[allow(unused_variables, unused_parens, clippy::all, clippy::pedantic)]
        fn #gradient_name<F: ::loss_dsl::Float>(
            #call: &::loss_dsl::__rt::Call<'_, F>,
            #losses: ::loss_dsl::__rt::Losses<'_, F>,
            #gradients: &mut [::loss_dsl::__rt::TensorMut<'_, F>],
            #learn: &mut [f64],
        ) {
            #backward
        }

        #[allow(unused_variables, unused_parens, clippy::all, clippy::pedantic)]
        fn #weight_name<F: ::loss_dsl::Float>(
            #call: &::loss_dsl::__rt::Call<'_, F>,
            #weights: &mut [F],
        ) -> bool {
            #weight
        }
    }
}

/// The body of evaluation; auxiliary outputs are computed only where the caller has room for them.
fn forward(graph: &Graph, plans: &Plans) -> TokenStream {
    let alone = kernel::emit(graph, &plans.forward, "Forward");
    let Some(plan) = &plans.auxiliary else {
        return alone;
    };
    let with_outputs = kernel::emit(graph, plan, "ForwardAuxiliary");
    quote! {
        if auxiliary.is_empty() {
            #alone
        } else {
            #with_outputs
        }
    }
}

/// The tokens with their local names kept apart from whatever the user's crate has in scope.
fn hygienic(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut tree| {
            if let TokenTree::Group(group) = &tree {
                tree = Group::new(group.delimiter(), hygienic(group.stream())).into();
            }
            tree.set_span(Span::mixed_site());
            tree
        })
        .collect()
}

fn is_splittable(plan: &Plan, gradient: &Gradient) -> bool {
    let loss = &gradient.loss;
    plan.steps.iter().all(|step| match step {
        Step::Nest(nest) => nest::is_splittable(nest, &loss.batch, &loss.graph),
        Step::Contract { .. } | Step::Scatter { .. } | Step::Walk(_) => false,
    })
}

/// The documentation of the type: the user's own, then definition, value and gradients.
fn docs(loss: &crate::ir::Loss, formulas: &Derivation, hazards: &[Hazard]) -> TokenStream {
    let mut text = loss.doc.trim().to_owned();
    if text.is_empty() {
        text = format!("The loss `{}`.", loss.name);
    }
    text.push_str("\n\n```text\n");
    text.push_str(&loss.source);
    text.push_str("\n```\n\n# Value\n\n");
    text.push_str(&shown(&formulas.value));
    text.push_str("\n\n# Gradients\n\nWith the cotangent ḡ, the slope of the total in each sample's loss.\n\n");
    for (name, formula) in &formulas.gradients {
        text.push_str(&format!("∂/∂{name}:\n\n{}\n\n", shown(formula)));
    }
    if !formulas.shared.is_empty() {
        text.push_str("where\n\n");
        for (symbol, formula) in &formulas.shared {
            text.push_str(&format!("{}:\n\n{}\n\n", named(symbol), shown(formula)));
        }
    }
    if !formulas.conventions.is_empty() {
        text.push_str("# Conventions\n\n");
        for convention in &formulas.conventions {
            text.push_str(&format!("* {convention}\n"));
        }
    }
    if !hazards.is_empty() {
        text.push_str("# Hazards\n\n");
        for hazard in hazards {
            text.push_str(&format!("* {}\n", described(hazard)));
        }
    }
    quote!(#[doc = #text])
}

/// A hazard as an item of a list.
fn described(hazard: &Hazard) -> String {
    let outputs: Vec<_> = hazard.outputs.iter().map(ToString::to_string).collect();
    let known = if hazard.acknowledged {
        ", acknowledged"
    } else {
        ""
    };
    format!(
        "`{}`{known}: {} where {}, in {}",
        hazard.kind.name(),
        named(&hazard.expression),
        named(&hazard.condition),
        outputs.join(", "),
    )
}

/// A symbol within a line, typeset and as text.
fn named(symbol: &Rendered) -> String {
    let inline = symbol.mathml.replace(" display=\"block\"", "");
    format!("{inline} (`{}`)", symbol.text)
}

/// Typeset where a browser shows it, as text where an editor does.
fn shown(formula: &Rendered) -> String {
    format!("{}\n\n```text\n{}\n```", formula.mathml, formula.text)
}
