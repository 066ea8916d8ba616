//! Bodies: declarations in order, then the value.

use super::loss::Analysis;
use super::scope::{Entity, Function, Scope};
use super::value::Value;
use crate::ir::AxisSet;
use crate::support::SourceRange;
use crate::syntax::ast::{Block, Name, Statement};
use std::rc::Rc;

/// What the weighted mean divides by, a summand for each position.
pub(super) struct Weight {
    /// The summand.
    pub(super) value: Value,
    /// Where it stands.
    pub(super) range: SourceRange,
    /// Whether it is a factor of the loss too: `weight` rather than `denominator`.
    pub(super) factor: bool,
}

impl Weight {
    /// The word that declares it.
    pub(super) fn word(factor: bool) -> &'static str {
        if factor { "weight" } else { "denominator" }
    }
}

/// What a body declares for the outside.
#[derive(Default)]
pub(super) struct Outputs<'a> {
    /// `pub let`s in order.
    pub(super) auxiliary: Vec<(&'a Name, Value)>,
    /// Scalars with what they are after this step and where that stands; `None`: refused.
    pub(super) next: Vec<(&'a Name, Option<Value>, SourceRange)>,
    /// The `weight` or the `denominator`.
    pub(super) weight: Option<Weight>,
    /// The place of the first of these, even if it was refused.
    pub(super) weighted: Option<SourceRange>,
}

impl<'a> Analysis<'a> {
    /// The value of a body. `taken` are the names that it may not declare again. Only the body of a
    /// loss has `outputs`.
    pub(super) fn block(
        &mut self,
        scope: &Scope<'a>,
        block: &'a Block,
        taken: Vec<&'a Name>,
        mut outputs: Option<&mut Outputs<'a>>,
    ) -> Option<Value> {
        let mut scope = scope.clone();
        let mut taken = taken;
        for statement in &block.statements {
            match statement {
                Statement::Axis { name, like } => {
                    let axis = self.second_axis(&scope, name, like);
                    scope = scope.with(&name.text, Entity::Axis(axis));
                }
                Statement::Let {
                    public,
                    name,
                    value: written,
                    ..
                } => {
                    let value = self.expression(&scope, written);
                    self.not_a_word(name);
                    self.duplicate(&taken, name);
                    taken.push(name);
                    if *public {
                        let value = value.and_then(|value| self.real(value, written.range));
                        self.output(name, value, outputs.as_deref_mut());
                    }
                    scope = scope.with(&name.text, Entity::Value(value));
                }
                Statement::Function {
                    name,
                    parameters,
                    body,
                } => {
                    self.check_function(name, parameters, &taken);
                    taken.push(name);
                    let function = Rc::new(Function {
                        name,
                        parameters,
                        body,
                        scope: scope.clone(),
                    });
                    scope = scope.with(&name.text, Entity::Function(function));
                }
                Statement::Next {
                    name,
                    value: written,
                } => {
                    let value = self.expression(&scope, written);
                    let value = value.and_then(|value| self.real(value, written.range));
                    match outputs.as_deref_mut() {
                        Some(outputs) => outputs.next.push((name, value, written.range)),
                        None => {
                            let message = "`next` belongs in the body of the loss itself";
                            self.diagnostics.error(name.range, message);
                        }
                    }
                }
                Statement::Weight {
                    keyword,
                    factor,
                    value,
                } => {
                    let weight = self
                        .expression(&scope, value)
                        .and_then(|weight| self.real(weight, value.range));
                    let found = weight.map(|weight| Weight {
                        value: weight,
                        range: value.range,
                        factor: *factor,
                    });
                    self.weight(*keyword, *factor, found, outputs.as_deref_mut());
                }
            }
        }
        self.expression(&scope, &block.result)
    }

    fn second_axis(
        &mut self,
        scope: &Scope<'a>,
        name: &'a Name,
        like: &Name,
    ) -> Option<crate::ir::AxisId> {
        if scope.axis(&name.text).is_some() {
            return self.refuse(name.range, format!("axis `{name}` is already declared"));
        }
        let like = self.axis(scope, like)?;
        self.declare_axis_like(name, like)
    }

    fn output(&mut self, name: &'a Name, value: Option<Value>, outputs: Option<&mut Outputs<'a>>) {
        match (outputs, value) {
            (Some(outputs), Some(value)) => outputs.auxiliary.push((name, value)),
            (Some(_), None) => {}
            (None, _) => {
                let message = "`pub let` belongs in the body of the loss itself";
                self.diagnostics.error(name.range, message);
            }
        }
    }

    fn weight(
        &mut self,
        keyword: SourceRange,
        factor: bool,
        weight: Option<Weight>,
        outputs: Option<&mut Outputs<'a>>,
    ) {
        let Some(outputs) = outputs else {
            let message = format!(
                "`{}` belongs in the body of the loss itself",
                Weight::word(factor)
            );
            self.diagnostics.error(keyword, message);
            return;
        };
        if outputs.weighted.is_some() {
            let message = "a loss has one `weight` or `denominator`";
            let help = "multiply the weights of several";
            self.diagnostics.error_with_help(keyword, message, help);
            return;
        }
        outputs.weighted = Some(keyword);
        outputs.weight = weight;
    }

    fn check_function(&mut self, name: &'a Name, parameters: &'a [Name], taken: &[&'a Name]) {
        self.duplicate(taken, name);
        if super::function::is_function(&name.text) || super::reduction::is_reduction(&name.text) {
            let message = format!("`{name}` is built in");
            self.diagnostics.error(name.range, message);
        }
        let mut names: Vec<&'a Name> = Vec::new();
        for parameter in parameters {
            self.not_a_word(parameter);
            self.duplicate(&names, parameter);
            names.push(parameter);
        }
    }

    /// The value of a local function at its arguments: its body, written out.
    pub(super) fn call_local(
        &mut self,
        name: &Name,
        function: &Rc<Function<'a>>,
        arguments: &[Option<Value>],
        range: SourceRange,
    ) -> Option<Value> {
        let key = std::ptr::from_ref(function.name);
        if self.active_functions.contains(&key) {
            let message = format!("`{name}` uses itself");
            let help = "functions are written out where they are used, so this would never end";
            return self.refuse_with(name.range, message, help);
        }
        let expected = function.parameters.len();
        if arguments.len() != expected {
            let message = format!(
                "`{name}` takes {}, found {}",
                plural(expected, "argument"),
                arguments.len()
            );
            return self.refuse(range, message);
        }
        let mut scope = function
            .scope
            .with(&function.name.text, Entity::Function(Rc::clone(function)));
        for (parameter, value) in function.parameters.iter().zip(arguments) {
            scope = scope.with(&parameter.text, Entity::Value(*value));
        }
        // A mistake in the body would be reported again at every further call.
        let outer = self
            .failed_functions
            .contains(&key)
            .then(|| std::mem::take(&mut self.diagnostics));
        let before = self.diagnostics.len();
        self.active_functions.push(key);
        let taken = function.parameters.iter().collect();
        let value = self.block(&scope, function.body, taken, None);
        self.active_functions.pop();
        if self.diagnostics.len() > before {
            self.failed_functions.insert(key);
        }
        if let Some(outer) = outer {
            self.diagnostics = outer;
        }
        value
    }

    /// Which axes the values have together; `None` if one was refused.
    pub(super) fn all_axes(values: &[Value]) -> AxisSet {
        values
            .iter()
            .fold(AxisSet::EMPTY, |axes, value| axes.union(value.axes))
    }
}

/// `1 argument`, `2 arguments`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
