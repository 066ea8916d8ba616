//! Parameters: their axes, roles and ranges.

use super::constant::{self, Constant, constant};
use super::loss::Analysis;
use super::scope::{Entity, Scope};
use super::value::Value;
use crate::ir::{AxisId, AxisSet, Param, ParamId, Range, Role};
use crate::syntax::ast::{Definition, Expression, Name, Parameter, ParameterKind};

/// The most axes that a definition may declare; the compiler adds its own to them.
const MAX_DECLARED: usize = 24;

impl<'a> Analysis<'a> {
    /// Declares the axes and the parameters of the definition that is compiled.
    pub(super) fn parameters(&mut self, definition: &'a Definition) -> Scope<'a> {
        let mut scope = Scope::default();
        for parameter in &definition.parameters {
            for axis in axes_of(&parameter.kind) {
                if scope.axis(&axis.text).is_none() {
                    let declared = self.declare_axis(axis);
                    scope = scope.with(&axis.text, Entity::Axis(declared));
                }
            }
        }
        let mut names: Vec<&'a Name> = Vec::new();
        for parameter in &definition.parameters {
            self.distinct_axes(parameter);
            if self.duplicate(&names, &parameter.name) {
                continue;
            }
            names.push(&parameter.name);
            let value = self.declare_parameter(&scope, parameter);
            scope = scope.with(&parameter.name.text, Entity::Value(value));
        }
        self.sized_axes(definition);
        scope
    }

    /// Refuses a name that is taken.
    pub(super) fn duplicate(&mut self, taken: &[&'a Name], name: &'a Name) -> bool {
        let found = taken.iter().any(|other| other.text == name.text);
        if found {
            self.diagnostics
                .error(name.range, format!("`{name}` is already declared"));
        }
        found
    }

    fn declare_axis(&mut self, name: &Name) -> Option<AxisId> {
        if self.graph.axes().len() >= MAX_DECLARED {
            let message = format!("a definition has at most {MAX_DECLARED} axes");
            return self.refuse(name.range, message);
        }
        Some(self.graph.declare_axis(&name.text))
    }

    /// Declares a second index over the dimension of an axis.
    pub(super) fn declare_axis_like(&mut self, name: &Name, like: AxisId) -> Option<AxisId> {
        if self.graph.axes().len() >= MAX_DECLARED {
            let message = format!("a definition has at most {MAX_DECLARED} axes");
            return self.refuse(name.range, message);
        }
        // What a function or loss declares is declared again wherever it is written out.
        let mut unique = name.text.clone();
        while self.graph.axes().iter().any(|axis| axis.name == unique) {
            unique.push('\'');
        }
        Some(self.graph.declare_axis_like(&unique, like))
    }

    fn distinct_axes(&mut self, parameter: &Parameter) {
        let axes = array_axes(&parameter.kind);
        for (i, axis) in axes.iter().enumerate() {
            if axes[..i].iter().any(|other| other.text == axis.text) {
                let message = format!("`{}` has the axis `{axis}` twice", parameter.name);
                let help = "give the two axes different names; `axis M like N;` makes a second index over one axis";
                self.diagnostics.error_with_help(axis.range, message, help);
            }
        }
    }

    /// An axis that labels point into must be an axis of some array.
    fn sized_axes(&mut self, definition: &Definition) {
        let sized = |name: &Name| {
            definition.parameters.iter().any(|parameter| {
                matches!(parameter.kind, ParameterKind::Error)
                    || array_axes(&parameter.kind)
                        .iter()
                        .any(|axis| axis.text == name.text)
            })
        };
        if self.lost_names {
            return;
        }
        let mut reported: Vec<&str> = Vec::new();
        for parameter in &definition.parameters {
            if let ParameterKind::Label { classes, .. } = &parameter.kind
                && !sized(classes)
                && !reported.contains(&classes.text.as_str())
            {
                reported.push(&classes.text);
                let message = format!("no input gives axis `{classes}` its size");
                let help = format!(
                    "an axis needs a tensor that has it, such as `z: [N, {classes}]`; labels that are only compared are `{}: id [{}]`",
                    parameter.name,
                    axes_list(&parameter.kind),
                );
                self.diagnostics
                    .error_with_help(classes.range, message, help);
            }
        }
    }

    fn declare_parameter(&mut self, scope: &Scope<'a>, parameter: &'a Parameter) -> Option<Value> {
        let range = self.declared_range(parameter)?;
        let axes: Option<Vec<AxisId>> = array_axes(&parameter.kind)
            .iter()
            .map(|axis| scope.axis(&axis.text).flatten())
            .collect();
        let axes = axes?;
        let role = match &parameter.kind {
            ParameterKind::Tensor { constant, .. } => Role::Tensor {
                differentiable: !constant,
            },
            ParameterKind::Label { classes, .. } => {
                let axis = scope.axis(&classes.text).flatten()?;
                Role::Label(self.graph.axis(axis).dim)
            }
            ParameterKind::Identity { .. } => Role::Identity,
            ParameterKind::Mask { .. } => Role::Mask,
            ParameterKind::Scalar { learn, default } => Role::Scalar {
                learn: *learn,
                default: self.scalar_default(parameter, default.as_ref(), range)?,
            },
            ParameterKind::StaticInt { value } => {
                let value = self.integer_constant(value)?;
                let id = self.declare(parameter, Role::Static(value), Vec::new(), range);
                debug_assert!(self.graph.param(id).static_value().is_some());
                return Some(Value::scalar(self.graph.integer(value)));
            }
            ParameterKind::Flag { default } => Role::Flag(default.unwrap_or(false)),
            ParameterKind::Error => return None,
        };
        let set: AxisSet = axes.iter().copied().collect();
        let id = self.declare(parameter, role, axes, range);
        let node = match parameter.kind {
            ParameterKind::Scalar { .. } => self.graph.scalar(id),
            ParameterKind::Flag { .. } => self.graph.flag(id),
            _ => self.graph.load_whole(id),
        };
        Some(Value { node, axes: set })
    }

    fn declare(
        &mut self,
        parameter: &Parameter,
        role: Role,
        axes: Vec<AxisId>,
        range: Range,
    ) -> ParamId {
        self.graph.declare_param(Param {
            name: parameter.name.text.clone(),
            role,
            axes,
            range,
            doc: parameter.docs.join("\n"),
        })
    }

    fn declared_range(&mut self, parameter: &Parameter) -> Option<Range> {
        let Some(condition) = &parameter.domain else {
            return Some(Range::REAL);
        };
        if !matches!(
            parameter.kind,
            ParameterKind::Tensor { .. } | ParameterKind::Scalar { .. } | ParameterKind::Error
        ) {
            let message = "only real tensors and scalars have a range";
            return self.refuse(condition.range, message);
        }
        match constant::range(condition, &parameter.name) {
            Ok(Some(range)) if range.is_empty() => {
                self.refuse(condition.range, "no number satisfies this condition")
            }
            Ok(range) => range,
            Err(wrong) => self.refuse(wrong.range, wrong.message),
        }
    }

    fn scalar_default(
        &mut self,
        parameter: &Parameter,
        default: Option<&Expression>,
        range: Range,
    ) -> Option<f64> {
        let (value, place) = match default {
            Some(expression) => (self.number_constant(expression)?.to_f64(), expression.range),
            None => (1.0, parameter.name.range),
        };
        if !range.contains(value) {
            let message = format!("the default {value} is outside the declared range");
            let help = "a scalar without a default has 1";
            return match default {
                Some(_) => self.refuse(place, message),
                None => self.refuse_with(place, message, help),
            };
        }
        Some(value)
    }

    fn number_constant(&mut self, expression: &Expression) -> Option<Constant> {
        match constant(expression) {
            Ok(value) => value,
            Err(wrong) => self.refuse(wrong.range, wrong.message),
        }
    }

    fn integer_constant(&mut self, expression: &Expression) -> Option<i64> {
        let value = self.number_constant(expression)?;
        match value {
            Constant::Exact(exact) if exact.to_integer().is_some() => exact.to_integer(),
            _ => self.refuse(expression.range, "a `static int` is an integer"),
        }
    }
}

/// The axes of the parameter's array.
pub(super) fn array_axes(kind: &ParameterKind) -> &[Name] {
    match kind {
        ParameterKind::Tensor { axes, .. }
        | ParameterKind::Label { axes, .. }
        | ParameterKind::Identity { axes }
        | ParameterKind::Mask { axes } => axes,
        ParameterKind::Scalar { .. }
        | ParameterKind::StaticInt { .. }
        | ParameterKind::Flag { .. }
        | ParameterKind::Error => &[],
    }
}

fn axes_list(kind: &ParameterKind) -> String {
    let names: Vec<&str> = array_axes(kind)
        .iter()
        .map(|axis| axis.text.as_str())
        .collect();
    names.join(", ")
}

/// All axes that the parameter names, in the order of writing.
pub(super) fn axes_of(kind: &ParameterKind) -> impl Iterator<Item = &Name> {
    let classes = match kind {
        ParameterKind::Label { classes, .. } => Some(classes),
        _ => None,
    };
    array_axes(kind).iter().chain(classes)
}
