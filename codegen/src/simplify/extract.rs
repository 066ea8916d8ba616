//! Extraction: one e-node per class, so that all roots together cost least, shared work counted once.
//!
//! Greedily from the leaves up, each class keeps the *set* of classes that its best form needs, so
//! the cost of a candidate is that of a set and not of a tree. The greedy choice is made per class;
//! what is dearer alone but shared between value and gradients is then found by trying, for every
//! class in use, its other members against the cost of all roots.
//!
//! A member is *eligible* only if it depends on no axis that the class does not depend on: 0 and
//! 0·x[C] are one class, and only the first may be put where C is not bound.
//!
//! Invariant: along every chosen edge the recorded cost falls strictly, so choices have no cycle.

use egg::{Id, Language};

use super::analysis::{Egraph, free_of};
use super::cost::{Aim, Price, Prices};
use super::language::{ENode, Op};

/// The most alternatives that are tried after the greedy choice.
const TRIALS: usize = 300;

/// The chosen e-nodes, children first, each class once. `None` if some class has no eligible form.
pub(crate) fn extract<'e>(
    egraph: &'e Egraph,
    aim: Aim,
    roots: &[Id],
) -> Option<(Vec<(Id, &'e ENode)>, Price)> {
    let problem = Problem::new(egraph, aim, roots);
    let mut choice = problem.greedy();
    let cost = problem.improve(&mut choice)?;
    let order = problem.order(&choice)?;
    let chosen = order.into_iter().map(|class| {
        let candidate = &problem.classes[class].candidates[choice[class]?];
        Some((problem.classes[class].id, candidate.node))
    });
    Some((chosen.collect::<Option<Vec<_>>>()?, cost))
}

struct Candidate<'e> {
    node: &'e ENode,
    price: Price,
    /// Classes by their place in the problem, ascending and distinct.
    children: Vec<usize>,
}

struct Class<'e> {
    id: Id,
    candidates: Vec<Candidate<'e>>,
}

struct Problem<'e> {
    classes: Vec<Class<'e>>,
    roots: Vec<usize>,
}

/// The best form of a class so far.
#[derive(Clone)]
struct Best {
    candidate: usize,
    cost: Price,
    key: u64,
    needs: Bits,
}

impl<'e> Problem<'e> {
    fn new(egraph: &'e Egraph, aim: Aim, roots: &[Id]) -> Self {
        let mut place: Vec<Option<usize>> = vec![None; egraph.nodes().len()];
        let mut ids: Vec<Id> = vec![];
        let mut stack: Vec<Id> = roots.iter().map(|&root| egraph.find(root)).collect();
        while let Some(id) = stack.pop() {
            if place[usize::from(id)].is_none() {
                place[usize::from(id)] = Some(0);
                ids.push(id);
                let children = egraph[id].nodes.iter().flat_map(|n| n.children().iter());
                stack.extend(children.map(|&child| egraph.find(child)));
            }
        }
        ids.sort_unstable();
        for (i, id) in ids.iter().enumerate() {
            place[usize::from(*id)] = Some(i);
        }
        let at = |id: Id| place[usize::from(egraph.find(id))];
        let prices = Prices::new(egraph, aim);
        let classes = ids.iter().enumerate().map(|(own, &id)| {
            let candidates = egraph[id].nodes.iter().filter_map(|node| {
                let in_scope = free_of(egraph, node).is_subset(egraph[id].data.free);
                let mut children: Vec<usize> =
                    node.children().iter().filter_map(|&c| at(c)).collect();
                children.sort_unstable();
                children.dedup();
                (in_scope && !children.contains(&own)).then(|| Candidate {
                    node,
                    price: prices.of(node),
                    children,
                })
            });
            Class {
                id,
                candidates: candidates.collect(),
            }
        });
        Problem {
            classes: classes.collect(),
            roots: roots.iter().filter_map(|&root| at(root)).collect(),
        }
    }

    /// Sweeps until no class finds a better form.
    fn greedy(&self) -> Vec<Option<usize>> {
        let mut best: Vec<Option<Best>> = vec![None; self.classes.len()];
        loop {
            let mut changed = false;
            for class in 0..self.classes.len() {
                for candidate in 0..self.classes[class].candidates.len() {
                    if let Some(better) = self.better(&best, class, candidate) {
                        best[class] = Some(better);
                        changed = true;
                    }
                }
            }
            if !changed {
                return best.into_iter().map(|b| Some(b?.candidate)).collect();
            }
        }
    }

    /// The candidate with its cost, if it beats the best form of its class.
    fn better(&self, best: &[Option<Best>], class: usize, index: usize) -> Option<Best> {
        let candidate = &self.classes[class].candidates[index];
        // A form costs more than any of its parts: what makes cycles impossible.
        let mut least = candidate.price;
        for &child in &candidate.children {
            least = least.max(best[child].as_ref()?.cost.plus(candidate.price));
        }
        let current = best[class].as_ref();
        if current.is_some_and(|b| b.cost < least) {
            return None;
        }
        let mut needs = Bits::new(self.classes.len());
        for &child in &candidate.children {
            needs.insert_all(&best[child].as_ref()?.needs);
        }
        if needs.contains(class) {
            return None;
        }
        let mut cost = candidate.price;
        for needed in needs.iter() {
            let chosen = best[needed].as_ref()?.candidate;
            cost = cost.plus(self.classes[needed].candidates[chosen].price);
        }
        let cost = cost.max(least);
        if current.is_some_and(|b| b.cost < cost) {
            return None;
        }
        let key = structural_key(candidate.node, |i| {
            let child = candidate
                .children
                .iter()
                .find(|&&c| self.is_child(c, candidate.node, i));
            child.and_then(|&c| best[c].as_ref()).map_or(0, |b| b.key)
        });
        if current.is_some_and(|b| (b.cost, b.key) <= (cost, key)) {
            return None;
        }
        needs.insert(class);
        Some(Best {
            candidate: index,
            cost,
            key,
            needs,
        })
    }

    fn is_child(&self, class: usize, node: &ENode, i: usize) -> bool {
        self.classes[class].id == node.children[i]
    }

    /// Tries other members for the classes in use, in a fixed order. `None` if a choice is missing.
    fn improve(&self, choice: &mut [Option<usize>]) -> Option<Price> {
        let mut cost = self.total(choice)?;
        let mut trials = 0;
        loop {
            let before = cost;
            for class in self.order(choice)?.into_iter().rev() {
                for candidate in 0..self.classes[class].candidates.len() {
                    if choice[class] == Some(candidate) || trials == TRIALS {
                        continue;
                    }
                    trials += 1;
                    let kept = choice[class].replace(candidate);
                    match self.total(choice) {
                        Some(lower) if lower < cost => cost = lower,
                        _ => choice[class] = kept,
                    }
                }
            }
            if cost == before || trials == TRIALS {
                return Some(cost);
            }
        }
    }

    /// The cost of all roots; `None` if the choice has a cycle or a gap.
    fn total(&self, choice: &[Option<usize>]) -> Option<Price> {
        let mut cost = Price::default();
        for class in self.order(choice)? {
            cost = cost.plus(self.classes[class].candidates[choice[class]?].price);
        }
        Some(cost)
    }

    /// The classes that the roots need under a choice, children first; `None` on a cycle.
    fn order(&self, choice: &[Option<usize>]) -> Option<Vec<usize>> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![0u8; self.classes.len()];
        let mut order = vec![];
        let mut stack: Vec<(usize, bool)> = self.roots.iter().rev().map(|&r| (r, false)).collect();
        while let Some((class, leaving)) = stack.pop() {
            if leaving {
                state[class] = DONE;
                order.push(class);
                continue;
            }
            match state[class] {
                OPEN => return None,
                DONE => continue,
                _ => state[class] = OPEN,
            }
            stack.push((class, true));
            for &child in &self.classes[class].candidates[choice[class]?].children {
                if state[child] == OPEN {
                    return None;
                }
                if state[child] != DONE {
                    stack.push((child, false));
                }
            }
        }
        Some(order)
    }
}

/// A number for the shape of a term, by its operators and leaves and not by class ids: the total order
/// among equally dear forms.
fn structural_key(node: &ENode, mut child: impl FnMut(usize) -> u64) -> u64 {
    let mut hasher = Fnv::new();
    let children = 0..node.children.len();
    match &node.op {
        // The order of terms is that of class ids: it must not count.
        Op::Sum(constant, coefficients) => {
            hasher.write(&format!("sum {constant}"));
            let parts = children.map(|i| mix(child(i), &coefficients[i].to_string()));
            hasher.word(parts.fold(0, u64::wrapping_add));
        }
        Op::Product(exponents) => {
            hasher.write("product");
            let parts = children.map(|i| mix(child(i), &exponents[i].to_string()));
            hasher.word(parts.fold(0, u64::wrapping_add));
        }
        op => {
            hasher.write(&format!("{op:?}"));
            for i in children {
                hasher.word(child(i));
            }
        }
    }
    hasher.state
}

fn mix(child: u64, label: &str) -> u64 {
    let mut hasher = Fnv::new();
    hasher.word(child);
    hasher.write(label);
    hasher.state
}

/// FNV-1a: the same on every platform.
struct Fnv {
    state: u64,
}

impl Fnv {
    fn new() -> Self {
        Fnv {
            state: 0xcbf2_9ce4_8422_2325,
        }
    }

    fn byte(&mut self, byte: u8) {
        self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }

    fn write(&mut self, text: &str) {
        text.bytes().for_each(|b| self.byte(b));
    }

    fn word(&mut self, word: u64) {
        word.to_le_bytes().into_iter().for_each(|b| self.byte(b));
    }
}

/// A set of small numbers.
#[derive(Clone)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn new(len: usize) -> Self {
        Bits {
            words: vec![0; len.div_ceil(64)],
        }
    }

    fn insert(&mut self, i: usize) {
        self.words[i / 64] |= 1 << (i % 64);
    }

    fn insert_all(&mut self, other: &Bits) {
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    fn contains(&self, i: usize) -> bool {
        self.words[i / 64] & (1 << (i % 64)) != 0
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(64 * i + bit)
            })
        })
    }
}
