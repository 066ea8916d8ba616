//! Plans as text: each step with what it loops over, computes and writes, for people who want to know why a kernel is as fast as
//! it is, and for tests.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::lanes::RowsInLanes;
use super::low::{Fold, Index, LowId, Op};
use super::plan::{Accumulator, BufferId, Nest, Operand, Output, Plan, Running, Step, Stmt};
use crate::ir::{AxisId, AxisSet, BinaryOp, CompareOp, Graph};

impl Plan {
    /// The name of a buffer: `losses`, `d_x`, or a temporary by its number.
    pub fn buffer_name(&self, graph: &Graph, id: BufferId) -> String {
        match self.buffer(id).output {
            Some(Output::Losses) => "losses".to_owned(),
            Some(Output::Weights) => "weights".to_owned(),
            Some(output @ (Output::Gradient(_) | Output::Learn(_))) => {
                format!("d_{}", output.parameter(graph).unwrap_or_default())
            }
            Some(Output::Auxiliary(i)) => format!("output_{i}"),
            None => format!("kept_{}", id.0),
        }
    }

    /// The steps as text.
    pub fn show(&self, graph: &Graph) -> String {
        let mut text = String::new();
        for (i, step) in self.steps.iter().enumerate() {
            let Step::Walk(walk) = step else {
                let _ = write!(text, "{}. {}", i + 1, self.show_step(graph, step, false));
                let outputs = step.outputs().into_iter();
                let joined = outputs.filter(|&id| self.is_contribution(id));
                self.show_joined(graph, &mut text, joined.collect());
                continue;
            };
            let axis = self.tile.map_or("", |axis| graph.axis(axis).name.as_str());
            let _ = writeln!(text, "{}. for each tile of {axis}", i + 1);
            for (k, inner) in walk.steps.iter().enumerate() {
                let again = if inner.again { "again, " } else { "" };
                let shown = self
                    .show_step(graph, &inner.step, true)
                    .replace('\n', "\n   ");
                let shown = shown.trim_end();
                let _ = writeln!(text, "   {}.{}. {again}{shown}", i + 1, k + 1);
            }
            if self.sharded().is_some() {
                let new = walk.steps.iter().filter(|step| !step.again);
                let outputs = new.flat_map(|step| step.step.outputs());
                let joined = outputs.filter(|&id| self.is_joined(id));
                self.show_joined(graph, &mut text, joined.collect());
            }
        }
        text
    }

    fn show_joined(&self, graph: &Graph, text: &mut String, joined: Vec<BufferId>) {
        if joined.is_empty() {
            return;
        }
        let names = joined.into_iter().map(|id| {
            let how = match self.buffer(id).running {
                Some(Running::Fold(Fold::Max)) => "max",
                Some(Running::Rescaled { .. }) => "rescaled sum",
                Some(Running::Shift) => "shift",
                Some(Running::Fold(Fold::Sum) | Running::Product) | None => "sum",
            };
            format!("{} ({how})", self.buffer_name(graph, id))
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "   of all ranks: {names}");
    }

    pub(super) fn show_step(&self, graph: &Graph, step: &Step, in_walk: bool) -> String {
        let mut shower = Shower {
            graph,
            plan: self,
            in_walk,
            names: BTreeMap::new(),
            computed: vec![],
            text: String::new(),
        };
        shower.step(step);
        shower.text
    }
}

struct Shower<'p> {
    graph: &'p Graph,
    plan: &'p Plan,
    in_walk: bool,
    names: BTreeMap<LowId, String>,
    /// What the nest computes itself, though it is stored.
    computed: Vec<LowId>,
    text: String,
}

impl Shower<'_> {
    fn axes(&self, axes: &[AxisId]) -> String {
        let names: Vec<_> = axes
            .iter()
            .map(|&a| self.graph.axis(a).name.as_str())
            .collect();
        names.join(", ")
    }

    fn set(&self, axes: AxisSet) -> String {
        self.axes(&axes.iter().collect::<Vec<_>>())
    }

    fn indexed(&self, buffer: BufferId) -> String {
        let name = self.plan.buffer_name(self.graph, buffer);
        format!("{name}[{}]", self.axes(&self.plan.buffer(buffer).axes))
    }

    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "   ".repeat(depth));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Nest(nest) => self.nest(nest),
            Step::Contract {
                out,
                left,
                right,
                over,
            } => {
                let (left, right) = (self.operand(left), self.operand(right));
                let line = format!(
                    "{} = matrix product over {}: {left} · {right}",
                    self.indexed(*out),
                    self.axes(over)
                );
                self.line(0, &line);
                if let Some(parked) = self.plan.parked
                    && parked.matrix == *out
                {
                    let gradient = self.plan.buffer_name(self.graph, parked.gradient);
                    self.line(
                        1,
                        &format!(
                            "kept in the memory of {gradient} between walks, as far as it has room"
                        ),
                    );
                }
            }
            Step::Scatter { out, index, source } => {
                let (index, source) = (self.expr(*index), self.expr(*source));
                let line = format!("{} = scatter of {source} by {index}", self.indexed(*out));
                self.line(0, &line);
            }
            Step::Walk(_) => unreachable!("walks are not nested"),
        }
    }

    fn operand(&mut self, operand: &Operand) -> String {
        self.expr(operand.node)
    }

    fn nest(&mut self, nest: &Nest) {
        let targets: Vec<_> = nest
            .targets
            .iter()
            .map(|t| self.indexed(t.buffer))
            .collect();
        let rows = match nest.rows.as_slice() {
            [] => "once".to_owned(),
            rows => format!("for each [{}]", self.axes(rows)),
        };
        let lanes = match self.plan.rows_in_lanes(nest, self.in_walk) {
            RowsInLanes::Never => String::new(),
            RowsInLanes::Always => ", rows in lanes".to_owned(),
            RowsInLanes::WhereShort(axes) => {
                format!(", rows in lanes where short: {}", self.axes(&axes))
            }
        };
        let line = format!("{rows} → {}{lanes}", targets.join(", "));
        self.line(0, &line);
        self.computed = nest
            .targets
            .iter()
            .filter(|t| t.fold.is_none())
            .map(|t| self.plan.buffer(t.buffer).node)
            .collect();
        self.body(nest, &nest.body, 1);
    }

    fn name(&mut self, node: LowId) -> String {
        let name = format!("v{}", node.0);
        self.names.insert(node, name.clone());
        name
    }

    fn body(&mut self, nest: &Nest, body: &[Stmt], depth: usize) {
        for stmt in body {
            match stmt {
                Stmt::Let(node) => {
                    let value = self.expr(*node);
                    let name = self.name(*node);
                    self.line(depth, &format!("{name} = {value}"));
                }
                Stmt::Store { target, value } => {
                    let value = self.expr(*value);
                    let name = self
                        .plan
                        .buffer_name(self.graph, nest.targets[*target].buffer);
                    self.line(depth, &format!("{name} ← {value}"));
                }
                Stmt::Fold { target, value, at } => {
                    let value = self.expr(*value);
                    let at = at.map(|at| format!("[{}]", self.expr(at)));
                    let name = self
                        .plan
                        .buffer_name(self.graph, nest.targets[*target].buffer);
                    let line = format!("{name}{} += {value}", at.unwrap_or_default());
                    self.line(depth, &line);
                }
                Stmt::Loop(inner) => {
                    let line = format!("loop {}:", self.graph.axis(inner.axis).name);
                    self.line(depth, &line);
                    let before = self.names.clone();
                    self.body(nest, &inner.body, depth + 1);
                    let results = self.accumulators(&inner.accumulators, depth + 1);
                    self.names = before;
                    self.names.extend(results);
                }
                Stmt::Vector(vector) => {
                    let line = format!("along {}:", self.graph.axis(vector.axis).name);
                    self.line(depth, &line);
                    for &node in &vector.saved {
                        let name = self.name(node);
                        self.line(depth + 1, &format!("{name} again"));
                    }
                    let before = self.names.clone();
                    for &node in &vector.saves {
                        let value = self.expr(node);
                        let name = self.name(node);
                        self.line(depth + 1, &format!("{name} = {value}, kept"));
                    }
                    for &(target, node) in vector.stores.iter().chain(&vector.folds) {
                        let value = self.expr(node);
                        let target = &nest.targets[target];
                        let name = self.plan.buffer_name(self.graph, target.buffer);
                        let arrow = if target.fold.is_some() { "+=" } else { "←" };
                        self.line(depth + 1, &format!("{name} {arrow} {value}"));
                    }
                    let results = self.accumulators(&vector.accumulators, depth + 1);
                    self.names = before;
                    self.names.extend(results);
                }
            }
        }
    }

    fn accumulators(&mut self, list: &[Accumulator], depth: usize) -> Vec<(LowId, String)> {
        let mut names = vec![];
        for a in list {
            let value = self.expr(a.value);
            let name = format!("v{}", a.result.0);
            let fold = match a.fold {
                Fold::Sum => "Σ",
                Fold::Max => "max",
            };
            self.line(depth, &format!("{name} = {fold} {value}"));
            names.push((a.result, name));
        }
        names
    }

    fn index(&mut self, name: &str, index: &[Index]) -> String {
        let places: Vec<_> = index
            .iter()
            .map(|i| match i {
                Index::Axis(axis) => self.graph.axis(*axis).name.clone(),
                Index::At(id) => self.expr(*id),
            })
            .collect();
        if places.is_empty() {
            name.to_owned()
        } else {
            format!("{name}[{}]", places.join(", "))
        }
    }

    fn expr(&mut self, id: LowId) -> String {
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        if let Some(read) = self.plan.read(id).cloned()
            && !self.computed.contains(&id)
        {
            let name = self.plan.buffer_name(self.graph, read.buffer);
            return format!("{name}[{}]", self.axes(&read.index));
        }
        let param = |id: crate::ir::ParamId| self.graph.param(id).name.clone();
        match self.plan.low.op(id).clone() {
            Op::Const(value) => value.to_string(),
            Op::Pi => "π".into(),
            Op::NegInfinity => "-∞".into(),
            Op::Lowest => "lowest".into(),
            Op::Smallest => "smallest".into(),
            Op::Bool(value) => value.to_string(),
            Op::Place(place) => place.to_string(),
            Op::Scalar(p) | Op::Flag(p) => param(p),
            Op::Size(dim) => format!("size {}", self.graph.dim_name(dim)),
            Op::Load(p, index) | Op::Label(p, index) | Op::Mask(p, index) => {
                let name = param(p);
                self.index(&name, &index)
            }
            Op::Position(axis) => self.graph.axis(axis).name.clone(),
            Op::Number(a) => format!("number({})", self.expr(a)),
            Op::Add(a, b) => self.infix(a, "+", b),
            Op::Sub(a, b) => self.infix(a, "-", b),
            Op::Mul(a, b) => self.infix(a, "·", b),
            Op::Div(a, b) => self.infix(a, "/", b),
            Op::Neg(a) => format!("-{}", self.expr(a)),
            Op::Powi(a, n) => format!("{}^{n}", self.expr(a)),
            Op::Unary(op, a) => format!("{}({})", op.name(), self.expr(a)),
            Op::Binary(op, a, b) => {
                let name = match op {
                    BinaryOp::Pow => "pow",
                    BinaryOp::Min => "min",
                    BinaryOp::Max => "max",
                    BinaryOp::Xlogy => "xlogy",
                };
                format!("{name}({}, {})", self.expr(a), self.expr(b))
            }
            Op::Compare(op, a, b) => {
                let op = match op {
                    CompareOp::Eq => "==",
                    CompareOp::Lt => "<",
                    CompareOp::Le => "<=",
                };
                self.infix(a, op, b)
            }
            Op::Not(a) => format!("!{}", self.expr(a)),
            Op::Local(a) => format!("local({})", self.expr(a)),
            Op::Owned(a) => format!("owned({})", self.expr(a)),
            Op::Join(a) => format!("join({})", self.expr(a)),
            Op::And(a, b) => self.infix(a, "and", b),
            Op::Select(c, a, b) => {
                let (c, a, b) = (self.expr(c), self.expr(a), self.expr(b));
                format!("if {c} {{ {a} }} else {{ {b} }}")
            }
            Op::Reduce(fold, axes, body) => {
                let fold = match fold {
                    Fold::Sum => "sum",
                    Fold::Max => "max",
                };
                format!("{fold}[{}]({})", self.set(axes), self.expr(body))
            }
            Op::Contract { over, left, right } => {
                let (left, right) = (self.expr(left), self.expr(right));
                format!("product[{}]({left}, {right})", self.set(over))
            }
        }
    }

    fn infix(&mut self, a: LowId, op: &str, b: LowId) -> String {
        let (a, b) = (self.expr(a), self.expr(b));
        format!("({a} {op} {b})")
    }
}
