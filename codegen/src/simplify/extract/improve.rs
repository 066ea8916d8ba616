//! Local search after the greedy choice: single choices are changed as long as all roots together get cheaper.
//!
//! This is what finds a form that costs more than another one alone and less where two roots share it, which no choice by
//! class can see. What an exchange would save is counted without walking the whole graph, as in the rewriting of logic
//! networks (Mishchenko, Chatterjee and Brayton 2006, "DAG-aware AIG rewriting"): every class in use knows how many chosen
//! e-nodes use it; taking an e-node away frees its fanout-free cone, putting another in its place claims a cone.
//!
//! Descent by one exchange at a time, with those that it makes worth while below it, the roots first, in a fixed order, within a fixed number of rounds.

use super::super::cost::Price;
use super::Problem;

/// The most rounds over all classes in use.
const ROUNDS: usize = 8;

/// A choice with the number of users of every class.
struct Use<'p, 'e> {
    problem: &'p Problem<'e>,
    /// Which classes have a form at all.
    usable: Vec<bool>,
    choice: Vec<usize>,
    /// Chosen e-nodes that have the class for a child, and roots that it is.
    users: Vec<u32>,
    cost: Price,
    /// Classes that came into use since it was emptied.
    fresh: Vec<usize>,
}

impl Use<'_, '_> {
    /// Adds a user; a class that had none claims its children.
    fn claim(&mut self, class: usize) {
        let mut stack = vec![class];
        while let Some(class) = stack.pop() {
            self.users[class] += 1;
            if self.users[class] == 1 {
                self.fresh.push(class);
                let candidate = &self.problem.classes[class].candidates[self.choice[class]];
                self.cost = self.cost.plus(candidate.price);
                stack.extend(&candidate.children);
            }
        }
    }

    /// Takes a user away; a class that has none left frees its children.
    fn free(&mut self, class: usize) {
        let mut stack = vec![class];
        while let Some(class) = stack.pop() {
            self.users[class] -= 1;
            if self.users[class] == 0 {
                let candidate = &self.problem.classes[class].candidates[self.choice[class]];
                self.cost = self.cost.minus(candidate.price);
                stack.extend(&candidate.children);
            }
        }
    }

    /// Gives a class in use another member.
    fn exchange(&mut self, class: usize, candidate: usize) {
        let problem = self.problem;
        let members = &problem.classes[class].candidates;
        let old = &members[std::mem::replace(&mut self.choice[class], candidate)];
        let new = &members[candidate];
        for &child in &new.children {
            self.claim(child);
        }
        for &child in &old.children {
            self.free(child);
        }
        self.cost = self.cost.plus(new.price).minus(old.price);
    }

    /// Exchanges if that makes all roots cheaper, perhaps with other members of the classes that come into use by it: theirs were
    /// chosen as if nothing were shared with the rest.
    fn attempt(&mut self, class: usize, candidate: usize) {
        let before = self.cost;
        let mut undo = vec![(class, self.choice[class])];
        self.fresh.clear();
        self.exchange(class, candidate);
        if self.cost >= before && self.cost.hazard <= before.hazard {
            for fresh in std::mem::take(&mut self.fresh) {
                for other in 0..self.problem.classes[fresh].candidates.len() {
                    let (cost, kept) = (self.cost, self.choice[fresh]);
                    if other == kept || self.users[fresh] == 0 || !self.is_whole(fresh, other) {
                        continue;
                    }
                    self.exchange(fresh, other);
                    if self.cost >= cost || self.needs_itself(fresh) {
                        self.exchange(fresh, kept);
                    } else {
                        undo.push((fresh, kept));
                    }
                }
            }
        }
        if self.cost >= before || self.needs_itself(class) {
            for (class, kept) in undo.into_iter().rev() {
                self.exchange(class, kept);
            }
        }
    }

    /// Whether everything that a member needs has a form.
    fn is_whole(&self, class: usize, candidate: usize) -> bool {
        let children = &self.problem.classes[class].candidates[candidate].children;
        children.iter().all(|&child| self.usable[child])
    }

    /// Whether a class is among what its chosen member needs.
    fn needs_itself(&self, class: usize) -> bool {
        let mut seen = vec![false; self.users.len()];
        let mut stack = vec![class];
        while let Some(needed) = stack.pop() {
            let candidate = &self.problem.classes[needed].candidates[self.choice[needed]];
            for &child in &candidate.children {
                if child == class {
                    return true;
                }
                if !std::mem::replace(&mut seen[child], true) {
                    stack.push(child);
                }
            }
        }
        false
    }
}

impl Problem<'_> {
    /// Tries other members for the classes in use, in a fixed order. `None` if a choice is missing or they have a cycle.
    pub(crate) fn improve(&self, choice: &mut [Option<usize>]) -> Option<()> {
        self.order(choice)?;
        let mut now = Use {
            problem: self,
            // A class without a form is a child of no choice.
            choice: choice.iter().map(|c| c.unwrap_or(0)).collect(),
            users: vec![0; self.classes.len()],
            cost: Price::default(),
            usable: choice.iter().map(Option::is_some).collect(),
            fresh: vec![],
        };
        for &root in &self.roots {
            now.claim(root);
        }
        for _ in 0..ROUNDS {
            let before = now.cost;
            let current: Vec<Option<usize>> = now.choice.iter().map(|&c| Some(c)).collect();
            for class in self.order(&current)?.into_iter().rev() {
                for candidate in 0..self.classes[class].candidates.len() {
                    let is_other = candidate != now.choice[class] && now.users[class] > 0;
                    if is_other && now.is_whole(class, candidate) {
                        now.attempt(class, candidate);
                    }
                }
            }
            if now.cost == before {
                break;
            }
        }
        for (choice, now) in choice.iter_mut().zip(now.choice) {
            *choice = choice.map(|_| now);
        }
        Some(())
    }
}
