//! A loss used inside another: its body, written out on the arguments.

use super::block::{Outputs, plural};
use super::loss::Analysis;
use super::matching::Argument;
use super::scope::{Entity, Scope};
use super::value::Value;
use crate::ir::Kind;
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Definition, Expression, Name, Parameter, ParameterKind};

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
        let before = self.sites.len();
        let value = self.block(&scope, &definition.body, taken, Some(&mut outputs));
        let value = value.and_then(|value| self.real(value, definition.body.result.range));
        // For whoever uses the loss its operators are at the call.
        for site in &mut self.sites[before..] {
            site.range = range;
        }
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
            Some(weight) if weight.factor => Value {
                node: self.graph.mul(weight.value.node, value.node),
                axes: weight.value.axes.union(value.axes),
            },
            _ => value,
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
            ParameterKind::Identity { .. } => {
                self.named(parameter, "an identity", value, range, |kind| {
                    kind == Kind::Identity
                })
            }
            ParameterKind::Label { .. } => self.named(parameter, "a label", value, range, |kind| {
                matches!(kind, Kind::Index(_))
            }),
            ParameterKind::Scalar { .. }
            | ParameterKind::StaticInt { .. }
            | ParameterKind::Flag { .. }
            | ParameterKind::Error => None,
        }
    }

    /// Wants of an argument the kind that its parameter, `what`, is of.
    fn named(
        &mut self,
        parameter: &Parameter,
        what: &str,
        value: Value,
        range: SourceRange,
        is_right: impl Fn(Kind) -> bool,
    ) -> Option<Value> {
        let kind = self.graph.kind(value.node);
        if is_right(kind) {
            return Some(value);
        }
        let found = self.kind_text(kind);
        self.refuse(
            range,
            format!("`{}` is {what}, found {found}", parameter.name),
        )
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
}

/// Whether arguments for it are given in order.
fn is_positional(kind: &ParameterKind) -> bool {
    matches!(
        kind,
        ParameterKind::Tensor { .. }
            | ParameterKind::Label { .. }
            | ParameterKind::Identity { .. }
            | ParameterKind::Mask { .. }
    )
}
