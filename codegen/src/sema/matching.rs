//! Which axes of the caller the axes of a loss stand for.
//!
//! They are matched, in this order: an array that is passed as it was declared, axis by axis; the
//! axis that a label points into, by the label's; axes of the same name; and what remains where one
//! axis remains on either side.

use super::loss::Analysis;
use super::parameter::{array_axes, axes_of};
use super::value::Value;
use crate::ir::{AxisId, AxisSet, Index, Kind, Node};
use crate::support::SourceRange;
use crate::syntax::ast::{Name, Parameter, ParameterKind};

/// An argument and the parameter that it is for.
pub(super) struct Argument<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) value: Value,
    pub(super) range: SourceRange,
}

/// Which axis of the caller each axis of the callee stands for.
pub(super) type Matching<'a> = Vec<(&'a str, AxisId)>;

impl<'a> Analysis<'a> {
    /// Matches the axes of the callee; see the module's description.
    pub(super) fn matching(
        &mut self,
        callee: &Name,
        arguments: &[Argument<'a>],
    ) -> Option<Matching<'a>> {
        let mut matching = Matching::new();
        for argument in arguments {
            for (axis, ours) in self.declared_order(argument) {
                self.match_axis(callee, &mut matching, axis, ours, argument.range)?;
            }
        }
        for argument in arguments {
            if let ParameterKind::Label { classes, .. } = &argument.parameter.kind
                && find(&matching, &classes.text).is_none()
                && let Some(ours) = self.classes(arguments, argument, classes)
            {
                self.match_axis(callee, &mut matching, classes, ours, argument.range)?;
            }
        }
        for argument in arguments {
            for axis in array_axes(&argument.parameter.kind) {
                let same = argument
                    .value
                    .axes
                    .iter()
                    .find(|ours| self.graph.axis(*ours).name == axis.text);
                if find(&matching, &axis.text).is_none()
                    && let Some(ours) = same.filter(|ours| !is_taken(&matching, *ours))
                {
                    matching.push((&axis.text, ours));
                }
            }
        }
        eliminate(&mut matching, arguments);
        for argument in arguments {
            for axis in axes_of(&argument.parameter.kind) {
                if find(&matching, &axis.text).is_none() {
                    let message = format!("which axis of the arguments is `{axis}` of `{callee}`?");
                    let help = format!("give the axis the same name, `{axis}`, here");
                    return self.refuse_with(argument.range, message, help);
                }
            }
        }
        Some(matching)
    }

    /// The axes of an array that is passed as it was declared.
    fn declared_order(&self, argument: &Argument<'a>) -> Vec<(&'a Name, AxisId)> {
        let axes = array_axes(&argument.parameter.kind);
        let Node::Load(_, indices) = self.graph.node(argument.value.node) else {
            return Vec::new();
        };
        if indices.len() != axes.len() {
            return Vec::new();
        }
        let pairs = axes.iter().zip(indices).map(|(axis, index)| match index {
            Index::Axis(ours) => Some((axis, *ours)),
            Index::At(_) => None,
        });
        pairs.collect::<Option<_>>().unwrap_or_default()
    }

    fn match_axis(
        &mut self,
        callee: &Name,
        matching: &mut Matching<'a>,
        axis: &'a Name,
        ours: AxisId,
        range: SourceRange,
    ) -> Option<()> {
        match find(matching, &axis.text) {
            Some(known) if known == ours => Some(()),
            Some(known) => {
                let message = format!(
                    "axis `{axis}` of `{callee}` would be both `{}` and `{}`",
                    self.axis_name(known),
                    self.axis_name(ours)
                );
                self.refuse(range, message)
            }
            None if is_taken(matching, ours) => {
                let ours = self.axis_name(ours);
                let message = format!("two axes of `{callee}` would both be `{ours}`");
                self.refuse(range, message)
            }
            None => {
                matching.push((&axis.text, ours));
                Some(())
            }
        }
    }

    /// The axis of the caller that a label argument points into, among those of the tensors that have
    /// the callee's axis.
    fn classes(
        &self,
        arguments: &[Argument<'a>],
        label: &Argument<'a>,
        classes: &Name,
    ) -> Option<AxisId> {
        let Kind::Index(dim) = self.graph.kind(label.value.node) else {
            return None;
        };
        let has_classes = |argument: &&Argument<'a>| {
            array_axes(&argument.parameter.kind)
                .iter()
                .any(|axis| axis.text == classes.text)
        };
        let axes = arguments
            .iter()
            .filter(has_classes)
            .fold(AxisSet::EMPTY, |axes, argument| {
                axes.union(argument.value.axes)
            });
        let mut found = axes.iter().filter(|axis| self.graph.axis(*axis).dim == dim);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    /// A label must point into the axis that stands for its range.
    pub(super) fn check_labels(
        &mut self,
        arguments: &[Argument<'a>],
        matching: &Matching<'a>,
    ) -> Option<()> {
        for argument in arguments {
            let ParameterKind::Label { classes, .. } = &argument.parameter.kind else {
                continue;
            };
            let axis = find(matching, &classes.text)?;
            let kind = self.graph.kind(argument.value.node);
            if kind != Kind::Index(self.graph.axis(axis).dim) {
                let message = format!(
                    "expected a position on axis `{}`, found {}",
                    self.axis_name(axis),
                    self.kind_text(kind)
                );
                return self.refuse(argument.range, message);
            }
        }
        Some(())
    }
}

/// Matches what remains where one axis remains on either side, until nothing changes.
fn eliminate<'a>(matching: &mut Matching<'a>, arguments: &[Argument<'a>]) {
    loop {
        let before = matching.len();
        for argument in arguments {
            let mut theirs = array_axes(&argument.parameter.kind)
                .iter()
                .filter(|axis| find(matching, &axis.text).is_none());
            let mut ours = argument
                .value
                .axes
                .iter()
                .filter(|axis| !is_taken(matching, *axis));
            if let (Some(axis), None, Some(ours), None) =
                (theirs.next(), theirs.next(), ours.next(), ours.next())
            {
                matching.push((&axis.text, ours));
            }
        }
        if matching.len() == before {
            return;
        }
    }
}

fn find(matching: &Matching<'_>, name: &str) -> Option<AxisId> {
    matching
        .iter()
        .find(|(axis, _)| *axis == name)
        .map(|(_, ours)| *ours)
}

fn is_taken(matching: &Matching<'_>, ours: AxisId) -> bool {
    matching.iter().any(|(_, taken)| *taken == ours)
}
