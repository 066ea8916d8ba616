//! A loss used inside another: its body, written out on the arguments.
//!
//! The axes of the callee stand for axes of the caller. They are matched, in this order: an array
//! that is passed as it was declared, axis by axis; the axis that a label points into, by the
//! label's; axes of the same name; and what remains where one axis remains on either side.

use super::block::{Outputs, plural};
use super::loss::Analysis;
use super::parameter::{array_axes, axes_of};
use super::scope::{Entity, Scope};
use super::value::Value;
use crate::ir::{AxisId, AxisSet, Index, Kind, Node};
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Definition, Expression, Name, Parameter, ParameterKind};

/// An argument and the parameter that it is for.
struct Argument<'a> {
    parameter: &'a Parameter,
    value: Value,
    range: SourceRange,
}

/// Which axis of the caller each axis of the callee stands for.
type Matching<'a> = Vec<(&'a str, AxisId)>;

impl<'a> Analysis<'a> {
    /// The definition of that name.
    pub(super) fn definition_called(&self, name: &str) -> Option<usize> {
        self.definitions
            .iter()
            .position(|definition| definition.name.text == name)
    }

    /// The value per sample of another loss.
    pub(super) fn call_loss(
        &mut self,
        scope: &Scope<'a>,
        callee: usize,
        name: &Name,
        (arguments, values): (&'a [Expression], &[Option<Value>]),
        settings: &'a [(Name, Expression)],
        range: SourceRange,
    ) -> Option<Value> {
        let definition = &self.definitions[callee];
        let settings = self.settings(scope, definition, settings);
        if definition.broken || self.recursive[callee] {
            return None;
        }
        let parameters: Vec<&'a Parameter> = definition
            .parameters
            .iter()
            .filter(|parameter| is_positional(&parameter.kind))
            .collect();
        if parameters.len() != values.len() {
            let names: Vec<String> = parameters.iter().map(|p| format!("`{}`", p.name)).collect();
            let message = format!(
                "`{name}` takes {}, found {}",
                plural(parameters.len(), "argument"),
                values.len()
            );
            let help = format!(
                "in order: {}; scalars, flags and static integers come by name after `;`",
                names.join(", ")
            );
            return self.refuse_with(range, message, help);
        }
        let mut bound = Some(Vec::new());
        for ((parameter, value), written) in parameters.into_iter().zip(values).zip(arguments) {
            let value = value.and_then(|value| self.argument(parameter, value, written.range));
            match (&mut bound, value) {
                (Some(list), Some(value)) => list.push(Argument {
                    parameter,
                    value,
                    range: written.range,
                }),
                _ => bound = None,
            }
        }
        let (bound, settings) = (bound?, settings?);
        let matching = self.matching(name, &bound)?;
        self.check_labels(&bound, &matching)?;
        let mut inner = Scope::default();
        for (axis, ours) in &matching {
            inner = inner.with(axis, Entity::Axis(Some(*ours)));
        }
        for argument in &bound {
            let text = &argument.parameter.name.text;
            inner = inner.with(text, Entity::Value(Some(argument.value)));
        }
        self.written_out(inner, callee, settings, range)
    }

    /// The body of the callee. A mistake in it is the callee's own, unless it stands alone.
    fn written_out(
        &mut self,
        scope: Scope<'a>,
        callee: usize,
        settings: Vec<(&'a Name, Value)>,
        range: SourceRange,
    ) -> Option<Value> {
        let definition = &self.definitions[callee];
        let outer = std::mem::take(&mut self.diagnostics);
        let mut scope = scope;
        for parameter in &definition.parameters {
            if is_positional(&parameter.kind) {
                continue;
            }
            let given = settings
                .iter()
                .find(|(name, _)| name.text == parameter.name.text);
            let value = match given {
                Some((_, value)) => Some(*value),
                None => self.default_value(parameter),
            };
            scope = scope.with(&parameter.name.text, Entity::Value(value));
        }
        let taken = definition.parameters.iter().map(|p| &p.name).collect();
        let mut outputs = Outputs::default();
        let value = self.block(&scope, &definition.body, taken, Some(&mut outputs));
        let value = value.and_then(|value| self.real(value, definition.body.result.range));
        let inner = std::mem::replace(&mut self.diagnostics, outer);
        if let Some(first) = inner.iter().next() {
            let mut alone = Analysis::new(self.definitions, self.recursive);
            let stands = alone.definition(definition).is_some();
            if stands || definition.imported {
                let message = format!("in `{}`: {}", definition.name, first.message);
                return self.refuse(range, message);
            }
            return None;
        }
        let value = value?;
        Some(match outputs.weight {
            Some((weight, _)) => Value {
                node: self.graph.mul(weight.node, value.node),
                axes: weight.axes.union(value.axes),
            },
            None => value,
        })
    }

    /// Wants of an argument what its parameter is.
    fn argument(
        &mut self,
        parameter: &Parameter,
        value: Value,
        range: SourceRange,
    ) -> Option<Value> {
        match &parameter.kind {
            ParameterKind::Tensor { constant, .. } => {
                let value = self.real(value, range)?;
                if !constant || self.differentiated_input(value.node).is_none() {
                    return Some(value);
                }
                // What the callee takes as data has no gradient there.
                Some(Value {
                    node: self.graph.detach(value.node),
                    axes: value.axes,
                })
            }
            ParameterKind::Mask { .. } => self.condition(value, range),
            ParameterKind::Label { .. } => match self.graph.kind(value.node) {
                Kind::Index(_) => Some(value),
                kind => {
                    let message = format!(
                        "`{}` is a label, found {}",
                        parameter.name,
                        self.kind_text(kind)
                    );
                    self.refuse(range, message)
                }
            },
            ParameterKind::Scalar { .. }
            | ParameterKind::StaticInt { .. }
            | ParameterKind::Flag { .. }
            | ParameterKind::Error => None,
        }
    }

    /// The values given by name.
    fn settings(
        &mut self,
        scope: &Scope<'a>,
        definition: &'a Definition,
        settings: &'a [(Name, Expression)],
    ) -> Option<Vec<(&'a Name, Value)>> {
        let mut given: Option<Vec<(&'a Name, Value)>> = Some(Vec::new());
        for (i, (name, written)) in settings.iter().enumerate() {
            let value = self.expression(scope, written);
            let repeated = settings[..i]
                .iter()
                .any(|(other, _)| other.text == name.text);
            let value = if repeated {
                self.refuse(name.range, format!("`{name}` is given twice"))
            } else {
                self.setting(definition, name, value, written)
            };
            match (&mut given, value) {
                (Some(list), Some(value)) => list.push((name, value)),
                _ => given = None,
            }
        }
        given
    }

    fn setting(
        &mut self,
        definition: &'a Definition,
        name: &Name,
        value: Option<Value>,
        written: &Expression,
    ) -> Option<Value> {
        let named = |parameter: &&Parameter| !is_positional(&parameter.kind);
        let mut parameters = definition.parameters.iter().filter(named);
        let Some(parameter) = parameters.find(|p| p.name.text == name.text) else {
            let names = definition.parameters.iter().filter(named);
            let help = nearest_name(&name.text, names.map(|p| p.name.text.as_str()))
                .map(|nearest| format!("did you mean `{nearest}`?"));
            let message = format!(
                "`{}` has no scalar, flag or static integer `{name}`",
                definition.name
            );
            self.diagnostics.error_with(name.range, message, help);
            return None;
        };
        let value = value?;
        match parameter.kind {
            ParameterKind::Scalar { .. } => self.real(value, written.range),
            ParameterKind::Flag { .. } => self.condition(value, written.range),
            ParameterKind::StaticInt { .. } => {
                self.static_integer(value, written.range).map(|_| value)
            }
            _ => None,
        }
    }

    /// The value of a scalar, flag or static integer that is not given.
    fn default_value(&mut self, parameter: &'a Parameter) -> Option<Value> {
        match &parameter.kind {
            ParameterKind::Scalar {
                default: Some(value),
                ..
            }
            | ParameterKind::StaticInt { value } => self.expression(&Scope::default(), value),
            ParameterKind::Scalar { default: None, .. } => Some(Value::scalar(self.graph.one())),
            ParameterKind::Flag { default } => {
                Some(Value::scalar(self.graph.truth(default.unwrap_or(false))))
            }
            _ => None,
        }
    }

    /// Matches the axes of the callee; see the module's description.
    fn matching(&mut self, callee: &Name, arguments: &[Argument<'a>]) -> Option<Matching<'a>> {
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
    fn check_labels(&mut self, arguments: &[Argument<'a>], matching: &Matching<'a>) -> Option<()> {
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

/// Whether arguments for it are given in order.
fn is_positional(kind: &ParameterKind) -> bool {
    matches!(
        kind,
        ParameterKind::Tensor { .. } | ParameterKind::Label { .. } | ParameterKind::Mask { .. }
    )
}
