//! What joins the totals of ranks, after each walk over the tiles of a shard.
//!
//! All totals go together, each number joined with those of the other ranks. A sum of exponentials goes after the others: its rank's shift
//! becomes that of all ranks, which follows from their maxima, and the sum is rescaled to it before it is added to the others.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::super::nest::is_running_sum;
use super::{Kernel, data_name};
use crate::schedule::low::Fold;
use crate::schedule::plan::{BufferId, Nest, Output, Running, Step};

/// What is joined after a walk, and what is done around it.
#[derive(Default)]
struct Joins {
    parts: Vec<TokenStream>,
    /// What makes results known to later steps, and ends outputs.
    published: TokenStream,
    /// Sums of exponentials.
    rescaled: Vec<(BufferId, BufferId)>,
    /// What has to be done before all.
    before: TokenStream,
}

impl Kernel<'_> {
    /// What comes after a walk: the joins of what its steps filled, then `after`.
    pub(super) fn joined(
        &mut self,
        steps: &[&Step],
        shifts: &[Nest],
        after: TokenStream,
    ) -> TokenStream {
        // Emitted first, so that it is known that the maxima are read.
        let shifts: Vec<_> = shifts
            .iter()
            .map(|nest| {
                let name = format_ident!("{}Shift{}", self.prefix, nest.targets[0].buffer.0);
                self.nest_called(nest, name)
            })
            .collect();
        let mut joins = Joins::default();
        for step in steps {
            for id in step.outputs() {
                match self.plan.buffer(id).running {
                    Some(Running::Fold(fold)) => self.join_fold(&mut joins, step, id, fold),
                    Some(Running::Product) => self.join_product(&mut joins, id),
                    Some(Running::Rescaled { shift }) => joins.rescaled.push((id, shift)),
                    Some(Running::Shift) | None => {}
                }
            }
        }
        let rescaled = self.join_rescaled(&mut joins);
        let Joins {
            parts,
            published,
            before,
            ..
        } = joins;
        let joined = join(&parts);
        quote! {
            #before
            #joined
            #published
            #(#shifts)*
            #rescaled
            #after
        }
    }

    fn join_fold(&self, joins: &mut Joins, step: &Step, id: BufferId, fold: Fold) {
        let target = match step {
            Step::Nest(nest) => nest.targets.iter().find(|t| t.buffer == id),
            _ => None,
        };
        if target.is_some_and(|target| target.fold.is_some()) {
            let name = self.folded_name(id);
            joins.parts.push(match fold {
                Fold::Sum => quote!(WideSum(&mut #name)),
                Fold::Max => quote!(WideMax(&mut #name)),
            });
            joins.published.extend(self.finish_fold(id));
            return;
        }
        let name = data_name(self.graph, self.plan, id);
        joins.parts.push(match fold {
            Fold::Max => quote!(Max(&mut #name)),
            Fold::Sum if target.is_some_and(|t| is_running_sum(self.plan, t)) => {
                let rest = format_ident!("{name}_rest");
                quote!(Pair(&mut #name, &mut #rest))
            }
            Fold::Sum => quote!(Sum(&mut #name)),
        });
        joins.published.extend(self.publish(id, &quote!(&#name)));
    }

    fn join_product(&self, joins: &mut Joins, id: BufferId) {
        let name = data_name(self.graph, self.plan, id);
        if !matches!(self.plan.buffer(id).output, Some(Output::Gradient(_))) {
            if self.plan.is_joined(id) {
                joins.parts.push(quote!(Sum(&mut #name)));
            }
            joins.published.extend(self.publish(id, &quote!(&#name)));
            return;
        }
        joins.before.extend(quote! {
            if tiles.count() == 0 {
                #name.data().fill(F::ZERO);
            }
        });
        joins.parts.push(quote!(Sum(#name.data())));
        joins.published.extend(quote!(#name.finish();));
    }

    /// The joins of sums of exponentials, once the shift of all ranks is known.
    fn join_rescaled(&self, joins: &mut Joins) -> TokenStream {
        let mut tokens = TokenStream::new();
        let mut published = TokenStream::new();
        let mut parts = vec![];
        let mut shifts: Vec<BufferId> = vec![];
        for &(id, shift) in &joins.rescaled {
            let (name, now) = (
                data_name(self.graph, self.plan, id),
                data_name(self.graph, self.plan, shift),
            );
            let (rest, before) = (format_ident!("{name}_rest"), own_name(&now));
            if !shifts.contains(&shift) {
                shifts.push(shift);
                joins.before.extend(quote!(let #before = #now.clone();));
            }
            tokens.extend(
                quote!(::loss_dsl::__rt::rescale(&mut #name, &mut #rest, &#before, &#now);),
            );
            parts.push(quote!(Pair(&mut #name, &mut #rest)));
            published.extend(self.publish(id, &quote!(&#name)));
        }
        tokens.extend(join(&parts));
        tokens.extend(published);
        tokens
    }

    /// What adds up what owners contribute, after the nest that computed it.
    pub(super) fn contributions(&self, nest: &Nest) -> TokenStream {
        let ids = nest.targets.iter().map(|target| target.buffer);
        let contributed = ids.filter(|&id| self.plan.is_contribution(id));
        let parts: Vec<_> = contributed
            .map(|id| {
                let name = data_name(self.graph, self.plan, id);
                quote!(Sum(&mut #name))
            })
            .collect();
        join(&parts)
    }
}

fn join(parts: &[TokenStream]) -> TokenStream {
    if parts.is_empty() {
        return TokenStream::new();
    }
    quote! {
        ::loss_dsl::__rt::join::<F>(call.shard(), &mut [#(::loss_dsl::__rt::Part::#parts),*]);
    }
}

/// The shift that a rank had before it knew those of the others.
fn own_name(shift: &Ident) -> Ident {
    format_ident!("{shift}_own")
}
