//! The formulas as data, for `derivation()`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::Account;
use crate::ir::Loss;
use crate::render::symbol::{Symbol, SymbolRole};
use crate::render::{Formula, Rendered};
use crate::simplify::Stop;

/// The formulas as data.
pub(in crate::emit) fn derivation(
    loss: &Loss,
    account: Account<'_>,
    plan: &TokenStream,
) -> TokenStream {
    let Account {
        formulas,
        hazards,
        report,
    } = account;
    let formula = |r: &Rendered| {
        let (text, latex) = (&r.text, &r.latex);
        quote!(::loss_dsl::Formula { text: #text, latex: #latex })
    };
    let (name, source) = (&loss.name, &loss.source);
    let value = formula(&formulas.value);
    let slopes = formulas.gradients.iter().map(|(name, slope)| {
        let symbol = Rendered::of(&Formula::Symbol(Symbol::named(name, SymbolRole::Tensor)));
        let (symbol, slope) = (formula(&symbol), formula(slope));
        quote!(::loss_dsl::GradientFormula { parameter: #name, symbol: #symbol, slope: #slope })
    });
    let shared = formulas.shared.iter().map(|(symbol, r)| {
        let (symbol, formula) = (formula(symbol), formula(r));
        quote!((#symbol, #formula))
    });
    let conventions = &formulas.conventions;
    let hazards = hazards.iter().map(|hazard| {
        let name = hazard.kind.name();
        let (expression, condition) = (formula(&hazard.expression), formula(&hazard.condition));
        let outputs = hazard.outputs.iter().map(ToString::to_string);
        let (remedy, acknowledged) = (&hazard.remedy, hazard.acknowledged);
        quote! {
            ::loss_dsl::Hazard {
                name: #name,
                expression: #expression,
                condition: #condition,
                outputs: &[#(#outputs),*],
                remedy: #remedy,
                acknowledged: #acknowledged,
            }
        }
    });
    let (e_nodes, saturated) = (report.nodes, report.stop == Stop::Saturated);
    quote! {
        fn derivation() -> &'static ::loss_dsl::Derivation {
            static DERIVATION: ::loss_dsl::Derivation = ::loss_dsl::Derivation {
                name: #name,
                definition: #source,
                value: #value,
                gradients: &[#(#slopes),*],
                shared: &[#(#shared),*],
                conventions: &[#(#conventions),*],
                hazards: &[#(#hazards),*],
                search: ::loss_dsl::Search { e_nodes: #e_nodes, saturated: #saturated },
                plan: #plan,
            };
            &DERIVATION
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;

    #[test]
    fn a_search_that_was_stopped_is_told() {
        let source = "pub Same(z: [N, C], y: [N] in C) { lse[C](z) - z[C = y] }";
        let compiled = compile(source.parse().expect("tokens"));
        let mut compiled = compiled.expect("no mistakes").remove(0);
        for stop in [Stop::Saturated, Stop::Nodes, Stop::Iterations] {
            compiled.report.stop = stop;
            let (loss, account) = (&compiled.literal.loss, compiled.account());
            let tokens = derivation(loss, account, &quote!(PLAN)).to_string();
            let saturated = tokens.contains("saturated : true");
            assert_eq!(saturated, stop == Stop::Saturated, "{tokens}");
        }
    }
}
