//! A loop nest as an implementation of the run-time library's row kernel.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::scope::{Scope, buffer_field, buffer_name, ident};
use crate::ir::{AxisId, Graph};
use crate::schedule::low::{Fold, LowId, LowKind};
use crate::schedule::plan::{BufferId, Loop, Nest, Plan, Stmt};

/// What a nest is as code.
pub(super) struct Emitted {
    /// The struct and its implementation.
    pub(super) items: TokenStream,
    /// The buffers that it reads, fields `buffer_k`.
    pub(super) buffers: BTreeSet<BufferId>,
    /// Whether it reads the cotangent.
    pub(super) cotangent: bool,
}

/// The targets of a nest and the scratch memory that it needs.
pub(super) struct Rows {
    targets: Vec<(Ident, Option<Fold>, Vec<AxisId>)>,
    /// Slices that are gathered and values that are kept: a vector each.
    scratch: Vec<(Ident, TokenStream)>,
    kept: BTreeMap<(AxisId, LowId), Ident>,
}

impl Rows {
    /// The slice of a target: its row, or its accumulator.
    pub(super) fn row(&self, target: usize) -> Ident {
        self.targets[target].0.clone()
    }

    /// How a target is folded.
    pub(super) fn fold(&self, target: usize) -> Option<Fold> {
        self.targets[target].1
    }

    /// Offset within the slice of a target of the positions on its axes but `along`, which is last.
    pub(super) fn base(
        &self,
        scope: &mut Scope<'_>,
        target: usize,
        along: Option<AxisId>,
    ) -> TokenStream {
        let mut offset: Option<TokenStream> = None;
        for &axis in &self.targets[target].2 {
            let place = if Some(axis) == along {
                quote!(0)
            } else {
                scope.position(axis)
            };
            offset = Some(match offset {
                None => place,
                Some(offset) => {
                    let extent = scope.extent(axis);
                    quote!((#offset) * #extent + #place)
                }
            });
        }
        offset.unwrap_or(quote!(0))
    }

    /// Memory for values that a later loop uses again.
    pub(super) fn scratch_of(&mut self, scope: &mut Scope<'_>, axis: AxisId, node: LowId) -> Ident {
        if let Some(name) = self.kept.get(&(axis, node)) {
            return name.clone();
        }
        let name = scope.fresh(&format!("{}_kept", scope.hint(node)));
        let extent = scope.extent(axis);
        self.scratch.push((
            name.clone(),
            quote!(let mut #name = ::std::vec![F::ZERO; #extent];),
        ));
        self.kept.insert((axis, node), name.clone());
        name
    }

    /// Memory for a slice that has to be gathered.
    pub(super) fn buffer_for(
        &mut self,
        scope: &mut Scope<'_>,
        _axis: AxisId,
        node: LowId,
        kind: LowKind,
    ) -> Ident {
        let name = scope.fresh(&format!(
            "{}_gathered",
            scope.hint(node).trim_end_matches("_here")
        ));
        let ty = match kind {
            LowKind::Real => quote!(F),
            LowKind::Bool => quote!(bool),
            LowKind::Index => quote!(usize),
        };
        self.scratch.push((
            name.clone(),
            quote!(let mut #name: ::std::vec::Vec<#ty> = ::std::vec::Vec::new();),
        ));
        name
    }
}

/// Emits the nest as a kernel called `name`.
pub(super) fn emit(graph: &Graph, plan: &Plan, nest: &Nest, name: &Ident) -> Emitted {
    let mut scope = Scope::new(graph, plan);
    scope.computed_here = nest
        .targets
        .iter()
        .filter(|t| t.fold.is_none())
        .map(|t| plan.buffer(t.buffer).node)
        .collect();
    let mut names = vec![];
    let mut take = TokenStream::new();
    for target in &nest.targets {
        let whole = scope.fresh(&buffer_name(graph, plan, target.buffer));
        let row = scope.fresh(&format!("{whole}_row"));
        take.extend(match target.fold {
            None => {
                let len = product(&mut scope, &target.axes);
                quote!(let #row = &mut #whole.row(row)[..#len];)
            }
            Some(_) => quote!(let #row = #whole.acc();),
        });
        names.push((whole, row));
    }
    let targets = nest
        .targets
        .iter()
        .zip(&names)
        .map(|(t, (_, row))| (row.clone(), t.fold, t.axes.clone()))
        .collect();
    let mut rows = Rows {
        targets,
        scratch: vec![],
        kept: BTreeMap::new(),
    };
    let positions = scope.row_positions(&nest.rows);
    let (once, per_row) = scope.split_invariant(nest);
    let mut hoisted = TokenStream::new();
    for node in once {
        hoisted.extend(scope.let_statement(node));
    }
    let body = scope.statements(&mut rows, &per_row);
    let count = nest.targets.len();
    let whole: Vec<_> = names.iter().map(|n| &n.0).collect();
    let prelude: TokenStream = scope.prelude.values().cloned().collect();
    let scratch: TokenStream = rows.scratch.iter().map(|s| s.1.clone()).collect();
    let cotangent = scope.prelude.contains_key("cotangent");
    let buffers = scope.used_buffers;
    let fields: TokenStream = buffers
        .iter()
        .map(|&b| {
            let field = buffer_field(b);
            quote!(#field: ::loss_dsl::__rt::Tensor<'a, F>,)
        })
        .collect();
    let seed = cotangent.then(|| quote!(cotangent: ::loss_dsl::__rt::Tensor<'a, F>,));
    let items = quote! {
        struct #name<'a, F: ::loss_dsl::Float> {
            call: &'a ::loss_dsl::__rt::Call<'a, F>,
            #seed
            #fields
        }

        impl<F: ::loss_dsl::Float> ::loss_dsl::__rt::RowKernel<F, #count> for #name<'_, F> {
            #[inline(always)]
            fn run<S: ::loss_dsl::__rt::Isa>(
                &self,
                isa: S,
                rows: ::core::ops::Range<usize>,
                out: &mut [::loss_dsl::__rt::BlockTarget<'_, F>; #count],
            ) {
                let [#(#whole),*] = out;
                #prelude
                #scratch
                #hoisted
                for row in rows {
                    #positions
                    #take
                    #body
                }
            }
        }
    };
    Emitted {
        items,
        buffers,
        cotangent,
    }
}

/// The product of extents, or `none` of them.
pub(super) fn times(extents: &[TokenStream], none: usize) -> TokenStream {
    let mut product: Option<TokenStream> = None;
    for extent in extents {
        product = Some(match product {
            None => extent.clone(),
            Some(product) => quote!(#product * #extent),
        });
    }
    product.unwrap_or(quote!(#none))
}

fn product(scope: &mut Scope<'_>, axes: &[AxisId]) -> TokenStream {
    let extents: Vec<_> = axes.iter().map(|&axis| scope.extent(axis)).collect();
    times(&extents, 1)
}

impl Scope<'_> {
    /// The positions on the axes of the rows, from the number of the row.
    fn row_positions(&mut self, axes: &[AxisId]) -> TokenStream {
        if let [axis] = axes {
            self.positions.insert(*axis, quote!(row));
            return TokenStream::new();
        }
        let mut tokens = TokenStream::new();
        let mut before: Option<TokenStream> = None;
        for &axis in axes.iter().rev() {
            let name = format_ident!("at_{}", super::scope::plain(&self.graph.axis(axis).name));
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
    fn split_invariant(&self, nest: &Nest) -> (Vec<LowId>, Vec<Stmt>) {
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

    fn let_statement(&mut self, node: LowId) -> TokenStream {
        let value = self.expr(node);
        let name = self.bind(node);
        quote!(let #name = #value;)
    }

    fn statements(&mut self, rows: &mut Rows, body: &[Stmt]) -> TokenStream {
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
                    let at = match at {
                        Some(at) => {
                            let at = self.expr(*at);
                            quote!(#at as usize)
                        }
                        None => rows.base(self, *target, None),
                    };
                    let value = self.expr(*value);
                    match rows.fold(*target) {
                        Some(Fold::Max) => {
                            quote!(#row[#at] = ::loss_dsl::Float::larger(#row[#at], (#value).to_f64());)
                        }
                        _ => quote!(#row[#at] += (#value).to_f64();),
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
        let place = format_ident!(
            "at_{}",
            super::scope::plain(&self.graph.axis(inner.axis).name)
        );
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
        let body = self.statements(rows, &inner.body);
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
            if a.fold == Fold::Sum {
                finish.extend(quote!(let #name = F::from_f64(#name);));
            }
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

/// The work of a row, about: the elements that its longest loops touch.
pub(super) fn work(graph: &Graph, plan: &Plan, nest: &Nest) -> TokenStream {
    let mut axes: Vec<AxisId> = vec![];
    for stmt in &nest.body {
        let path = deepest(stmt);
        if path.len() > axes.len() {
            axes = path;
        }
    }
    let _ = plan;
    let extents: Vec<_> = axes
        .iter()
        .map(|&axis| {
            let index = usize::from(graph.axis(axis).dim.0);
            quote!(call.dims[#index])
        })
        .collect();
    times(&extents, 8)
}

fn deepest(stmt: &Stmt) -> Vec<AxisId> {
    match stmt {
        Stmt::Vector(v) => vec![v.axis],
        Stmt::Loop(inner) => {
            let below = inner
                .body
                .iter()
                .map(deepest)
                .max_by_key(Vec::len)
                .unwrap_or_default();
            [vec![inner.axis], below].concat()
        }
        Stmt::Let(_) | Stmt::Store { .. } | Stmt::Fold { .. } => vec![],
    }
}

/// Whether the nest addresses the batch only by rows, so that it may be a pair of array axes.
pub(super) fn is_splittable(plan: &Plan, nest: &Nest, batch: &[AxisId], graph: &Graph) -> bool {
    let [axis] = batch else { return false };
    if nest.rows != batch {
        return false;
    }
    let dim = graph.axis(*axis).dim;
    let over_batch = |stmt: &Stmt| all_axes(stmt).iter().any(|&a| graph.axis(a).dim == dim);
    let _ = plan;
    !nest.body.iter().any(over_batch)
        && nest
            .targets
            .iter()
            .all(|t| t.axes.iter().all(|&a| graph.axis(a).dim != dim))
}

fn all_axes(stmt: &Stmt) -> Vec<AxisId> {
    match stmt {
        Stmt::Vector(v) => vec![v.axis],
        Stmt::Loop(inner) => {
            let mut axes = vec![inner.axis];
            axes.extend(inner.body.iter().flat_map(all_axes));
            axes
        }
        Stmt::Let(_) | Stmt::Store { .. } | Stmt::Fold { .. } => vec![],
    }
}

/// The name of the kernel of a step.
pub(super) fn kernel_name(prefix: &str, step: usize) -> Ident {
    ident(&format!("{prefix}{step}"))
}
