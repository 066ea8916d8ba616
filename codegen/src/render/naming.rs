//! A whole loss on paper: value, gradients, and names for what they share.
//!
//! A part that is met more than once gets a name if that saves the reader something. Names say
//! what the part is where that is customary: p for a share of a softmax or a sigmoid, c for a
//! cosine, θ for an angle, z for logits, d for a distance, δ for what carries the cotangent; else t₁,
//! t₂ … in order of first use. An element of a named part is written as such: `p[C = y]`.
//!
//! Invariants: names do not clash with parameters and axes; every name is used at least twice
//! (outputs of the definition excepted), defined once, and defined before it is used in a definition.

use std::collections::{BTreeMap, BTreeSet};

use super::formula::Formula;
use super::share::{Spelled, elements};
use super::symbol::{Accent, Symbol, SymbolRole, display_name};
use super::translate::Translator;
use super::weight::{Weights, is_trivial};
use super::{Derivation, Rendered, conventions};
use crate::ir::{Gradient, Node, NodeId, Reducer, Role, SoftmaxForm, UnaryOp};

/// The formulas of a loss and its gradients, in the form to be read.
///
/// Deterministic: the same graph gives the same text.
pub fn derivation(gradient: &Gradient) -> Derivation {
    let page = page(gradient);
    let names = |at: usize| gradient.loss.auxiliary[at].name.clone();
    let params = gradient.gradients.iter().map(|(param, _)| {
        let param = gradient.loss.graph.param(*param);
        param.name.clone()
    });
    Derivation {
        value: Rendered::of(&page.value),
        auxiliary: (0..page.auxiliary.len())
            .map(|at| (names(at), Rendered::of(&page.auxiliary[at])))
            .collect(),
        gradients: params
            .zip(&page.gradients)
            .map(|(name, formula)| (name, Rendered::of(formula)))
            .collect(),
        shared: page
            .shared
            .iter()
            .map(|(symbol, formula)| {
                let symbol = Formula::Symbol(symbol.clone());
                (Rendered::of(&symbol), Rendered::of(formula))
            })
            .collect(),
        conventions: conventions::of(gradient),
    }
}

/// Formulas before they are written down.
pub(super) struct Page {
    pub(super) value: Formula,
    pub(super) auxiliary: Vec<Formula>,
    pub(super) gradients: Vec<Formula>,
    pub(super) shared: Vec<(Symbol, Formula)>,
}

/// The formulas of a loss, with symbols for what they share.
pub(super) fn page(gradient: &Gradient) -> Page {
    let mut paper = Paper::new(gradient);
    loop {
        let draft = paper.translate();
        let unneeded = paper.unneeded(&draft);
        if unneeded.is_empty() {
            return paper.finish(&draft);
        }
        for id in unneeded {
            paper.translator.names.remove(&id);
        }
    }
}

struct Paper<'a> {
    gradient: &'a Gradient,
    translator: Translator,
    /// Auxiliary outputs, named by the definition.
    outputs: BTreeMap<NodeId, String>,
    /// The logits of a softmax or lse.
    logits: BTreeSet<NodeId>,
}

/// Formulas whose shared parts have no symbols yet.
struct Draft {
    value: Formula,
    auxiliary: Vec<Formula>,
    gradients: Vec<Formula>,
    definitions: BTreeMap<NodeId, Formula>,
}

impl Draft {
    fn all(&self) -> impl Iterator<Item = &Formula> {
        [&self.value]
            .into_iter()
            .chain(&self.auxiliary)
            .chain(&self.gradients)
            .chain(self.definitions.values())
    }

    fn uses(&self, id: NodeId) -> usize {
        self.all().map(|formula| occurrences(formula, id)).sum()
    }
}

fn occurrences(formula: &Formula, id: NodeId) -> usize {
    let own = usize::from(*formula == Formula::Shared(id));
    let parts = formula.parts();
    own + parts
        .into_iter()
        .map(|part| occurrences(part, id))
        .sum::<usize>()
}

impl<'a> Paper<'a> {
    fn new(gradient: &'a Gradient) -> Self {
        let graph = &gradient.loss.graph;
        let mut forward = vec![gradient.loss.value];
        forward.extend(gradient.loss.auxiliary.iter().map(|output| output.node));
        let mut roots = forward.clone();
        roots.extend(gradient.gradients.iter().map(|(_, node)| *node));
        let mut translator = Translator::new(graph);
        translator.spelled = Spelled::new(&mut translator.graph, &forward, &roots);
        translator.elements = elements(&mut translator.graph, &roots, &translator.spelled);
        let outputs = gradient
            .loss
            .auxiliary
            .iter()
            .filter(|output| !is_trivial(graph, &translator.spelled, output.node))
            .map(|output| (output.node, output.name.clone()))
            .collect();
        let logits = graph
            .reachable(&roots)
            .into_iter()
            .filter_map(|id| match graph.node(id) {
                Node::Softmax(s) => Some(s.body),
                Node::Reduce(Reducer::Lse, _, body) => Some(*body),
                _ => None,
            })
            .collect();
        let mut paper = Paper {
            gradient,
            translator,
            outputs,
            logits,
        };
        paper.choose_names(&roots);
        paper
    }

    fn choose_names(&mut self, roots: &[NodeId]) {
        self.translator.counts = Some(BTreeMap::new());
        for &root in roots {
            self.translator.formula(root);
        }
        let counts = self.translator.counts.take().unwrap_or_default();
        let translator = &self.translator;
        let mut weights = Weights::new(&translator.graph, &translator.spelled);
        let mut names: BTreeSet<_> = self.outputs.keys().copied().collect();
        for (&id, &count) in &counts {
            if count < 2 || is_trivial(&translator.graph, &translator.spelled, id) {
                continue;
            }
            let weight = weights.written_out(id, &names);
            if self.is_worth_a_name(id, count, weight) {
                names.insert(id);
            }
        }
        let wholes = names.clone();
        names.retain(|id| match translator.elements.get(id) {
            Some((whole, _)) => !wholes.contains(whole),
            None => true,
        });
        self.translator.names = names;
    }

    /// Whether a name saves the reader something, less so if the name is customary.
    fn is_worth_a_name(&self, id: NodeId, uses: usize, weight: usize) -> bool {
        let least = match self.customary_letter(id) {
            Some("p") => 0,
            Some("δ") => 6,
            Some(_) => 4,
            None => 9,
        };
        uses > 1 && (uses - 1) * (weight - 1) >= least
    }

    /// Names that the draft would be better without: those used once, else the first that saves too
    /// little (without it, others may be used more).
    fn unneeded(&self, draft: &Draft) -> Vec<NodeId> {
        let names = &self.translator.names;
        let parts = || names.iter().filter(|id| !self.outputs.contains_key(id));
        let used_once: Vec<_> = parts().copied().filter(|&id| draft.uses(id) < 2).collect();
        if !used_once.is_empty() {
            return used_once;
        }
        let mut weights = Weights::new(&self.translator.graph, &self.translator.spelled);
        parts()
            .copied()
            .find(|&id| {
                let weight = weights.written_out(id, names);
                !self.is_worth_a_name(id, draft.uses(id), weight)
            })
            .into_iter()
            .collect()
    }

    fn translate(&mut self) -> Draft {
        let loss = &self.gradient.loss;
        let translator = &mut self.translator;
        translator.show_detach = true;
        let value = translator.formula(loss.value);
        let outputs = loss.auxiliary.iter();
        let auxiliary = outputs
            .map(|output| translator.definition(output.node))
            .collect();
        let names = translator.names.clone();
        let definitions = names
            .iter()
            .filter(|id| !self.outputs.contains_key(id))
            .map(|&id| (id, translator.definition(id)))
            .collect();
        translator.show_detach = false;
        let gradients = self.gradient.gradients.iter();
        let gradients = gradients
            .map(|(_, node)| translator.formula(*node))
            .collect();
        Draft {
            value,
            auxiliary,
            gradients,
            definitions,
        }
    }

    fn finish(&self, draft: &Draft) -> Page {
        let mut order = Order::default();
        let lines = || {
            let outputs = draft.auxiliary.iter().chain(&draft.gradients);
            [&draft.value].into_iter().chain(outputs)
        };
        for formula in lines() {
            order.visit(formula, &draft.definitions);
        }
        let symbols = self.symbols(&order.shared);
        let signed = |formula: &Formula| formula.with_symbols(&symbols);
        let hats = order.hats.iter();
        let hats = hats.filter_map(|symbol| self.unit_definition(symbol));
        let parts = order.shared.iter().filter_map(|id| {
            let definition = draft.definitions.get(id)?;
            Some((symbols[id].clone(), signed(definition)))
        });
        Page {
            value: signed(&draft.value),
            auxiliary: draft.auxiliary.iter().map(signed).collect(),
            gradients: draft.gradients.iter().map(signed).collect(),
            shared: hats.chain(parts).collect(),
        }
    }

    /// `x̂ = x / ‖x‖[D]`.
    fn unit_definition(&self, hat: &Symbol) -> Option<(Symbol, Formula)> {
        let graph = &self.gradient.loss.graph;
        let (&param, &axes) = self
            .translator
            .spelled
            .hats
            .iter()
            .find(|(param, _)| display_name(&graph.param(**param).name) == hat.letter)?;
        let name = Symbol::named(&graph.param(param).name, SymbolRole::Tensor);
        let plain = Box::new(Formula::Symbol(name));
        let norm = Formula::Fenced(
            super::formula::Fence::DoubleBar,
            Some(self.translator.scope(axes, None)),
            plain.clone(),
        );
        let quotient = Formula::Fraction(plain, Box::new(norm));
        Some((hat.clone(), quotient))
    }

    /// A symbol for each shared part, in the order given.
    fn symbols(&self, shared: &[NodeId]) -> BTreeMap<NodeId, Symbol> {
        let graph = &self.gradient.loss.graph;
        let mut taken: BTreeSet<String> = ["e", "π", "Σ", "σ", "∞"].map(str::to_owned).into();
        taken.extend(graph.params().iter().map(|p| display_name(&p.name)));
        taken.extend(graph.axes().iter().map(|axis| display_name(&axis.name)));
        taken.extend(self.outputs.values().map(|name| display_name(name)));
        let fallback = ["t", "u", "v", "h", "τ"]
            .into_iter()
            .find(|letter| !taken.contains(*letter))
            .unwrap_or("temp");
        let letters: Vec<_> = shared
            .iter()
            .map(|id| {
                let letter = self.customary_letter(*id).unwrap_or(fallback);
                if taken.contains(letter) {
                    fallback
                } else {
                    letter
                }
            })
            .collect();
        let mut symbols = BTreeMap::new();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, letter) in shared.iter().zip(&letters) {
            let alone = letters.iter().filter(|other| *other == letter).count() == 1;
            if let Some(name) = self.outputs.get(id) {
                symbols.insert(*id, Symbol::named(name, SymbolRole::Tensor));
                continue;
            }
            let number = numbers.entry(letter).or_insert(0);
            *number += 1;
            let symbol = Symbol {
                letter: (*letter).to_owned(),
                subscript: (!alone || *letter == fallback).then_some(*number),
                accent: Accent::None,
                role: SymbolRole::Tensor,
            };
            symbols.insert(*id, symbol);
        }
        symbols
    }

    fn customary_letter(&self, id: NodeId) -> Option<&'static str> {
        let graph = &self.translator.graph;
        if self.outputs.contains_key(&id) {
            return None;
        }
        if self.logits.contains(&id) {
            return Some("z");
        }
        match graph.node(id) {
            Node::Softmax(s) if s.form == SoftmaxForm::Prob => return Some("p"),
            Node::Unary(UnaryOp::Sigmoid, _) => return Some("p"),
            Node::Angle { .. } => return Some("θ"),
            Node::Reduce(Reducer::Sum, axes, body) if graph.cosine_of(*axes, *body).is_some() => {
                return Some("c");
            }
            Node::Reduce(Reducer::Norm, ..) => return Some("d"),
            Node::Reduce(Reducer::Lse, ..) => return Some("ℓ"),
            Node::Reduce(Reducer::Max, ..) => return Some("μ"),
            _ => {}
        }
        let carries_cotangent = graph.reachable(&[id]).into_iter().any(|id| {
            matches!(graph.node(id), Node::Load(param, _) if graph.param(*param).role == Role::Cotangent)
        });
        carries_cotangent.then_some("δ")
    }
}

/// Shared parts in order of first use, each after those its definition needs.
#[derive(Default)]
struct Order {
    shared: Vec<NodeId>,
    hats: Vec<Symbol>,
    seen: BTreeSet<NodeId>,
}

impl Order {
    fn visit(&mut self, formula: &Formula, definitions: &BTreeMap<NodeId, Formula>) {
        match formula {
            Formula::Shared(id) => {
                if self.seen.insert(*id) {
                    if let Some(definition) = definitions.get(id) {
                        self.visit(definition, definitions);
                    }
                    self.shared.push(*id);
                }
            }
            Formula::Symbol(symbol) if symbol.accent == Accent::Hat => {
                if !self.hats.contains(symbol) {
                    self.hats.push(symbol.clone());
                }
            }
            _ => {
                for part in formula.parts() {
                    self.visit(part, definitions);
                }
            }
        }
    }
}
