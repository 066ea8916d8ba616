//! The items of a loss: struct, gradients, typed methods, the trait.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::Header;
use crate::ir::{AxisId, Graph, Loss, Param, Range, Role};
use crate::render::{Derivation, Rendered};

/// Parameters as arguments, in order: what a method takes and how it passes it on.
pub(super) struct Arguments {
    /// `x: &ArrayRef<F, Dx>, …`
    list: Vec<TokenStream>,
    /// The same with lifetime `'a`.
    borrowed: Vec<TokenStream>,
    /// `Dx: Dimension, …`, `Ly: Label, …`
    generics: Vec<TokenStream>,
    /// `.real(x)…`
    pass: Vec<TokenStream>,
    names: Vec<Ident>,
}

/// A parameter with its id and the identifier of its field or argument.
pub(super) struct Field<'l> {
    pub(super) param: &'l Param,
    pub(super) name: Ident,
}

pub(super) fn fields<'l>(loss: &'l Loss, keep: impl Fn(&Role) -> bool) -> Vec<Field<'l>> {
    loss.graph
        .params()
        .iter()
        .filter(|p| keep(&p.role))
        .map(|param| Field {
            param,
            name: super::scope::raw_ident(&param.name),
        })
        .collect()
}

pub(super) fn is_array(role: &Role) -> bool {
    matches!(role, Role::Tensor { .. } | Role::Label(_) | Role::Mask)
}

pub(super) fn is_differentiable_tensor(role: &Role) -> bool {
    matches!(
        role,
        Role::Tensor {
            differentiable: true
        }
    )
}

fn is_setting(role: &Role) -> bool {
    matches!(role, Role::Scalar { .. } | Role::Flag(_))
}

fn is_learnt(role: &Role) -> bool {
    matches!(role, Role::Scalar { learn: true, .. })
}

pub(super) fn dimension(name: &Ident) -> Ident {
    format_ident!("D{}", name.to_string().trim_start_matches("r#"))
}

impl Arguments {
    pub(super) fn of(loss: &Loss) -> Self {
        let mut arguments = Arguments {
            list: vec![],
            borrowed: vec![],
            generics: vec![],
            pass: vec![],
            names: vec![],
        };
        for Field { param, name } in fields(loss, is_array) {
            let dim = dimension(&name);
            let plain = name.to_string().trim_start_matches("r#").to_owned();
            let (element, method) = match param.role {
                Role::Label(_) => {
                    let label = format_ident!("L{plain}");
                    arguments.generics.push(quote!(#label: ::loss_dsl::Label));
                    (quote!(#label), quote!(labels))
                }
                Role::Mask => {
                    let mask = format_ident!("M{plain}");
                    arguments
                        .generics
                        .push(quote!(#mask: ::loss_dsl::MaskElement));
                    (quote!(#mask), quote!(mask))
                }
                _ => (quote!(F), quote!(real)),
            };
            arguments
                .generics
                .push(quote!(#dim: ::loss_dsl::__rt::Dimension));
            let array = quote!(::loss_dsl::__rt::ArrayRef<#element, #dim>);
            arguments.list.push(quote!(#name: &#array));
            arguments.borrowed.push(quote!(#name: &'a #array));
            arguments.pass.push(quote!(.#method(#name)));
            arguments.names.push(name);
        }
        arguments
    }
}

/// The struct with its defaults.
pub(super) fn settings(header: &Header, loss: &Loss, docs: &TokenStream) -> TokenStream {
    let Header {
        visibility,
        name,
        attributes,
        ..
    } = header;
    let settings = fields(loss, is_setting);
    let declare = settings.iter().map(|Field { param, name }| {
        let doc = setting_doc(param);
        let ty = if matches!(param.role, Role::Flag(_)) {
            quote!(bool)
        } else {
            quote!(f64)
        };
        quote!(#[doc = #doc] pub #name: #ty,)
    });
    let defaults = settings
        .iter()
        .map(|Field { param, name }| match param.role {
            Role::Flag(default) => quote!(#name: #default,),
            Role::Scalar { default, .. } => {
                let value = Literal::f64_suffixed(default);
                if default < 0.0 {
                    let size = Literal::f64_suffixed(-default);
                    quote!(#name: -#size,)
                } else {
                    quote!(#name: #value,)
                }
            }
            _ => TokenStream::new(),
        });
    let statics = loss.graph.params().iter().filter_map(|p| {
        let Role::Static(value) = p.role else {
            return None;
        };
        let name = format_ident!("{}", p.name.to_uppercase());
        let doc = format!("The compile-time constant `{}` of the definition.", p.name);
        Some(quote!(#[doc = #doc] pub const #name: i64 = #value;))
    });
    let statics: TokenStream = statics.collect();
    let statics = (!statics.is_empty()).then(|| quote!(impl #name { #statics }));
    quote! {
        #docs
        #(#attributes)*
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #name {
            #(#declare)*
            /// Reduction, normaliser, ignored label and sample weights.
            pub options: ::loss_dsl::Options,
        }

        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self { #(#defaults)* options: ::core::default::Default::default() }
            }
        }

        #statics
    }
}

fn setting_doc(param: &Param) -> String {
    let mut doc = if param.doc.is_empty() {
        String::new()
    } else {
        format!("{}\n\n", param.doc)
    };
    match param.role {
        Role::Flag(default) => doc.push_str(&format!("Run-time switch, default `{default}`.")),
        Role::Scalar { learn, default, .. } => {
            let kind = if learn {
                "Learnt scalar"
            } else {
                "Run-time scalar"
            };
            doc.push_str(&format!("{kind}, default {default}"));
            if param.range != Range::REAL {
                doc.push_str(&format!(", in {}", interval(param.range)));
            }
            doc.push('.');
        }
        _ => {}
    }
    doc
}

fn interval(range: Range) -> String {
    let low = if range.lo_open { '(' } else { '[' };
    let high = if range.hi_open { ')' } else { ']' };
    format!("{low}{}, {}{high}", range.lo, range.hi)
}

/// The struct of gradients.
pub(super) fn gradients(header: &Header, loss: &Loss) -> TokenStream {
    let Header {
        visibility, name, ..
    } = header;
    let gradients = format_ident!("{name}Gradients");
    let tensors = fields(loss, is_differentiable_tensor);
    let learnt = fields(loss, is_learnt);
    let dims: Vec<_> = tensors.iter().map(|f| dimension(&f.name)).collect();
    let ranks: Vec<_> = tensors
        .iter()
        .map(|f| {
            if f.param.axes.len() <= 6 {
                format_ident!("Ix{}", f.param.axes.len())
            } else {
                format_ident!("IxDyn")
            }
        })
        .collect();
    let names: Vec<_> = tensors.iter().map(|f| &f.name).collect();
    let scalars: Vec<_> = learnt.iter().map(|f| &f.name).collect();
    let doc = format!("Gradients of [`{name}`].");
    let field_docs = tensors
        .iter()
        .map(|f| format!("By `{}`, in its shape.", f.param.name));
    let scalar_docs = learnt.iter().map(|f| format!("By `{}`.", f.param.name));
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #gradients<F #(, #dims: ::loss_dsl::__rt::Dimension = ::loss_dsl::__rt::#ranks)*> {
            #(#[doc = #field_docs] pub #names: ::loss_dsl::__rt::Array<F, #dims>,)*
            #(#[doc = #scalar_docs] pub #scalars: F,)*
        }

        impl<F: ::loss_dsl::Float #(, #dims: ::loss_dsl::__rt::Dimension)*> #gradients<F #(, #dims)*> {
            /// Zeros in the shapes and memory orders of the inputs.
            pub fn like(#(#names: &::loss_dsl::__rt::ArrayRef<F, #dims>),*) -> Self {
                Self {
                    #(#names: ::loss_dsl::__rt::gradient_like(#names),)*
                    #(#scalars: F::ZERO,)*
                }
            }

            fn targets(&mut self) -> ::loss_dsl::GradientTargets<'_, F> {
                ::loss_dsl::GradientTargets::new()
                    #(.tensor(&mut self.#names))*
                    #(.scalar(&mut self.#scalars))*
            }
        }
    }
}

/// The typed methods.
pub(super) fn methods(header: &Header, loss: &Loss) -> TokenStream {
    let name = &header.name;
    let gradients = format_ident!("{name}Gradients");
    let Arguments {
        list,
        borrowed,
        generics,
        pass,
        names,
    } = &Arguments::of(loss);
    let tensors = fields(loss, is_differentiable_tensor);
    let learnt = fields(loss, is_learnt);
    let dims: Vec<_> = tensors.iter().map(|f| dimension(&f.name)).collect();
    let inputs: Vec<_> = tensors.iter().map(|f| &f.name).collect();
    let scalars: Vec<_> = learnt.iter().map(|f| &f.name).collect();
    let ordinals: Vec<_> = (0..tensors.len()).collect();
    let shapes = shapes_doc(loss);
    let auxiliary = auxiliary_method(header, loss);
    let result = |ok: TokenStream| quote!(::core::result::Result<#ok, ::loss_dsl::Error>);
    let value = result(quote!(::loss_dsl::Value<F>));
    let both = result(quote!((::loss_dsl::Value<F>, #gradients<F #(, #dims)*>)));
    let saved =
        result(quote!((::loss_dsl::Value<F>, ::loss_dsl::Saved<'a, Self, F, (#(#dims,)*)>)));
    let slopes = result(quote!(#gradients<F #(, #dims)*>));
    quote! {
        #[allow(clippy::too_many_arguments, clippy::type_complexity)]
        impl #name {
            /// The value, reduced as the options say.
            ///
            #[doc = #shapes]
            ///
            /// # Errors
            /// If shapes, labels, scalars or options do not fit the definition.
            pub fn forward<F: ::loss_dsl::Float #(, #generics)*>(&self #(, #list)*) -> #value {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::evaluate(self, &inputs)
            }

            /// The value and its gradients.
            ///
            #[doc = #shapes]
            ///
            /// # Errors
            /// As [`forward`](Self::forward).
            pub fn value_and_grad<F: ::loss_dsl::Float #(, #generics)*>(&self #(, #list)*) -> #both {
                let mut gradients = #gradients::like(#(#inputs),*);
                let value = self.value_and_grad_into(#(#names,)* &mut gradients)?;
                ::core::result::Result::Ok((value, gradients))
            }

            /// The value and its gradients, which overwrite `gradients`.
            ///
            /// # Errors
            /// As [`forward`](Self::forward), and if `gradients` has other shapes than the inputs; then
            /// it is untouched.
            pub fn value_and_grad_into<F: ::loss_dsl::Float #(, #generics)*>(
                &self #(, #list)*,
                gradients: &mut #gradients<F #(, #dims)*>,
            ) -> #value {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::differentiate_into(self, &inputs, gradients.targets())
            }

            /// The value, and what [`backward`](Self::backward) needs.
            ///
            /// # Errors
            /// As [`forward`](Self::forward).
            pub fn forward_saved<'a, F: ::loss_dsl::Float #(, #generics)*>(&self #(, #borrowed)*) -> #saved {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::save(self, inputs)
            }

            /// The gradients of Σ upstream · value, for the call that made `saved`.
            ///
            /// # Errors
            /// If `upstream` is not shaped like the value.
            pub fn backward<F: ::loss_dsl::Float #(, #dims: ::loss_dsl::__rt::Dimension)*>(
                &self,
                saved: &::loss_dsl::Saved<'_, Self, F, (#(#dims,)*)>,
                upstream: ::loss_dsl::Upstream<'_, F>,
            ) -> #slopes {
                let mut gradients = #gradients {
                    #(#inputs: saved.gradient_like(#ordinals),)*
                    #(#scalars: F::ZERO,)*
                };
                saved.pull_back_into(upstream, gradients.targets())?;
                ::core::result::Result::Ok(gradients)
            }

            #auxiliary

            /// The formulas: the value and every gradient.
            pub fn derivation() -> &'static ::loss_dsl::Derivation {
                <Self as ::loss_dsl::Loss>::derivation()
            }
        }
    }
}

fn shapes_doc(loss: &Loss) -> String {
    let arrays: Vec<_> = fields(loss, is_array)
        .iter()
        .map(|f| {
            let axes = axes_text(&loss.graph, &f.param.axes);
            match f.param.role {
                Role::Label(dim) => {
                    format!(
                        "`{}`: labels {axes} in {}",
                        f.param.name,
                        loss.graph.dim_name(dim)
                    )
                }
                Role::Mask => format!("`{}`: mask {axes}", f.param.name),
                _ => format!("`{}`: {axes}", f.param.name),
            }
        })
        .collect();
    format!("Shapes: {}.", arrays.join(", "))
}

pub(super) fn axes_text(graph: &Graph, axes: &[AxisId]) -> String {
    let names: Vec<_> = axes.iter().map(|&a| graph.axis(a).name.as_str()).collect();
    // The brackets must not look like a link.
    format!("\\[{}\\]", names.join(", "))
}

fn auxiliary_method(header: &Header, loss: &Loss) -> TokenStream {
    if loss.auxiliary.is_empty() {
        return TokenStream::new();
    }
    let name = format_ident!("{}Auxiliary", header.name);
    let Arguments {
        list,
        generics,
        pass,
        ..
    } = &Arguments::of(loss);
    let outputs: Vec<_> = loss
        .auxiliary
        .iter()
        .map(|a| super::scope::raw_ident(&a.name))
        .collect();
    quote! {
        /// The auxiliary outputs.
        ///
        /// # Errors
        /// As [`forward`](Self::forward).
        pub fn auxiliary<F: ::loss_dsl::Float #(, #generics)*>(
            &self #(, #list)*
        ) -> ::core::result::Result<#name<F>, ::loss_dsl::Error> {
            let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
            let (_, [#(#outputs),*]) = ::loss_dsl::__rt::auxiliary(self, &inputs)?;
            ::core::result::Result::Ok(#name { #(#outputs),* })
        }
    }
}

/// The struct of auxiliary outputs, if there are any.
pub(super) fn auxiliary(header: &Header, loss: &Loss) -> TokenStream {
    if loss.auxiliary.is_empty() {
        return TokenStream::new();
    }
    let visibility = &header.visibility;
    let name = format_ident!("{}Auxiliary", header.name);
    let doc = format!("Auxiliary outputs of [`{}`].", header.name);
    let outputs = loss.auxiliary.iter().map(|a| {
        let field = super::scope::raw_ident(&a.name);
        let doc = format!("`{}`, axes {}.", a.name, axes_text(&loss.graph, &a.axes));
        quote!(#[doc = #doc] pub #field: ::loss_dsl::__rt::ArrayD<F>,)
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #name<F> { #(#outputs)* }
    }
}

/// The signature as data.
pub(super) fn spec(loss: &Loss, splittable: bool, coupled: bool) -> TokenStream {
    let graph = &loss.graph;
    let name = &loss.name;
    let dim_of = |axis: &AxisId| usize::from(graph.axis(*axis).dim.0);
    let batch: Vec<usize> = loss.batch.iter().map(dim_of).collect();
    let dims = (0..graph.dim_count()).map(|i| {
        let name = graph.dim_name(crate::ir::DimId(i as u8));
        let is_batch = batch.contains(&i);
        quote!(::loss_dsl::DimSpec { name: #name, batch: #is_batch })
    });
    let parameters = graph.params().iter().filter_map(|p| {
        let kind = parameter_kind(p)?;
        let (name, axes) = (&p.name, p.axes.iter().map(dim_of));
        Some(quote!(::loss_dsl::ParameterSpec { name: #name, kind: #kind, axes: &[#(#axes),*] }))
    });
    let outputs = loss.auxiliary.iter().map(|a| {
        let (name, axes) = (&a.name, a.axes.iter().map(dim_of));
        quote!(::loss_dsl::AuxiliarySpec { name: #name, axes: &[#(#axes),*] })
    });
    quote! {
        fn spec() -> &'static ::loss_dsl::Spec {
            static SPEC: ::loss_dsl::Spec = ::loss_dsl::Spec {
                name: #name,
                dims: &[#(#dims),*],
                parameters: &[#(#parameters),*],
                value_axes: &[#(#batch),*],
                auxiliary: &[#(#outputs),*],
                splittable: #splittable,
                coupled: #coupled,
            };
            &SPEC
        }
    }
}

fn parameter_kind(param: &Param) -> Option<TokenStream> {
    Some(match param.role {
        Role::Tensor { differentiable } => {
            quote!(::loss_dsl::ParameterKind::Tensor { differentiable: #differentiable })
        }
        Role::Label(dim) => {
            let range = usize::from(dim.0);
            quote!(::loss_dsl::ParameterKind::Label { range: #range })
        }
        Role::Mask => quote!(::loss_dsl::ParameterKind::Mask),
        Role::Scalar { learn, default } => {
            let default = float(default);
            let domain = domain(param.range);
            quote!(::loss_dsl::ParameterKind::Scalar { default: #default, learn: #learn, domain: #domain })
        }
        Role::Flag(default) => quote!(::loss_dsl::ParameterKind::Flag { default: #default }),
        Role::Static(_) | Role::Cotangent => return None,
    })
}

fn domain(range: Range) -> TokenStream {
    if range == Range::REAL {
        return quote!(::core::option::Option::None);
    }
    let (low, high) = (float(range.lo), float(range.hi));
    let (low_open, high_open) = (range.lo_open, range.hi_open);
    quote! {
        ::core::option::Option::Some(::loss_dsl::Domain {
            low: #low, high: #high, low_open: #low_open, high_open: #high_open,
        })
    }
}

fn float(value: f64) -> TokenStream {
    if value == f64::INFINITY {
        quote!(f64::INFINITY)
    } else if value == f64::NEG_INFINITY {
        quote!(f64::NEG_INFINITY)
    } else if value < 0.0 {
        let size = Literal::f64_suffixed(-value);
        quote!(-#size)
    } else {
        let value = Literal::f64_suffixed(value);
        quote!(#value)
    }
}

/// The formulas as data.
pub(super) fn derivation(loss: &Loss, formulas: &Derivation) -> TokenStream {
    let formula = |r: &Rendered| {
        let (text, latex) = (&r.text, &r.latex);
        quote!(::loss_dsl::Formula { text: #text, latex: #latex })
    };
    let pairs = |list: &[(String, Rendered)]| -> Vec<TokenStream> {
        list.iter()
            .map(|(name, r)| {
                let formula = formula(r);
                quote!((#name, #formula))
            })
            .collect()
    };
    let (name, source) = (&loss.name, &loss.source);
    let value = formula(&formulas.value);
    let slopes = pairs(&formulas.gradients);
    let shared = formulas.shared.iter().map(|(symbol, r)| {
        let (symbol, formula) = (&symbol.text, formula(r));
        quote!((#symbol, #formula))
    });
    let conventions = &formulas.conventions;
    quote! {
        fn derivation() -> &'static ::loss_dsl::Derivation {
            static DERIVATION: ::loss_dsl::Derivation = ::loss_dsl::Derivation {
                name: #name,
                definition: #source,
                value: #value,
                gradients: &[#(#slopes),*],
                shared: &[#(#shared),*],
                conventions: &[#(#conventions),*],
            };
            &DERIVATION
        }
    }
}

/// The accessors of the trait for scalars, flags and options.
pub(super) fn accessors(loss: &Loss) -> TokenStream {
    let scalars = fields(loss, |role| matches!(role, Role::Scalar { .. }));
    let flags = fields(loss, |role| matches!(role, Role::Flag(_)));
    let scalar_names: Vec<_> = scalars.iter().map(|f| &f.name).collect();
    let keys: Vec<_> = scalars.iter().map(|f| &f.param.name).collect();
    let flag_names = flags.iter().map(|f| &f.name);
    let set = if scalars.is_empty() {
        quote! {
            let _ = (name, value);
            false
        }
    } else {
        quote! {
            match name {
                #(#keys => self.#scalar_names = value,)*
                _ => return false,
            }
            true
        }
    };
    quote! {
        fn scalar_values(&self) -> ::std::vec::Vec<f64> {
            ::std::vec![#(self.#scalar_names),*]
        }

        fn flag_values(&self) -> ::std::vec::Vec<bool> {
            ::std::vec![#(self.#flag_names),*]
        }

        fn set_scalar(&mut self, name: &str, value: f64) -> bool {
            #set
        }

        fn options(&self) -> &::loss_dsl::Options {
            &self.options
        }

        fn options_mut(&mut self) -> &mut ::loss_dsl::Options {
            &mut self.options
        }
    }
}

/// Whether two samples of the batch meet in the loss.
pub(super) fn is_coupled(loss: &Loss) -> bool {
    let graph = &loss.graph;
    let batch: Vec<_> = loss.batch.iter().map(|&a| graph.axis(a).dim).collect();
    let bound = |id| match graph.node(id) {
        crate::ir::Node::Reduce(_, axes, _)
        | crate::ir::Node::Unit { axes, .. }
        | crate::ir::Node::Angle { axes, .. } => *axes,
        crate::ir::Node::Softmax(s) => s.axes,
        _ => crate::ir::AxisSet::EMPTY,
    };
    let roots: Vec<_> = [Some(loss.value), loss.weight]
        .into_iter()
        .flatten()
        .collect();
    graph.reachable(&roots).into_iter().any(|id| {
        bound(id)
            .iter()
            .any(|axis| batch.contains(&graph.axis(axis).dim))
    })
}
