//! Where a step writes: an output of the kernel, or memory of its own that later steps read.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{Kernel, auxiliary_name, data_name, gradient_name, tensor_name};
use crate::ir::AxisId;
use crate::schedule::low::Fold;
use crate::schedule::plan::{BufferId, Nest, Output, Target};

impl Kernel<'_> {
    /// The buffer as a tensor for later steps, if they read it.
    pub(super) fn publish(&self, buffer: BufferId, data: &TokenStream) -> TokenStream {
        if !self.read.contains(&buffer) {
            return TokenStream::new();
        }
        let tensor = tensor_name(buffer);
        let shape: Vec<_> = self
            .plan
            .buffer(buffer)
            .axes
            .iter()
            .map(|&a| self.extent(a))
            .collect();
        quote!(let #tensor = ::loss_dsl::__rt::Tensor::contiguous(#data, &[#(#shape),*]);)
    }

    /// What comes before a nest for a target, the target itself, and what comes after.
    pub(super) fn target(
        &self,
        nest: &Nest,
        target: &Target,
    ) -> (TokenStream, TokenStream, TokenStream) {
        let id = target.buffer;
        let buffer = self.plan.buffer(id);
        let name = data_name(self.graph, self.plan, id);
        let len = self.len(&target.axes);
        if let Some(fold) = target.fold {
            return self.folded(id, fold, &len);
        }
        if self.is_kept_over_tiles(id) {
            return self.part_of_rows(nest, target);
        }
        let whole = self.len(&buffer.axes);
        match buffer.output {
            None => (
                quote!(let mut #name = ::std::vec![F::ZERO; #whole];),
                quote!(::loss_dsl::__rt::Target::rows(&mut #name, #len)),
                self.publish(id, &quote!(&#name)),
            ),
            Some(Output::Losses) if self.are_losses_whole(id) => (
                TokenStream::new(),
                quote!(::loss_dsl::__rt::Target::rows(&mut losses, #len)),
                self.publish(id, &quote!(&losses)),
            ),
            Some(Output::Losses) => (
                TokenStream::new(),
                quote!(losses.target(#len)),
                TokenStream::new(),
            ),
            Some(Output::Weights) => (
                TokenStream::new(),
                quote!(::loss_dsl::__rt::Target::rows(weights, #len)),
                self.publish(id, &quote!(weights)),
            ),
            Some(Output::Auxiliary(k)) => {
                let place = auxiliary_name(k);
                (
                    TokenStream::new(),
                    quote!(::loss_dsl::__rt::Target::rows(&mut *#place, #len)),
                    self.publish(id, &quote!(&*#place)),
                )
            }
            Some(Output::Learn(k)) => {
                let publish = self.publish(id, &quote!(&#name));
                (
                    quote!(let mut #name = [F::ZERO; 1];),
                    quote!(::loss_dsl::__rt::Target::rows(&mut #name, 1)),
                    quote!(learn[#k] = #name[0].to_f64(); #publish),
                )
            }
            Some(Output::Gradient(k)) => self.staged(nest, target, k),
        }
    }

    /// A target that rows are folded into: sums are kept in double precision until the nest ends.
    fn folded(
        &self,
        id: BufferId,
        fold: Fold,
        len: &TokenStream,
    ) -> (TokenStream, TokenStream, TokenStream) {
        if self.is_kept_over_tiles(id) {
            return self.part_of_fold(id, fold, len);
        }
        let name = self.folded_name(id);
        let constructor = match fold {
            Fold::Sum => quote!(sum),
            Fold::Max => quote!(max),
        };
        let declare = quote!(let mut #name = ::std::vec![0.0f64; #len];);
        let tokens = quote!(::loss_dsl::__rt::Target::#constructor(&mut #name));
        (declare, tokens, self.finish_fold(id))
    }

    /// Not the name of the output itself, which is written from it.
    pub(super) fn folded_name(&self, id: BufferId) -> Ident {
        format_ident!("{}_folded", data_name(self.graph, self.plan, id))
    }

    /// What is done with a folded target once it is complete.
    pub(super) fn finish_fold(&self, id: BufferId) -> TokenStream {
        let name = self.folded_name(id);
        let mut finish = match self.plan.buffer(id).output {
            Some(Output::Learn(k)) => quote!(learn[#k] = #name[0];),
            Some(Output::Losses) => quote!(losses[0] = F::from_f64(#name[0]);),
            Some(Output::Weights) => quote!(weights[0] = F::from_f64(#name[0]);),
            Some(Output::Auxiliary(k)) => {
                let place = auxiliary_name(k);
                quote!(#place[0] = F::from_f64(#name[0]);)
            }
            Some(Output::Gradient(_)) => {
                unreachable!("a gradient has a chunk per row")
            }
            None => TokenStream::new(),
        };
        if self.read.contains(&id) {
            finish.extend(quote! {
                let #name: ::std::vec::Vec<F> = #name.into_iter().map(F::from_f64).collect();
            });
            finish.extend(self.publish(id, &quote!(&#name)));
        }
        finish
    }

    /// A gradient with a chunk per row, staged where the caller's array has another layout.
    fn staged(
        &self,
        nest: &Nest,
        target: &Target,
        k: usize,
    ) -> (TokenStream, TokenStream, TokenStream) {
        let name = data_name(self.graph, self.plan, target.buffer);
        (
            self.stage_rows(nest, target, k),
            quote!(#name.target()),
            quote!(#name.finish();),
        )
    }

    /// The declaration of a gradient with a chunk per row.
    pub(super) fn stage_rows(&self, nest: &Nest, target: &Target, k: usize) -> TokenStream {
        let name = data_name(self.graph, self.plan, target.buffer);
        let place = |axis: &AxisId| {
            let mut axes = self.plan.buffer(target.buffer).axes.iter();
            axes.position(|a| a == axis)
                .expect("an axis of the gradient")
        };
        let rows: Vec<_> = (0..nest.rows.len()).collect();
        let columns: Vec<_> = target.axes.iter().map(place).collect();
        let gradient = gradient_name(k);
        quote! {
            let mut #name =
                ::loss_dsl::__rt::Staged::rows(&mut *#gradient, &[#(#rows),*], &[#(#columns),*]);
        }
    }

    /// A buffer that one operation fills as a whole: declaration, slice, end.
    pub(super) fn whole(&self, out: BufferId) -> (TokenStream, TokenStream, TokenStream) {
        if self.is_kept_over_tiles(out) {
            return self.part_of_whole(out);
        }
        let buffer = self.plan.buffer(out);
        let name = data_name(self.graph, self.plan, out);
        let len = self.len(&buffer.axes);
        match buffer.output {
            Some(Output::Gradient(k)) => {
                let gradient = gradient_name(k);
                (
                    quote!(let mut #name = ::loss_dsl::__rt::Staged::whole(&mut *#gradient);),
                    quote!(#name.data()),
                    quote!(#name.finish();),
                )
            }
            Some(Output::Auxiliary(k)) => {
                let place = auxiliary_name(k);
                (
                    TokenStream::new(),
                    quote!(&mut *#place),
                    self.publish(out, &quote!(&*#place)),
                )
            }
            Some(Output::Losses) => (
                TokenStream::new(),
                quote!(&mut losses),
                self.publish(out, &quote!(&losses)),
            ),
            Some(Output::Weights) => (
                TokenStream::new(),
                quote!(weights),
                self.publish(out, &quote!(weights)),
            ),
            Some(Output::Learn(_)) => unreachable!("a matrix product has axes"),
            None => (
                quote!(let mut #name = ::std::vec![F::ZERO; #len];),
                quote!(&mut #name),
                self.publish(out, &quote!(&#name)),
            ),
        }
    }
}
