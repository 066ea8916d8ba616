//! The macro as a function: tokens in, items or errors out.
//!
//! A loss can be used inside another one that is defined elsewhere, even in another crate. A
//! macro sees only its own tokens, so every loss comes with a hidden macro of its own name that
//! knows its definition: `loss!` meets an unknown `Focal(…)` and expands to
//! `Focal! { @into { … } }`, which expands to `loss! { @import Focal(…) { … } … }`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::compile::{Compiled, compile_definitions, compile_loss, header};
use crate::emit;
use crate::sema;
use crate::support::Diagnostics;
use crate::syntax::ast::Definition;
use crate::syntax::{self, print};

/// Which kernels a loss gets beside its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernels {
    /// Those for an axis that is spread over ranks.
    pub sharded: bool,
}

/// Expands `loss! { input }`: the items of every loss, or every mistake together with the
/// interface of every loss, so that no further errors follow.
pub fn expand(input: TokenStream) -> TokenStream {
    expand_with(input, Kernels::default())
}

/// As [`expand`], with more kernels.
pub fn expand_with(input: TokenStream, kernels: Kernels) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let definitions = without_repeated_imports(syntax::parse(input.clone(), &mut diagnostics));
    if diagnostics.is_empty()
        && let Some(name) = sema::foreign_losses(&definitions).first()
    {
        let name = Ident::new(name, Span::call_site());
        return quote!(#name! { @into { #input } });
    }
    match compile_definitions(&definitions, diagnostics) {
        Ok(losses) => losses
            .iter()
            .map(|loss| items(loss, &definitions, kernels))
            .collect(),
        Err(diagnostics) => {
            let mut tokens = diagnostics.to_compile_errors();
            let own = definitions.iter().filter(|definition| !definition.imported);
            tokens.extend(own.map(|definition| interface(definition, &definitions, kernels)));
            tokens
        }
    }
}

/// The items of the one definition `name` among `definitions`, with the mistakes found in reading them.
///
/// # Errors
/// All mistakes, each at its tokens.
///
/// # Panics
/// If no definition has that name.
pub fn expand_one(
    name: &str,
    definitions: &[Definition],
    diagnostics: Diagnostics,
) -> Result<TokenStream, Diagnostics> {
    let losses = compile_definitions(definitions, diagnostics)?;
    let named = |loss: &&Compiled| loss.literal.loss.name == name;
    let loss = losses.iter().find(named).expect("a definition of the name");
    Ok(items(loss, definitions, Kernels::default()))
}

/// Two losses may bring in the same third one.
fn without_repeated_imports(definitions: Vec<Definition>) -> Vec<Definition> {
    let mut kept: Vec<Definition> = vec![];
    for definition in definitions {
        let repeated = definition.imported
            && kept
                .iter()
                .any(|d| d.imported && d.name.text == definition.name.text);
        if !repeated {
            kept.push(definition);
        }
    }
    kept
}

fn items(loss: &Compiled, definitions: &[Definition], kernels: Kernels) -> TokenStream {
    let mut items = emit::emit(
        &loss.header,
        &loss.simplified.kernel,
        &loss.plans,
        loss.account(),
    );
    if kernels.sharded {
        let graph = &loss.simplified.kernel.loss.graph;
        items.extend(emit::sharded(&loss.header, graph, loss.sharded().as_ref()));
    }
    let definition = definitions
        .iter()
        .find(|d| !d.imported && d.name.text == loss.literal.loss.name)
        .expect("a compiled loss comes from a definition");
    items.extend(own_macro(definition, definitions));
    items
}

/// The fields and methods of a loss beside errors; the bare type where its header is at fault.
fn interface(definition: &Definition, definitions: &[Definition], kernels: Kernels) -> TokenStream {
    let header = header(definition);
    match sema::outline(definition) {
        Some(outline) => items(&compile_loss(header, outline), definitions, kernels),
        None => emit::stub(&header),
    }
}

/// What lets others compile a definition again: its source as a constant, and the hidden macro that brings it into
/// another definition.
fn own_macro(definition: &Definition, definitions: &[Definition]) -> TokenStream {
    let used: String = sema::used_by(definition, definitions)
        .into_iter()
        .map(|used| format!("@import {}\n", print::definition(&bare(used))))
        .collect();
    let own = print::definition(&bare(definition));
    let alone = format!("{used}{own}");
    let text = format!("{used}@import {own}\n");
    let Ok(source) = text.parse::<TokenStream>() else {
        return TokenStream::new();
    };
    let name = Ident::new(&definition.name.text, Span::call_site());
    let of = &header(definition).name;
    let hidden = format_ident!(
        "__loss_{}_{:016x}",
        definition.name.text,
        fingerprint(&text)
    );
    let visibility = &definition.visibility.tokens;
    let export = (!visibility.is_empty()).then(|| quote!(#[macro_export]));
    quote! {
        impl ::loss_dsl::Source for #of {
            const SOURCE: &'static str = #alone;
        }
        #[doc(hidden)]
        #export
        #[allow(unused_macros, non_local_definitions)]
        macro_rules! #hidden {
            (@into { $($rest:tt)* }) => { ::loss_dsl::loss! { #source $($rest)* } };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        #visibility use #hidden as #name;
    }
}

/// The definition without what does not change its meaning.
fn bare(definition: &Definition) -> Definition {
    let mut bare = definition.clone();
    bare.imported = false;
    bare.docs.clear();
    bare.attributes.clear();
    bare.acknowledged.clear();
    bare.visibility = Default::default();
    for parameter in &mut bare.parameters {
        parameter.docs.clear();
    }
    bare
}

/// FNV-1a: the same on every machine.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
