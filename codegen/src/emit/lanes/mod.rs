//! The body of a nest with a row in each lane.
//!
//! What has a value per row is an array of lanes, computed in a loop over the lanes that the compiler makes
//! vectors of. Statements without a loop between them share one such loop (`segment`); a loop along an axis goes
//! through its positions one after the other, with a loop over the lanes in its body (`along`); what it reads and
//! writes at all of them is turned into lanes, and back, as a block (`turned`). What a loop over the
//! lanes reads is brought into lanes before it starts (`read`), what it writes goes out after its end: inside there is only
//! arithmetic. Values that no row changes are scalars, computed before.

mod along;
mod body;
mod read;
mod segment;
mod turned;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::nest::Rows;
use super::scope::Scope;
use crate::ir::{AxisId, AxisSet};
use crate::schedule::low::{LowId, LowKind};
use crate::schedule::plan::{Nest, Stmt};

/// The loop over groups of rows. `targets` names the targets as a whole.
pub(super) fn groups(
    scope: &mut Scope<'_>,
    nest: &Nest,
    targets: Vec<Ident>,
    body: &[Stmt],
) -> TokenStream {
    let positions = scope.row_positions(&nest.rows);
    let targets = targets.into_iter().zip(&nest.targets);
    let targets = targets.map(|(whole, t)| (whole, t.fold, t.axes.clone()));
    let rows = Rows::new(targets.collect(), BTreeMap::new());
    let mut lanes = Lanes {
        scope,
        rows,
        row_axes: nest.rows.clone(),
        steps: vec![],
        scratch: vec![],
        kept: BTreeMap::new(),
        blocks: BTreeMap::new(),
        opening: TokenStream::new(),
        written_blocks: BTreeSet::new(),
        spares: BTreeSet::new(),
    };
    let body = lanes.statements(body);
    let Lanes {
        steps,
        scratch,
        opening,
        ..
    } = lanes;
    let names: Vec<_> = steps.iter().map(|s| &s.name).collect();
    let steps: TokenStream = steps
        .iter()
        .map(|Step { name, along, .. }| quote!(let #name = #along;))
        .collect();
    let scratch: TokenStream = scratch.into_iter().collect();
    quote! {
        #steps
        let run = ::loss_dsl::__rt::common_run(&[#(#names.run),*]);
        #scratch
        for (row, count) in ::loss_dsl::__rt::groups(rows, run) {
            #positions
            #opening
            #body
        }
    }
}

/// How an array goes on from row to row: a variable of the nest.
struct Step {
    array: String,
    axes: Vec<(usize, usize)>,
    name: Ident,
    along: TokenStream,
}

/// A body that is being written.
struct Lanes<'s, 'p> {
    scope: &'s mut Scope<'p>,
    /// Targets; the name of each is that of the whole.
    rows: Rows,
    row_axes: Vec<AxisId>,
    steps: Vec<Step>,
    /// Declarations of scratch memory.
    scratch: Vec<TokenStream>,
    kept: BTreeMap<(AxisId, LowId), Ident>,
    /// Leaves that are turned where the code stands.
    blocks: BTreeMap<(AxisId, LowId), Ident>,
    /// What a group of rows begins with.
    opening: TokenStream,
    /// Targets that have a block.
    written_blocks: BTreeSet<usize>,
    spares: BTreeSet<String>,
}

impl Lanes<'_, '_> {
    /// Whether no row changes the value.
    fn is_common(&self, node: LowId) -> bool {
        let rows: AxisSet = self.row_axes.iter().copied().collect();
        let free = self.scope.low().free(node);
        free.minus(rows) == free
    }

    /// Whether the node is a variable already.
    fn is_known(&self, node: LowId) -> bool {
        self.scope.bound.contains_key(&node) || self.scope.lanes.contains_key(&node)
    }

    /// Whether the node is read from a buffer.
    fn is_read(&self, node: LowId) -> bool {
        self.scope.plan.read(node).is_some() && self.scope.reads_buffer(node)
    }

    /// The children that have to be known for the node to be computed here.
    fn children(&self, node: LowId) -> Vec<LowId> {
        if self.is_read(node) {
            vec![]
        } else {
            self.scope.low().op(node).children()
        }
    }

    /// The zero of a kind.
    fn zero(&self, node: LowId) -> TokenStream {
        match self.scope.low().kind(node) {
            LowKind::Real => quote!(F::ZERO),
            LowKind::Bool => quote!(false),
            LowKind::Index => quote!(0u32),
        }
    }
}
