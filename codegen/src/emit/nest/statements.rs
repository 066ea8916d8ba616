//! The work of a row, statement by statement.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::scope::{Scope, plain};
use super::Rows;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, LowId};
use crate::schedule::plan::{Loop, Nest, Stmt};

impl Scope<'_> {
    /// The positions on the axes of the rows, from the number of the row.
    pub(in crate::emit) fn row_positions(&mut self, axes: &[AxisId]) -> TokenStream {
        if let [axis] = axes {
            self.positions.insert(*axis, quote!(row));
            return TokenStream::new();
        }
        let mut tokens = TokenStream::new();
        let mut before: Option<TokenStream> = None;
        for &axis in axes.iter().rev() {
            let name = format_ident!("at_{}", plain(&self.graph.axis(axis).name));
            let extent = self.extent(axis);
            tokens.extend(match &before {
                None => quote!(let #name = row % #extent;),
                Some(before) => quote!(let #name = row / (#before) % #extent;),
            });
            before = Some(match before {
                None => extent,
                Some(before) => quote!(#before * #extent),
            });
            self.positions.insert(axis, quote!(#name));
        }
        tokens
    }

    /// The bindings at the start of the body that no row changes, and the rest.
    pub(super) fn split_invariant(&self, nest: &Nest) -> (Vec<LowId>, Vec<Stmt>) {
        let invariant = |stmt: &Stmt| match stmt {
            Stmt::Let(node) if !nest.rows.is_empty() && self.low().free(*node).is_empty() => {
                Some(*node)
            }
            _ => None,
        };
        let once = nest.body.iter().filter_map(invariant).collect();
        let per_row = nest
            .body
            .iter()
            .filter(|s| invariant(s).is_none())
            .cloned()
            .collect();
        (once, per_row)
    }

    pub(super) fn let_statement(&mut self, node: LowId) -> TokenStream {
        let value = self.expr(node);
        let name = self.bind(node);
        quote!(let #name = #value;)
    }

    pub(super) fn statements(&mut self, rows: &mut Rows, body: &[Stmt]) -> TokenStream {
        let mut tokens = TokenStream::new();
        for stmt in body {
            tokens.extend(match stmt {
                Stmt::Let(node) => self.let_statement(*node),
                Stmt::Store { target, value } => {
                    let (row, at) = (rows.row(*target), rows.base(self, *target, None));
                    let value = self.expr(*value);
                    quote!(#row[#at] = #value;)
                }
                Stmt::Fold { target, value, at } => {
                    let row = rows.row(*target);
                    let place = match at {
                        Some(at) => {
                            let at = self.expr(*at);
                            quote!(#at as usize)
                        }
                        None => rows.base(self, *target, None),
                    };
                    let within_tile = at.is_some() && rows.is_tiled(self, *target);
                    let at = if within_tile {
                        quote!(at)
                    } else {
                        place.clone()
                    };
                    let value = self.expr(*value);
                    let fold = match rows.fold(*target) {
                        Some(Fold::Max) => {
                            quote!(#row[#at] = ::loss_dsl::Float::larger(#row[#at], (#value).to_f64());)
                        }
                        _ => quote!(#row[#at] += (#value).to_f64();),
                    };
                    if within_tile {
                        quote!(if let ::core::option::Option::Some(at) = self.tile.within(#place) { #fold })
                    } else {
                        fold
                    }
                }
                Stmt::Vector(vector) => self.vector(rows, vector),
                Stmt::Loop(inner) => self.scalar_loop(rows, inner),
            });
        }
        tokens
    }

    fn scalar_loop(&mut self, rows: &mut Rows, inner: &Loop) -> TokenStream {
        let scope = (
            self.bound.clone(),
            self.positions.clone(),
            self.slices.clone(),
        );
        let extent = self.extent(inner.axis);
        let place = format_ident!("at_{}", plain(&self.graph.axis(inner.axis).name));
        let mut declare = TokenStream::new();
        let mut names = vec![];
        for a in &inner.accumulators {
            let name = self.fresh(match a.fold {
                Fold::Sum => "sum",
                Fold::Max => "largest",
            });
            declare.extend(match a.fold {
                Fold::Sum => quote!(let mut #name = 0.0f64;),
                Fold::Max => quote!(let mut #name = F::NEG_INFINITY;),
            });
            names.push(name);
        }
        self.positions.insert(inner.axis, quote!(#place));
        let outer = std::mem::replace(&mut self.is_within_loop, true);
        let body = self.statements(rows, &inner.body);
        self.is_within_loop = outer;
        let mut update = TokenStream::new();
        for (a, name) in inner.accumulators.iter().zip(&names) {
            let value = self.expr(a.value);
            update.extend(match a.fold {
                Fold::Sum => quote!(#name += (#value).to_f64();),
                Fold::Max => quote!(#name = #name.larger(#value);),
            });
        }
        self.bound = scope.0;
        self.positions = scope.1;
        self.slices = scope.2;
        let mut finish = TokenStream::new();
        for (a, name) in inner.accumulators.iter().zip(&names) {
            finish.extend(match (a.fold, rows.running(a.result)) {
                (Fold::Sum, None) => quote!(let #name = F::from_f64(#name);),
                (Fold::Max, None) => TokenStream::new(),
                (Fold::Sum, Some(so_far)) => so_far.add(self, name, &quote!(#name)),
                (Fold::Max, Some(so_far)) => so_far.extend(name, &quote!(#name)),
            });
            self.bound.insert(a.result, name.clone());
        }
        quote! {
            #declare
            for #place in 0..#extent {
                #body
                #update
            }
            #finish
        }
    }
}
