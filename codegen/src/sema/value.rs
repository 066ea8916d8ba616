//! Values: a node together with the axes and the kind that the notation gives it.

use super::loss::Analysis;
use crate::ir::{AxisId, AxisSet, Kind, NodeId};
use crate::support::SourceRange;

/// A well-formed value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) node: NodeId,
    /// The axes of the expression; those of the node are among them.
    pub(super) axes: AxisSet,
}

impl Value {
    /// A value without axes.
    pub(super) fn scalar(node: NodeId) -> Value {
        Value {
            node,
            axes: AxisSet::EMPTY,
        }
    }
}

impl<'a> Analysis<'a> {
    /// Reports a mistake; the value is then missing.
    pub(super) fn refuse<T>(
        &mut self,
        range: SourceRange,
        message: impl Into<String>,
    ) -> Option<T> {
        self.diagnostics.error(range, message);
        None
    }

    /// Reports a mistake and what to do; the value is then missing.
    pub(super) fn refuse_with<T>(
        &mut self,
        range: SourceRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.diagnostics.error_with_help(range, message, help);
        None
    }

    /// The help for a misspelt name. What it may have meant counts as used.
    pub(super) fn did_you_mean(&mut self, nearest: &str) -> String {
        self.suggested.insert(nearest.to_owned());
        format!("did you mean `{nearest}`?")
    }

    pub(super) fn axis_name(&self, axis: AxisId) -> String {
        self.graph.axis(axis).name.clone()
    }

    /// `` `N`, `C` `` or `no axes`.
    pub(super) fn axes_text(&self, axes: AxisSet) -> String {
        let names: Vec<String> = axes
            .iter()
            .map(|axis| format!("`{}`", self.axis_name(axis)))
            .collect();
        match names.as_slice() {
            [] => "no axes".to_owned(),
            [one] => format!("axis {one}"),
            _ => format!("axes {}", names.join(", ")),
        }
    }

    /// What a message calls a value of the kind.
    pub(super) fn kind_text(&self, kind: Kind) -> String {
        match kind {
            Kind::Real => "a number".to_owned(),
            Kind::Bool => "a condition".to_owned(),
            Kind::Identity => "an identity".to_owned(),
            Kind::Index(dim) => format!("a position on axis `{}`", self.graph.dim_name(dim)),
        }
    }

    /// Wants a number.
    pub(super) fn real(&mut self, value: Value, range: SourceRange) -> Option<Value> {
        let kind = self.graph.kind(value.node);
        let help = match kind {
            Kind::Real => return Some(value),
            Kind::Bool => "write `if condition { 1 } else { 0 }`",
            Kind::Identity => "identities are compared with each other, as in `y == y[N -> M]`",
            Kind::Index(_) => {
                "a position is compared, or used as an index `z[AXIS = position]`; `number(position)` counts it from 0"
            }
        };
        let message = format!("expected a number, found {}", self.kind_text(kind));
        self.refuse_with(range, message, help)
    }

    /// Wants a truth value.
    pub(super) fn condition(&mut self, value: Value, range: SourceRange) -> Option<Value> {
        let kind = self.graph.kind(value.node);
        let help = match kind {
            Kind::Bool => return Some(value),
            Kind::Real => "compare it, as in `x != 0`",
            Kind::Identity => "compare it with another, as in `y == y[N -> M]`",
            Kind::Index(_) => "compare it, as in `C == y`",
        };
        let message = format!("expected a condition, found {}", self.kind_text(kind));
        self.refuse_with(range, message, help)
    }

    /// Wants an integer known when the loss is compiled.
    pub(super) fn static_integer(&mut self, value: Value, range: SourceRange) -> Option<i64> {
        let value = self.real(value, range)?;
        let known = self
            .graph
            .as_rational(value.node)
            .and_then(|constant| constant.to_integer());
        if known.is_none() {
            let message = "expected an integer known at compile time";
            let help = "an integer literal, a `static int` parameter, or arithmetic on them";
            return self.refuse_with(range, message, help);
        }
        known
    }
}
