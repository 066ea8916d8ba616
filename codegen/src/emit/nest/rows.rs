//! The memory that the work of a row has: its targets, and scratch for slices and kept values.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::scope::Scope;
use super::running::SoFar;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, LowId, LowKind};

/// The targets of a nest and the scratch memory that it needs.
pub(in crate::emit) struct Rows {
    targets: Vec<(Ident, Option<Fold>, Vec<AxisId>)>,
    /// Slices that are gathered and values that are kept: a vector each.
    scratch: Vec<(Ident, TokenStream)>,
    kept: BTreeMap<(AxisId, LowId), Ident>,
    /// Values that are kept in the row of a target.
    in_place: BTreeMap<LowId, usize>,
    running: BTreeMap<LowId, SoFar>,
}

impl Rows {
    /// The slice, folding and axes of every target, and what grows from tile to tile.
    pub(in crate::emit) fn new(
        targets: Vec<(Ident, Option<Fold>, Vec<AxisId>)>,
        running: BTreeMap<LowId, SoFar>,
    ) -> Self {
        Rows {
            targets,
            running,
            scratch: vec![],
            kept: BTreeMap::new(),
            in_place: BTreeMap::new(),
        }
    }

    /// Keeps values in the rows of targets.
    pub(super) fn keep_in_place(&mut self, places: BTreeMap<LowId, usize>) {
        self.in_place = places;
    }

    /// The target in whose row a value is kept, if there is one.
    pub(in crate::emit) fn in_place(&self, node: LowId) -> Option<usize> {
        self.in_place.get(&node).copied()
    }

    /// How a total goes on from the tiles before.
    pub(in crate::emit) fn running(&self, result: LowId) -> Option<SoFar> {
        self.running.get(&result).cloned()
    }

    /// Whether a target has the tiled axis.
    pub(super) fn is_tiled(&self, scope: &Scope<'_>, target: usize) -> bool {
        scope
            .tile
            .is_some_and(|axis| self.targets[target].2.contains(&axis))
    }

    /// The declarations of scratch memory.
    pub(super) fn scratch(&self) -> impl Iterator<Item = TokenStream> {
        self.scratch.iter().map(|s| s.1.clone())
    }

    /// The slice of a target: its row, or its accumulator.
    pub(in crate::emit) fn row(&self, target: usize) -> Ident {
        self.targets[target].0.clone()
    }

    /// How a target is folded.
    pub(in crate::emit) fn fold(&self, target: usize) -> Option<Fold> {
        self.targets[target].1
    }

    /// Offset within the slice of a target of the positions on its axes but `along`, which is last.
    pub(in crate::emit) fn base(
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
    pub(in crate::emit) fn scratch_of(
        &mut self,
        scope: &mut Scope<'_>,
        axis: AxisId,
        node: LowId,
    ) -> Ident {
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

    /// Memory for `count` strips.
    pub(in crate::emit) fn strips(&mut self, scope: &mut Scope<'_>, count: usize) -> Ident {
        let name = scope.fresh("strips");
        self.scratch.push((
            name.clone(),
            quote!(let mut #name = [F::ZERO; #count * ::loss_dsl::__rt::STRIP];),
        ));
        name
    }

    /// Memory for a slice that has to be gathered.
    pub(in crate::emit) fn buffer_for(
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
