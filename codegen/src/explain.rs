//! How a loss came to its formulas, as text: what was recognised in the definition, then every step from
//! the literal derivative to the extracted form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use proc_macro2::TokenStream;

use crate::ir::{Gradient, Graph, Kind, Loss, NodeId};
use crate::render::symbol::Symbol;
use crate::simplify::explain::{Account, Explanation, Form, Reason, Step};
use crate::support::Diagnostics;
use crate::{diff, render, sema, simplify, syntax};

/// An explanation in the notation of the derivation.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The name of the loss.
    pub name: String,
    /// What the definition was recognised to say, while it was built.
    pub recognised: Vec<Recognised>,
    /// One for each of the value, the weight, the auxiliaries and the gradients.
    pub roots: Vec<ExplainedRoot>,
    /// Whether rules contradicted each other, so that the literal form is the result: a bug in a rule.
    pub gave_up: bool,
}

/// A textbook spelling and the primitive that it is.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// What was recognised.
    pub name: &'static str,
    /// What the definition would have said.
    pub before: String,
    /// What was built instead.
    pub after: String,
}

/// How one root came about.
#[derive(Clone, Debug)]
pub struct ExplainedRoot {
    /// `L`, the name of an auxiliary, `∂/∂x`.
    pub name: String,
    /// As it was defined or differentiated.
    pub literal: Spelled,
    /// What happened to it.
    pub steps: Vec<ExplainedStep>,
    /// As it was chosen.
    pub result: Spelled,
}

/// A formula, with names for the long parts that it repeats.
#[derive(Clone, Debug)]
pub struct Spelled {
    /// The formula.
    pub text: String,
    /// The names and what they stand for; later ones may use earlier ones.
    pub parts: Vec<(String, String)>,
}

/// One replacement.
#[derive(Clone, Debug)]
pub struct ExplainedStep {
    /// Why it is right.
    pub reason: Reason,
    /// Whether the reason is read from right to left.
    pub backwards: bool,
    /// What is replaced.
    pub before: String,
    /// By what.
    pub after: String,
    /// Names for long parts that stay, and what they stand for.
    pub parts: Vec<(String, String)>,
}

/// Explains the losses of one macro call.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn explain_all(input: TokenStream, form: Form) -> Result<Vec<Explained>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(input, &mut diagnostics);
    let losses = sema::analyse(&definitions, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let losses = losses.into_iter().flatten();
    Ok(losses.map(|loss| explain(loss, form)).collect())
}

/// Explains a form of a loss.
pub fn explain(loss: Loss, form: Form) -> Explained {
    let recognised = recognised(&loss);
    let literal = diff::gradient(loss);
    let explanation = simplify::explain::explain(&literal, form);
    let gave_up = explanation.is_none();
    let rounds = explanation.unwrap_or_else(|| vec![Explanation::without_steps(&literal)]);
    let roots = names(&literal).into_iter().enumerate();
    let roots = roots.map(|(at, name)| explained_root(&rounds, name, at));
    Explained {
        name: literal.loss.name.clone(),
        recognised,
        roots: roots.collect(),
        gave_up,
    }
}

/// What was recognised on the way to the expressions of the definition.
fn recognised(loss: &Loss) -> Vec<Recognised> {
    let auxiliary = loss.auxiliary.iter().map(|a| a.node);
    let roots = [loss.value].into_iter().chain(loss.weight).chain(auxiliary);
    let roots: Vec<NodeId> = roots.collect();
    let mut graph = loss.graph.clone();
    let found = loss.graph.recognitions(&roots).into_iter();
    let told = found.map(|found| {
        let before = graph.as_written(found.before);
        Recognised {
            name: found.name,
            before: verbatim(&graph, before),
            after: verbatim(&graph, found.after),
        }
    });
    told.collect()
}

/// What the roots are called, in their order.
fn names(gradient: &Gradient) -> Vec<String> {
    let loss = &gradient.loss;
    let shown = |name: &str| render::symbol::display_name(name);
    let weight = loss.weight.iter().map(|_| "weight".to_owned());
    let auxiliary = loss.auxiliary.iter().map(|a| shown(&a.name));
    let gradients = gradient.gradients.iter();
    let gradients = gradients.map(|g| format!("∂/∂{}", shown(&loss.graph.param(g.0).name)));
    ["L".to_owned()]
        .into_iter()
        .chain(weight)
        .chain(auxiliary)
        .chain(gradients)
        .collect()
}

/// The root number `at` through all rounds.
fn explained_root(rounds: &[Explanation], name: String, at: usize) -> ExplainedRoot {
    let spelled = |round: Option<&Explanation>, which: fn(&Account) -> NodeId| {
        let round = round.expect("a round at least");
        spelled(&round.graph, which(&round.accounts[at]))
    };
    let steps = rounds.iter().flat_map(|round| {
        let steps = round.accounts[at].steps.iter();
        steps.map(|step| explained_step(&round.graph, step))
    });
    ExplainedRoot {
        name,
        literal: spelled(rounds.first(), |account| account.literal),
        // What only regroups factors is not worth telling.
        steps: steps.filter(|step| step.before != step.after).collect(),
        result: spelled(rounds.last(), |account| account.result),
    }
}

fn explained_step(graph: &Graph, step: &Step) -> ExplainedStep {
    let sides = [step.before, step.after];
    let candidates = common_parts(graph, sides);
    let names = named(&candidates);
    let written = sides.map(|id| render::verbatim(graph, id, &names).text());
    // A part may stand where no notation shows it, in the condition of a share.
    let shows = |part: &&NodeId| {
        let symbol = render::Formula::Symbol(names[part].clone()).text();
        written.iter().any(|text| text.contains(&symbol))
    };
    let shown: Vec<NodeId> = candidates.iter().filter(shows).copied().collect();
    let names = named(&shown);
    let text = |id| render::verbatim(graph, id, &names).text();
    let parts = shown.iter().map(|&part| {
        let symbol = render::Formula::Symbol(names[&part].clone()).text();
        (symbol, verbatim(graph, part))
    });
    ExplainedStep {
        reason: step.reason,
        backwards: step.backwards,
        before: text(step.before),
        after: text(step.after),
        parts: parts.collect(),
    }
}

/// A part that is longer than this and that a step leaves alone has a name.
const LONG: usize = 24;

/// What both sides of a step contain: the larger parts, without what is inside them, in the order in which they
/// are read.
fn common_parts(graph: &Graph, sides: [NodeId; 2]) -> Vec<NodeId> {
    let [before, after] = sides.map(|side| graph.reachable(&[side]));
    let common: BTreeSet<NodeId> = before.into_iter().filter(|id| after.contains(id)).collect();
    let mut parts = vec![];
    let mut seen = BTreeSet::new();
    let mut stack = vec![sides[1], sides[0]];
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        let is_part = common.contains(&id) && !sides.contains(&id) && graph.kind(id) == Kind::Real;
        if is_part && verbatim(graph, id).chars().count() > LONG {
            parts.push(id);
        } else {
            stack.extend(graph.node(id).children().into_iter().rev());
        }
    }
    parts
}

fn spelled(graph: &Graph, root: NodeId) -> Spelled {
    let mut uses: BTreeMap<NodeId, usize> = BTreeMap::new();
    for id in graph.reachable(&[root]) {
        let children: BTreeSet<NodeId> = graph.node(id).children().into_iter().collect();
        for child in children {
            *uses.entry(child).or_insert(0) += 1;
        }
    }
    let mut parts = vec![];
    for (&id, &count) in &uses {
        let names = named(&parts);
        let long = || render::verbatim(graph, id, &names).text().chars().count() > LONG;
        if count > 1 && graph.kind(id) == Kind::Real && long() {
            parts.push(id);
        }
    }
    // Last to first: a part that only unused ones use is unused.
    for at in (0..parts.len()).rev() {
        let names = named(&parts);
        let symbol = render::Formula::Symbol(names[&parts[at]].clone()).text();
        let above = [root].into_iter().chain(parts[at + 1..].iter().copied());
        let mut texts = above.map(|id| render::verbatim(graph, id, &names).text());
        if !texts.any(|text| text.contains(&symbol)) {
            parts.remove(at);
        }
    }
    let names = named(&parts);
    let text = |id| render::verbatim(graph, id, &names).text();
    let symbol = |id| render::Formula::Symbol(names[id].clone()).text();
    Spelled {
        text: text(root),
        parts: parts.iter().map(|id| (symbol(id), text(*id))).collect(),
    }
}

/// t₁, t₂ … for parts.
fn named(parts: &[NodeId]) -> BTreeMap<NodeId, Symbol> {
    let numbered = parts.iter().enumerate();
    numbered.map(|(i, &id)| (id, render::part(i + 1))).collect()
}

fn verbatim(graph: &Graph, node: NodeId) -> String {
    render::verbatim(graph, node, &BTreeMap::new()).text()
}

impl Display for Explained {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        if !self.recognised.is_empty() {
            writeln!(f, "\nrecognised")?;
        }
        for recognised in &self.recognised {
            writeln!(f, "    {recognised}")?;
        }
        for root in &self.roots {
            write!(f, "\n{} = {}", root.name, root.literal)?;
            for step in &root.steps {
                write!(f, "{step}")?;
            }
            if !root.steps.is_empty() {
                write!(f, "{} = {}", root.name, root.result)?;
            }
        }
        if self.gave_up {
            writeln!(
                f,
                "\nthe rules contradict each other: nothing was simplified"
            )?;
        }
        Ok(())
    }
}

impl Display for Spelled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        write_parts(f, &self.parts)
    }
}

fn write_parts(f: &mut Formatter<'_>, parts: &[(String, String)]) -> fmt::Result {
    for (name, part) in parts {
        writeln!(f, "        where {name} = {part}")?;
    }
    Ok(())
}

impl Display for Recognised {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Recognised {
            name,
            before,
            after,
        } = self;
        write!(f, "{name}: {before}")?;
        // Some primitives are written as what they replace: only their kernels differ.
        if before != after {
            write!(f, " → {after}")?;
        }
        Ok(())
    }
}

impl Display for ExplainedStep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let direction = if self.backwards {
            ", right to left"
        } else {
            ""
        };
        let Reason { name, lhs, rhs } = self.reason;
        writeln!(f, "    by {name}{direction}: {lhs} → {rhs}")?;
        writeln!(f, "        {}", self.before)?;
        writeln!(f, "      → {}", self.after)?;
        write_parts(f, &self.parts)
    }
}
