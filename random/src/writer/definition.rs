//! A whole definition.

use super::axis::{Axes, Axis, BATCH};
use super::form::LOSSES;
use super::leaf::{Parameter, Role};
use super::{Expression, LARGEST, Writer};
use crate::choices::Choices;
use crate::grammar::Kind;

/// The text of a loss called `name`, behind those that it uses.
pub fn program(name: &str, choices: &[u32]) -> String {
    let mut writer = Writer {
        choices: Choices::new(choices),
        parameters: Vec::new(),
        statements: Vec::new(),
        known: Vec::new(),
        inside: 0,
        barred: Axes::default(),
        named: Axes::default(),
        names: 0,
        losses: Vec::new(),
    };
    let body = writer.body();
    let parameters: Vec<&str> = writer.parameters.iter().map(|p| p.text.as_str()).collect();
    let used = (0..LOSSES.len()).filter(|loss| writer.losses.contains(loss));
    let losses: String = used.map(|loss| format!("{}\n", LOSSES[loss])).collect();
    let (parameters, body) = (parameters.join(", "), body.join("\n    "));
    format!("{losses}{name}({parameters}) {{\n    {body}\n}}\n")
}

impl Writer<'_> {
    /// Statements, and the value last.
    fn body(&mut self) -> Vec<String> {
        let batch = match self.choices.below(4) {
            0 | 1 => Axes::of(BATCH[0]),
            2 => BATCH.into_iter().collect(),
            _ => Axes::default(),
        };
        let budget = 1 + self.choices.below(LARGEST);
        let mut value = self.expression(Kind::Real, batch, budget);
        self.outputs();
        self.differentiated(&mut value);
        self.labelled(&mut value);
        self.weight(value.axes);
        self.sized();
        let seconds = self.named.iter().filter(|axis| axis.is_second());
        let mut body: Vec<String> = seconds
            .map(|axis| format!("axis {} like {};", axis.name(), axis.base().name()))
            .collect();
        body.append(&mut self.statements);
        body.push(value.text);
        body
    }

    /// What is returned besides the value.
    fn outputs(&mut self) {
        if self.choices.chance(1, 8) {
            let axes = Axis::all().filter(|axis| !axis.is_second());
            let axes = axes.take(1 + self.choices.below(3)).collect();
            let output = self.expression(Kind::Real, axes, 4);
            let name = self.name("out");
            self.statements
                .push(format!("pub let {name} = {};", output.text));
        }
        let state = self.parameters.iter();
        let mut state = state.filter(|p| p.axes.is_empty() && p.text.contains(": scalar"));
        if let Some(state) = state.next().map(|p| p.name.clone())
            && self.choices.chance(1, 3)
        {
            let next = self.expression(Kind::Real, Axes::default(), 4);
            self.statements
                .push(format!("next {state} = {};", next.text));
        }
    }

    /// What samples count: no way to a smaller loss, so its gradient is stopped.
    fn weight(&mut self, batch: Axes) {
        if self.choices.chance(1, 8) {
            let weight = self.leaf(Kind::Pos, batch, Axes::default());
            let word = ["weight", "denominator"][self.choices.below(2)];
            self.statements
                .push(format!("{word} detach({});", weight.text));
        }
    }

    /// Something is differentiated, and something is an array.
    fn differentiated(&mut self, value: &mut Expression) {
        let is_differentiated =
            |text: &str| text.contains(": [") && !text.contains(" in ") || text.contains(": learn");
        let is_array = |p: &Parameter| !p.axes.is_empty();
        let any = |which: &dyn Fn(&Parameter) -> bool| self.parameters.iter().any(which);
        if !any(&|p| is_differentiated(&p.text)) || !any(&is_array) {
            let n = Axes::of(BATCH[0]);
            let open = if n.is_subset(value.axes) {
                n
            } else {
                Axes::default()
            };
            let at = self.declare(Role::Real(Kind::Real, true), n);
            let name = self.parameters[at].name.clone();
            let factor = if open.is_empty() {
                format!("sum[N]({name})")
            } else {
                name
            };
            value.text = format!("({} * {factor})", value.text);
        }
    }

    /// The axes of the value are axes of labels, if there are any.
    fn labelled(&mut self, value: &mut Expression) {
        let is_label = |role: &Role| matches!(role, Role::Label(_) | Role::Id);
        let labels = self.parameters.iter().filter(|p| is_label(&p.role));
        let axes: Vec<Axis> = labels.flat_map(|p| p.axes.iter().copied()).collect();
        if axes.is_empty() {
            return;
        }
        for axis in value.axes.iter().filter(|axis| !axes.contains(axis)) {
            value.text = format!("sum[{}]({})", axis.name(), value.text);
            value.axes = value.axes.minus(Axes::of(axis));
        }
    }

    /// Every axis that is named is one of an array.
    fn sized(&mut self) {
        let bases: Axes = self.named.iter().map(Axis::base).collect();
        for axis in bases.iter() {
            let is_array = |role: &Role| !matches!(role, Role::Flag | Role::Integer);
            let mut arrays = self.parameters.iter().filter(|p| is_array(&p.role));
            if !arrays.any(|p| p.axes.contains(&axis)) {
                let at = self.declare(Role::Real(Kind::Real, false), Axes::of(axis));
                let declared = &mut self.parameters[at];
                declared.text = format!("_{}", declared.text);
            }
        }
    }
}
