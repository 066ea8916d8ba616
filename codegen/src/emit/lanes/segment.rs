//! One loop over the lanes: statements without a loop between them.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Lanes;
use super::body::Act;
use crate::ir::UnaryOp;
use crate::schedule::low::{Fold, LowId, Op};

/// A loop over the lanes that is being written.
#[derive(Default)]
pub(super) struct Segment {
    /// What it reads, brought into lanes; values that no row changes; arrays that it writes.
    pub(super) before: TokenStream,
    /// The statements for lane `i`.
    body: TokenStream,
    /// Where what it wrote goes.
    after: TokenStream,
    /// Variables of the loop.
    inside: Vec<(LowId, Ident)>,
}

impl Segment {
    /// Whether the node is a variable of the loop.
    pub(super) fn has_inside(&self, node: LowId) -> bool {
        self.inside.iter().any(|v| v.0 == node)
    }
}

impl Lanes<'_, '_> {
    /// Ends the loop: of its variables, those that are `needed` become lanes.
    pub(super) fn flush(&mut self, segment: &mut Segment, needed: &BTreeSet<LowId>) -> TokenStream {
        let Segment {
            mut before,
            mut body,
            after,
            inside,
        } = std::mem::take(segment);
        for (node, name) in inside {
            self.scope.bound.remove(&node);
            if needed.contains(&node) {
                let lanes = format_ident!("{}_rows", name);
                before.extend(self.array(node, &lanes));
                body.extend(quote!(#lanes[i] = #name;));
                self.scope.lanes.insert(node, lanes);
            }
        }
        if !body.is_empty() {
            body = quote!(for i in 0..::loss_dsl::__rt::LANES { #body });
        }
        quote!(#before #body #after)
    }

    /// Declares lanes for a node.
    fn array(&self, node: LowId, name: &Ident) -> TokenStream {
        let zero = self.zero(node);
        quote!(let mut #name = [#zero; ::loss_dsl::__rt::LANES];)
    }

    /// Adds an act other than a loop. `needed` is what it and later ones use, `later` what later ones do. What is
    /// returned comes before the segment.
    pub(super) fn add(
        &mut self,
        segment: &mut Segment,
        act: &Act<'_>,
        needed: &BTreeSet<LowId>,
        later: &BTreeSet<LowId>,
    ) -> TokenStream {
        let mut tokens = TokenStream::new();
        match act {
            Act::Let(node) => self.bind(segment, *node, (needed, later), &mut tokens),
            Act::Store { target, value } => {
                self.prepare(segment, *value, needed, &mut tokens);
                let base = self.rows.base(self.scope, *target, None);
                let whole = self.rows.row(*target);
                let out = self.written(segment, *value, &format!("{whole}_out"));
                segment
                    .after
                    .extend(quote!(#whole.put(row, #base, &#out[..count]);));
            }
            Act::Keep { memory, value } => {
                self.prepare(segment, *value, needed, &mut tokens);
                let value = self.scope.expr(*value);
                segment.body.extend(quote!(#memory[i] = #value;));
            }
            Act::Fold { target, value, at } => {
                for node in at.iter().chain([value]) {
                    self.prepare(segment, *node, needed, &mut tokens);
                }
                self.fold(segment, *target, *value, *at);
            }
            Act::Sum { sum, value } => {
                self.prepare(segment, *value, needed, &mut tokens);
                let out = self.written(segment, *value, "term");
                segment.after.extend(quote!(#sum.add(&#out);));
            }
            Act::Max { largest, value } => {
                self.prepare(segment, *value, needed, &mut tokens);
                let out = self.written(segment, *value, "term");
                segment.after.extend(quote!(#largest.take(&#out);));
            }
            Act::Vector(_) | Act::Loop(_) => unreachable!("a loop has segments of its own"),
        }
        tokens
    }

    /// Lanes that hold a value after the loop.
    fn written(&mut self, segment: &mut Segment, value: LowId, hint: &str) -> Ident {
        if let Some(lanes) = self.scope.lanes.get(&value) {
            return lanes.clone();
        }
        let out = self.scope.fresh(hint);
        segment.before.extend(self.array(value, &out));
        let value = self.scope.expr(value);
        segment.body.extend(quote!(#out[i] = #value;));
        out
    }

    fn bind(
        &mut self,
        segment: &mut Segment,
        node: LowId,
        (needed, later): (&BTreeSet<LowId>, &BTreeSet<LowId>),
        tokens: &mut TokenStream,
    ) {
        if self.is_known(node) {
            return;
        }
        if self.is_called(node) {
            for child in self.children(node) {
                self.prepare(segment, child, needed, tokens);
            }
            // A loop of its own, so that the others need not wait for calls.
            tokens.extend(self.flush(segment, needed));
            let name = self.scope.fresh(&self.scope.hint(node));
            let value = self.scope.expr(node);
            segment.before.extend(self.array(node, &name));
            segment
                .before
                .extend(quote!(for i in 0..::loss_dsl::__rt::LANES { #name[i] = #value; }));
            self.scope.lanes.insert(node, name);
            return;
        }
        self.prepare_node(segment, node, needed, tokens);
        if !self.is_known(node) && later.contains(&node) {
            let value = self.scope.expr(node);
            let name = self.scope.bind(node);
            segment.body.extend(quote!(let #name = #value;));
            segment.inside.push((node, name));
        }
    }

    /// Whether a node is a call into the standard library, which no vector is made of.
    pub(super) fn is_called(&self, node: LowId) -> bool {
        let called = matches!(
            self.scope.low().op(node),
            Op::Unary(
                UnaryOp::Sin
                    | UnaryOp::Cos
                    | UnaryOp::Tan
                    | UnaryOp::Asin
                    | UnaryOp::Acos
                    | UnaryOp::Atan
                    | UnaryOp::Sinh
                    | UnaryOp::Cosh,
                _
            )
        );
        called && !self.is_read(node) && !self.is_common(node)
    }

    fn fold(&mut self, segment: &mut Segment, target: usize, value: LowId, at: Option<LowId>) {
        let whole = self.rows.row(target);
        let fold = self.rows.fold(target);
        let out = self.written(segment, value, &format!("{whole}_out"));
        let at = match at {
            Some(at) if !self.is_common(at) => {
                let place = self.written(segment, at, "place");
                let update = match fold {
                    Some(Fold::Max) => {
                        quote!(sums[at] = ::loss_dsl::Float::larger(sums[at], value.to_f64());)
                    }
                    _ => quote!(sums[at] += value.to_f64();),
                };
                segment.after.extend(quote! {
                    let sums = #whole.acc();
                    for (&at, &value) in #place[..count].iter().zip(&#out) {
                        let at = at as usize;
                        #update
                    }
                });
                return;
            }
            Some(at) => {
                let at = self.scope.expr(at);
                quote!(#at as usize)
            }
            None => self.rows.base(self.scope, target, None),
        };
        let fold = match fold {
            Some(Fold::Max) => quote!(fold_max_rows),
            _ => quote!(fold_sum_rows),
        };
        segment
            .after
            .extend(quote!(::loss_dsl::__rt::#fold(&mut #whole.acc()[#at], &#out, count);));
    }
}
