//! One loss: its parameters, its body, and what must hold of the whole.

use super::block::{Outputs, Weight};
use super::mention::Mentions;
use super::value::Value;
use crate::ir::{self, AxisId, AxisSet, Graph, Node, NodeId, Role, Site};
use crate::support::{Diagnostics, SourceRange};
use crate::syntax::ast::{Block, Definition, Name, ParameterKind, Statement};
use crate::syntax::print;
use std::collections::BTreeSet;

/// How many expressions one loss may grow to when it is written out.
const FUEL: usize = 50_000;

/// What is known while one definition is analysed.
pub(super) struct Analysis<'a> {
    /// All definitions of the macro call.
    pub(super) definitions: &'a [Definition],
    /// Which of them use themselves, directly or through others.
    pub(super) recursive: &'a [bool],
    pub(super) graph: Graph,
    pub(super) diagnostics: Diagnostics,
    /// The delicate operators met so far.
    pub(super) sites: Vec<Site>,
    /// Whether a declaration could not be read, so that unknown names say nothing.
    pub(super) lost_names: bool,
    /// How many more expressions may be looked at.
    pub(super) fuel: usize,
    /// Whether that has been reported.
    pub(super) exhausted: bool,
    /// Whether constants have left exact arithmetic and that has been reported.
    pub(super) overflow_reported: bool,
    /// What misspelt names may have meant: such names are of use.
    pub(super) suggested: BTreeSet<String>,
    /// The local functions that are being written out, by identity of their names.
    pub(super) active_functions: Vec<*const Name>,
    /// The local functions with a mistake in their bodies. Only looked up.
    pub(super) failed_functions: BTreeSet<*const Name>,
}

/// Analyses all definitions, each built in a graph of its own.
pub(super) fn definitions(
    definitions: &[Definition],
    graph: fn() -> Graph,
    diagnostics: &mut Diagnostics,
) -> Vec<Option<ir::Loss>> {
    let recursive = report_recursion(definitions, diagnostics);
    definitions
        .iter()
        .enumerate()
        .map(|(index, definition)| {
            let first = definitions[..index]
                .iter()
                .all(|other| other.name.text != definition.name.text);
            if !first {
                let message = format!("`{}` is already defined", definition.name);
                diagnostics.error(definition.name.range, message);
                return None;
            }
            if definition.imported || recursive[index] {
                return None;
            }
            let mut analysis = Analysis::new(definitions, &recursive);
            analysis.graph = graph();
            let loss = analysis.definition(definition);
            diagnostics.append(analysis.diagnostics);
            loss
        })
        .collect()
}

/// Which definitions use themselves; reported at the names of those that do.
fn report_recursion(definitions: &[Definition], diagnostics: &mut Diagnostics) -> Vec<bool> {
    let uses: Vec<Vec<usize>> = definitions
        .iter()
        .map(|definition| {
            let called = Mentions::of(&definition.body).called;
            (0..definitions.len())
                .filter(|&other| called.contains(definitions[other].name.text.as_str()))
                .collect()
        })
        .collect();
    let mut recursive = Vec::new();
    for (start, definition) in definitions.iter().enumerate() {
        let mut reached: Vec<usize> = uses[start].clone();
        let mut next = 0;
        while next < reached.len() {
            for &further in &uses[reached[next]] {
                if !reached.contains(&further) {
                    reached.push(further);
                }
            }
            next += 1;
        }
        let found = reached.contains(&start);
        if found {
            let message = format!("`{}` uses itself", definition.name);
            let help = "losses are written out where they are used, so this would never end";
            diagnostics.error_with_help(definition.name.range, message, help);
        }
        recursive.push(found);
    }
    recursive
}

impl<'a> Analysis<'a> {
    pub(super) fn new(definitions: &'a [Definition], recursive: &'a [bool]) -> Analysis<'a> {
        Analysis {
            definitions,
            recursive,
            graph: Graph::new(),
            diagnostics: Diagnostics::new(),
            sites: Vec::new(),
            lost_names: false,
            fuel: FUEL,
            exhausted: false,
            overflow_reported: false,
            suggested: BTreeSet::new(),
            active_functions: Vec::new(),
            failed_functions: BTreeSet::new(),
        }
    }

    /// Analyses one definition by itself; `None` if there were mistakes.
    pub(super) fn definition(&mut self, definition: &'a Definition) -> Option<ir::Loss> {
        self.lost_names = definition.lost_names;
        self.reserved_names(definition);
        let acknowledged = self.acknowledged(definition);
        let scope = self.parameters(definition);
        if !definition.broken {
            self.differentiated(definition);
        }
        let given = self.graph.params();
        if !definition.broken && !given.iter().any(|param| param.role.is_array()) {
            let message = format!("`{}` has no array among its inputs", definition.name);
            let help = "a loss is computed with the numbers of its arrays, `f32` or `f64`";
            self.diagnostics
                .error_with_help(definition.name.range, message, help);
        }
        let taken = definition.parameters.iter().map(|p| &p.name).collect();
        let mut outputs = Outputs::default();
        let value = self.block(&scope, &definition.body, taken, Some(&mut outputs));
        let result = definition.body.result.range;
        let value = value.and_then(|value| self.real(value, result));
        let batch = value.and_then(|value| self.batch(value, result));
        let weight = outputs
            .weight
            .as_ref()
            .and_then(|weight| Some((self.sample_weight(weight, value?)?, weight.factor)));
        let next = self.next(definition, &outputs);
        if !definition.broken {
            self.unused(definition);
        }
        let (value, batch) = (value?, batch?);
        if definition.broken || !self.diagnostics.is_empty() {
            return None;
        }
        let node = match weight {
            Some((weight, true)) => self.graph.mul(weight, value.node),
            _ => value.node,
        };
        let auxiliary = outputs
            .auxiliary
            .iter()
            .map(|(name, value)| ir::Auxiliary {
                name: name.text.clone(),
                node: value.node,
                axes: self.array_order(value.axes),
                next: None,
            })
            .chain(next)
            .collect();
        Some(ir::Loss {
            name: definition.name.text.clone(),
            doc: definition.docs.join("\n"),
            source: print::definition(definition),
            graph: std::mem::take(&mut self.graph),
            value: node,
            batch,
            weight: weight.map(|(weight, _)| weight),
            auxiliary,
            annotations: ir::Annotations {
                sites: std::mem::take(&mut self.sites),
                acknowledged,
            },
        })
    }

    /// The batch axes in array order; see the rules in [`super`].
    fn batch(&mut self, value: Value, range: SourceRange) -> Option<Vec<AxisId>> {
        let mut fine = Some(());
        for axis in value.axes.iter() {
            if let Some(reason) = self.not_a_batch_axis(axis) {
                let name = self.axis_name(axis);
                let message = format!("the loss still has axis `{name}`, {reason}");
                let help = format!("close it with a reduction such as `sum[{name}](…)`");
                fine = self.refuse_with(range, message, help);
            }
        }
        fine?;
        Some(self.array_order(value.axes))
    }

    fn not_a_batch_axis(&self, axis: AxisId) -> Option<String> {
        let dim = self.graph.axis(axis).dim;
        let params = self.graph.params();
        if !params.iter().any(|param| param.axes.contains(&axis)) {
            return Some(format!(
                "a second index over `{}`",
                self.graph.dim_name(dim)
            ));
        }
        let labels = || params.iter().filter(|p| is_label(&p.role));
        if labels().any(|label| label.axes.contains(&axis)) {
            return None;
        }
        if let Some(label) = labels().find(|label| label.role == Role::Label(dim)) {
            return Some(format!("which the label `{}` points into", label.name));
        }
        labels()
            .next()
            .map(|label| format!("which the label `{}` does not have", label.name))
    }

    /// The axes in the order of an array that has them, labels' arrays first.
    fn array_order(&self, axes: AxisSet) -> Vec<AxisId> {
        let params = self.graph.params();
        let labels = params.iter().filter(|param| is_label(&param.role));
        let others = params.iter().filter(|param| !is_label(&param.role));
        let mut arrays = labels.chain(others);
        let array = arrays.find(|param| axes.is_subset(param.axes.iter().copied().collect()));
        match array {
            Some(param) => param
                .axes
                .iter()
                .copied()
                .filter(|&axis| axes.contains(axis))
                .collect(),
            None => axes.iter().collect(),
        }
    }

    /// The sum of what `weight` or `denominator` gives is the denominator of the weighted mean.
    fn sample_weight(&mut self, weight: &Weight, value: Value) -> Option<NodeId> {
        let (range, word, weight) = (weight.range, Weight::word(weight.factor), weight.value);
        let further = weight.axes.minus(value.axes);
        if !further.is_empty() {
            let message = format!(
                "the {word} has {}, which the loss does not have",
                self.axes_text(further)
            );
            return self.refuse(range, message);
        }
        if let Some(name) = self.differentiated_input(weight.node) {
            let message = format!("the {word} depends on `{name}`, which is differentiated");
            let help =
                "`detach(…)` stops the gradient; a factor with a gradient belongs in the loss";
            return self.refuse_with(range, message, help);
        }
        Some(weight.node)
    }

    /// A differentiated input that the node depends on with a gradient.
    pub(super) fn differentiated_input(&self, root: NodeId) -> Option<String> {
        let mut seen = BTreeSet::from([root]);
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            match self.graph.node(id) {
                Node::Detach(_) => continue,
                Node::Load(param, _) | Node::Scalar(param) => {
                    let param = self.graph.param(*param);
                    if is_differentiated(&param.role) {
                        return Some(param.name.clone());
                    }
                }
                _ => {}
            }
            for child in self.graph.node(id).children() {
                if seen.insert(child) {
                    stack.push(child);
                }
            }
        }
        None
    }

    pub(super) fn differentiated(&mut self, definition: &Definition) {
        let any = definition.parameters.iter().any(|parameter| {
            matches!(
                parameter.kind,
                ParameterKind::Tensor {
                    constant: false,
                    ..
                } | ParameterKind::Scalar { learn: true, .. }
            )
        });
        if !any {
            let message = format!("`{}` has no input to differentiate", definition.name);
            let help = "a real tensor `x: [N]` or a `learn scalar`";
            self.diagnostics
                .error_with_help(definition.name.range, message, help);
        }
    }

    /// Declarations that no expression mentions, unless their names begin with `_`.
    fn unused(&mut self, definition: &'a Definition) {
        let mentions = Mentions::of(&definition.body);
        for parameter in &definition.parameters {
            let name = &parameter.name;
            if self.is_unused(name, &mentions.names) {
                let message = format!("`{name}` is never used");
                let help = format!("remove it, or call it `_{name}` to keep it");
                self.diagnostics.error_with_help(name.range, message, help);
            }
        }
        self.unused_in(&definition.body, &mentions);
    }

    fn unused_in(&mut self, block: &'a Block, mentions: &Mentions<'a>) {
        for statement in &block.statements {
            let name = match statement {
                Statement::Let { public: true, .. }
                | Statement::Next { .. }
                | Statement::Weight { .. } => continue,
                Statement::Let { name, .. } | Statement::Axis { name, .. }
                    if self.is_unused(name, &mentions.names) =>
                {
                    name
                }
                Statement::Function { name, .. } if self.is_unused(name, &mentions.called) => name,
                Statement::Function { body, .. } => {
                    self.unused_in(body, mentions);
                    continue;
                }
                Statement::Let { .. } | Statement::Axis { .. } => continue,
            };
            let message = format!("`{name}` is never used");
            self.diagnostics.error(name.range, message);
        }
    }

    fn is_unused(&self, name: &Name, used: &BTreeSet<&str>) -> bool {
        let text = name.text.as_str();
        !text.starts_with('_') && !used.contains(text) && !self.suggested.contains(text)
    }
}

/// Whether the parameter says something of every sample: its axes are the batch axes.
fn is_label(role: &Role) -> bool {
    matches!(role, Role::Label(_) | Role::Identity)
}

fn is_differentiated(role: &Role) -> bool {
    match role {
        Role::Tensor { differentiable } => *differentiable,
        Role::Scalar { learn, .. } => *learn,
        Role::Label(_)
        | Role::Identity
        | Role::Mask
        | Role::Flag(_)
        | Role::Static(_)
        | Role::Cotangent => false,
    }
}
