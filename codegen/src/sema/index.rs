//! Indices: `z[C = y]` and `x[N -> M]`, both substitutions for an axis.

use super::loss::Analysis;
use super::scope::Scope;
use super::value::Value;
use crate::ir::{AxisId, AxisSet, Index, Kind};
use crate::syntax::ast::{self, Expression, Name};

impl<'a> Analysis<'a> {
    /// Indexes a value; the indices act at once, not one after the other.
    pub(super) fn index(
        &mut self,
        scope: &Scope<'a>,
        base: &'a Expression,
        indices: &'a [ast::Index],
    ) -> Option<Value> {
        let value = self.expression(scope, base);
        let mut replaced: Option<Vec<(AxisId, Index, AxisSet)>> = Some(Vec::new());
        for index in indices {
            let one = self.replacement(scope, value, index);
            match (&mut replaced, one) {
                (Some(list), Some((axis, ..))) if list.iter().any(|(other, ..)| *other == axis) => {
                    let name = index_axis(index);
                    let message = format!("axis `{name}` is indexed twice");
                    replaced = self.refuse(name.range, message);
                }
                (Some(list), Some(one)) => list.push(one),
                (_, None) => replaced = None,
                (None, Some(_)) => {}
            }
        }
        let (value, replaced) = (value?, replaced?);
        let mut axes = value.axes;
        for (axis, ..) in &replaced {
            axes = axes.minus(AxisSet::of(*axis));
        }
        for (.., arriving) in &replaced {
            axes = axes.union(*arriving);
        }
        let map: Vec<(AxisId, Index)> = replaced
            .into_iter()
            .map(|(axis, index, _)| (axis, index))
            .collect();
        Some(Value {
            node: self.graph.substitute(value.node, &map),
            axes,
        })
    }

    /// The axis that goes away, what stands in its place, and the axes of that.
    fn replacement(
        &mut self,
        scope: &Scope<'a>,
        base: Option<Value>,
        index: &'a ast::Index,
    ) -> Option<(AxisId, Index, AxisSet)> {
        let name = index_axis(index);
        let axis = self.axis(scope, name);
        let lacking = match (base, axis) {
            (Some(base), Some(axis)) if !base.axes.contains(axis) => {
                let message = format!(
                    "this value has no axis `{name}` to index: it has {}",
                    self.axes_text(base.axes)
                );
                self.diagnostics.error(name.range, message);
                true
            }
            _ => false,
        };
        let replacement = match index {
            ast::Index::Gather { position, .. } => {
                let value = self.expression(scope, position);
                if lacking {
                    return None;
                }
                self.position(axis?, value?, position)
            }
            ast::Index::Rename { to, .. } => {
                let to = self.axis(scope, to);
                if lacking {
                    return None;
                }
                self.renamed(axis?, to?, index)
            }
        };
        let (index, axes) = replacement?;
        Some((axis?, index, axes))
    }

    fn position(
        &mut self,
        axis: AxisId,
        value: Value,
        written: &Expression,
    ) -> Option<(Index, AxisSet)> {
        let dim = self.graph.axis(axis).dim;
        let value = self.beside(value, Kind::Index(dim));
        match self.graph.kind(value.node) {
            Kind::Index(found) if found == dim => Some((Index::At(value.node), value.axes)),
            Kind::Index(found) => {
                let message = format!(
                    "this is a position on axis `{}`, not on `{}`",
                    self.graph.dim_name(found),
                    self.axis_name(axis)
                );
                self.refuse(written.range, message)
            }
            kind @ (Kind::Real | Kind::Bool | Kind::Identity) => {
                let message = format!(
                    "expected a position on axis `{}`, found {}",
                    self.axis_name(axis),
                    self.kind_text(kind)
                );
                let help = "a label declared `y: [N] in C`, an integer constant, or another axis";
                self.refuse_with(written.range, message, help)
            }
        }
    }

    fn renamed(
        &mut self,
        from: AxisId,
        to: AxisId,
        index: &ast::Index,
    ) -> Option<(Index, AxisSet)> {
        if self.graph.axis(from).dim != self.graph.axis(to).dim {
            let (from, to) = (self.axis_name(from), self.axis_name(to));
            let range = match index {
                ast::Index::Rename { to, .. } => to.range,
                ast::Index::Gather { axis, .. } => axis.range,
            };
            let message = format!("`{to}` is not a second index over `{from}`");
            let help = format!("declare one with `axis M like {from};`");
            return self.refuse_with(range, message, help);
        }
        Some((Index::Axis(to), AxisSet::of(to)))
    }
}

fn index_axis(index: &ast::Index) -> &Name {
    match index {
        ast::Index::Gather { axis, .. } => axis,
        ast::Index::Rename { from, .. } => from,
    }
}
