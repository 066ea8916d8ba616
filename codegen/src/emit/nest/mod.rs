//! A loop nest as an implementation of the run-time library's row kernel.
//!
//! `rows` is the memory of a row: targets and scratch, `in_place` the values that are kept in targets; `statements` is the work within a row; `extent` is what the
//! nest says about its size and its axes; `running` is how totals go on from tile to tile.

mod extent;
mod in_place;
mod rows;
mod running;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::lanes;
use super::scope::{Scope, buffer_field, buffer_name, ident};
use crate::ir::{AxisId, Graph};
use crate::schedule::lanes::RowsInLanes;
use crate::schedule::low::{Fold, LowId};
use crate::schedule::plan::{BufferId, Nest, Plan, Running, Target};

pub(super) use extent::{is_splittable, times, work};
pub(super) use rows::Rows;
use running::SoFar;

/// What a nest is as code.
pub(super) struct Emitted {
    /// The struct and its implementation.
    pub(super) items: TokenStream,
    /// The buffers that it reads, fields `buffer_k`.
    pub(super) buffers: BTreeSet<BufferId>,
    /// Whether it reads the cotangent.
    pub(super) cotangent: bool,
}

/// Whether a target is a sum that goes on from tile to tile: it has a second target, of what rounding lost.
pub(super) fn is_running_sum(plan: &Plan, target: &Target) -> bool {
    let running = plan.buffer(target.buffer).running;
    let is_sum = matches!(
        running,
        Some(Running::Fold(Fold::Sum) | Running::Rescaled { .. })
    );
    target.fold.is_none() && target.axes.is_empty() && is_sum
}

/// Emits the nest as a kernel called `name`; `tile` is the axis of which it sees a tile at a time. The targets of what rounding lost come after
/// the nest's own.
pub(super) fn emit(
    graph: &Graph,
    plan: &Plan,
    nest: &Nest,
    name: &Ident,
    tile: Option<AxisId>,
) -> Emitted {
    let mut scope = Scope::new(graph, plan, tile);
    // What the kernel keeps under the same node is read from there.
    let elsewhere = |node| {
        plan.read(node).is_some_and(|read| {
            let kept = plan.buffer(read.buffer).output.is_none();
            kept && nest.targets.iter().all(|t| t.buffer != read.buffer)
        })
    };
    scope.computed_here = nest
        .targets
        .iter()
        .filter(|t| t.fold.is_none())
        .map(|t| plan.buffer(t.buffer).node)
        .filter(|&node| !elsewhere(node))
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
    let mut running = BTreeMap::new();
    let mut lost = vec![];
    for (target, (whole, row)) in nest.targets.iter().zip(&names) {
        let buffer = plan.buffer(target.buffer);
        // More than one total a row: there is a single tile, which has all of them.
        if target.fold.is_some() || buffer.running.is_none() || !target.axes.is_empty() {
            continue;
        }
        let rest = is_running_sum(plan, target).then(|| {
            let rest = scope.fresh(&format!("{whole}_rest"));
            let row = scope.fresh(&format!("{rest}_row"));
            take.extend(quote!(let #row = &mut #rest.row(row)[..1];));
            lost.push(rest);
            row
        });
        let shift = match buffer.running {
            Some(Running::Rescaled { shift }) => {
                let at = nest.targets.iter().position(|t| t.buffer == shift);
                let at = at.expect("a shift is computed beside its sums");
                Some((names[at].1.clone(), plan.buffer(shift).node))
            }
            _ => None,
        };
        let row = row.clone();
        let so_far: (LowId, SoFar) = (buffer.node, SoFar { row, rest, shift });
        running.extend([so_far]);
    }
    let targets = nest
        .targets
        .iter()
        .zip(&names)
        .map(|(t, (_, row))| (row.clone(), t.fold, t.axes.clone()))
        .collect();
    let mut rows = Rows::new(targets, running);
    if tile.is_none() {
        rows.keep_in_place(in_place::in_place(nest));
    }
    let positions = scope.row_positions(&nest.rows);
    let (once, per_row) = scope.split_invariant(nest);
    let mut hoisted = TokenStream::new();
    for node in once {
        hoisted.extend(scope.let_statement(node));
    }
    let whole: Vec<_> = names.iter().map(|n| n.0.clone()).chain(lost).collect();
    let count = whole.len();
    let mut in_lanes = scope.clone();
    let body = scope.statements(&mut rows, &per_row);
    let scratch: TokenStream = rows.scratch().collect();
    let along = quote! {
        #scratch
        for row in rows {
            #positions
            #take
            #body
        }
    };
    let choice = plan.rows_in_lanes(nest, tile.is_some());
    let body = if choice == RowsInLanes::Never {
        along
    } else {
        let lanes = lanes::groups(&mut in_lanes, nest, whole.clone(), &per_row);
        scope.prelude.extend(in_lanes.prelude);
        scope.used_buffers.extend(in_lanes.used_buffers);
        match choice {
            RowsInLanes::WhereShort(axes) => {
                let work = work_of(&mut scope, nest);
                let lengths: Vec<_> = axes.iter().map(|&axis| scope.extent(axis)).collect();
                quote! {
                    if ::loss_dsl::__rt::fits_lanes(#work, &[#(#lengths),*]) {
                        #lanes
                    } else {
                        #along
                    }
                }
            }
            _ => lanes,
        }
    };
    let prelude: TokenStream = scope.prelude.values().cloned().collect();
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
    let part = tile.map(|_| quote!(tile: ::loss_dsl::__rt::Tile,));
    let items = quote! {
        struct #name<'a, F: ::loss_dsl::Float> {
            call: &'a ::loss_dsl::__rt::Call<'a, F>,
            #part
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
                #hoisted
                #body
            }
        }
    };
    Emitted {
        items,
        buffers,
        cotangent,
    }
}

/// The work of a row, in terms of the nest's own variables.
fn work_of(scope: &mut Scope<'_>, nest: &Nest) -> TokenStream {
    product(scope, &extent::longest(nest))
}

fn product(scope: &mut Scope<'_>, axes: &[AxisId]) -> TokenStream {
    let extents: Vec<_> = axes.iter().map(|&axis| scope.extent(axis)).collect();
    times(&extents, 1)
}

/// The name of the kernel of a step.
pub(super) fn kernel_name(prefix: &str, step: usize) -> Ident {
    ident(&format!("{prefix}{step}"))
}
