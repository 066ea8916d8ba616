//! What a nest says about its size and its axes, before it runs.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{AxisId, Graph};
use crate::schedule::plan::{Nest, Stmt};

/// The product of extents, or `none` of them.
pub(in crate::emit) fn times(extents: &[TokenStream], none: usize) -> TokenStream {
    let mut product: Option<TokenStream> = None;
    for extent in extents {
        product = Some(match product {
            None => extent.clone(),
            Some(product) => quote!(#product * #extent),
        });
    }
    product.unwrap_or(quote!(#none))
}

/// The work of a row, about: the elements that its longest loops touch.
pub(in crate::emit) fn work(graph: &Graph, nest: &Nest, tile: Option<AxisId>) -> TokenStream {
    let extents: Vec<_> = longest(nest)
        .iter()
        .map(|&axis| {
            if tile == Some(axis) {
                return quote!(tile.len);
            }
            let index = usize::from(graph.axis(axis).dim.0);
            quote!(call.dims[#index])
        })
        .collect();
    times(&extents, 8)
}

/// The axes of the deepest loop within a row.
pub(super) fn longest(nest: &Nest) -> Vec<AxisId> {
    let mut axes: Vec<AxisId> = vec![];
    for stmt in &nest.body {
        let path = deepest(stmt);
        if path.len() > axes.len() {
            axes = path;
        }
    }
    axes
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
pub(in crate::emit) fn is_splittable(nest: &Nest, batch: &[AxisId], graph: &Graph) -> bool {
    let [axis] = batch else { return false };
    if nest.rows != batch {
        return false;
    }
    let dim = graph.axis(*axis).dim;
    let over_batch = |stmt: &Stmt| all_axes(stmt).iter().any(|&a| graph.axis(a).dim == dim);
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
