//! How far extraction is from the optimum: the same problems solved exactly, as integer programmes.
//!
//! A variable per e-node says whether it is chosen. Of a root's class one is chosen; a chosen e-node needs one of each
//! child's class. That the choice has no cycle is added where it turns out to be missing: along a cycle of classes that was
//! found, not every class may choose an e-node that leads to the next. Every programme on the way bounds the optimum from
//! below, so the last bound holds also where the search is given up.
//!
//! Hazard comes before work, so there are two programmes: the least hazard, then the least work with that hazard.

use super::catalogue::all;
use super::*;
use crate::simplify::convert::{self, roots, to_egraph};
use crate::simplify::cost::{Aim, Price};
use crate::simplify::extract::Problem;
use crate::simplify::rules;
use crate::simplify::saturate::{Budget, saturate};
use microlp::{ComparisonOp, OptimizationDirection, SolveOptions, Variable};

/// Search nodes of one integer programme before a bound has to do.
const NODE_LIMIT: u64 = 20_000;

/// What the different extractions choose, and what would be best.
struct Row {
    name: String,
    literal: Price,
    tree: Price,
    greedy: Price,
    ours: Price,
    /// A proven lower bound, and whether a choice attains it.
    bound: Price,
    attained: bool,
}

impl Row {
    /// By how much work exceeds that of the best choice, in percent; `None` if that is not known or has less hazard.
    fn gap(&self) -> Option<f64> {
        let comparable = self.attained && self.ours.hazard == self.bound.hazard;
        comparable.then(|| 100.0 * (self.ours.work as f64 / self.bound.work as f64 - 1.0))
    }
}

/// A choice among the members of each class that are still considered.
struct Programme<'p, 'e> {
    problem: &'p Problem<'e>,
    /// By class, the candidates that may be chosen.
    open: Vec<Vec<usize>>,
    /// Cycles that were found: classes in order.
    cycles: Vec<Vec<usize>>,
    /// Search nodes before a proven bound has to do.
    nodes: u64,
}

impl<'p, 'e> Programme<'p, 'e> {
    /// Without what another member of the same class makes superfluous: one that costs no more and needs no more.
    fn new(problem: &'p Problem<'e>, nodes: u64, allowed: impl Fn(Price) -> bool) -> Self {
        let open = problem.classes.iter().map(|class| {
            let members = &class.candidates;
            let candidates = (0..members.len()).filter(|&i| allowed(members[i].price));
            let candidates: Vec<usize> = candidates.collect();
            let dominated = |&i: &usize| {
                candidates.iter().any(|&j| {
                    let (a, b) = (&members[j], &members[i]);
                    let no_more = a.price.hazard <= b.price.hazard
                        && a.price.work <= b.price.work
                        && a.children.iter().all(|c| b.children.contains(c));
                    let same = a.price == b.price && a.children == b.children;
                    i != j && no_more && (!same || j < i)
                })
            };
            candidates
                .iter()
                .copied()
                .filter(|i| !dominated(i))
                .collect()
        });
        Programme {
            problem,
            open: open.collect(),
            cycles: vec![],
            nodes,
        }
    }

    /// The least cost by `weight`, or a bound; and the choice if it is exact. Under `limit`, hazards sum to at most that.
    fn solve(
        &mut self,
        weight: impl Fn(Price) -> f64,
        limit: Option<u32>,
    ) -> (f64, Option<Vec<Option<usize>>>) {
        loop {
            let (bound, exact, choice) = self.solve_relaxed(&weight, limit);
            match self.cycle(&choice) {
                Some(cycle) if exact => self.cycles.push(cycle),
                Some(_) => return (bound, None),
                None => return (bound, exact.then_some(choice)),
            }
        }
    }

    fn solve_relaxed(
        &self,
        weight: impl Fn(Price) -> f64,
        limit: Option<u32>,
    ) -> (f64, bool, Vec<Option<usize>>) {
        let mut programme = microlp::Problem::new(OptimizationDirection::Minimize);
        let price = |class: usize, i: usize| self.problem.classes[class].candidates[i].price;
        let variables: Vec<Vec<Variable>> = (0..self.open.len())
            .map(|class| {
                let of = |&i: &usize| programme.add_binary_var(weight(price(class, i)));
                self.open[class].iter().map(of).collect()
            })
            .collect();
        let sum = |class: usize| variables[class].iter().map(|&v| (v, 1.0));
        for (class, own) in variables.iter().enumerate() {
            let members: Vec<_> = sum(class).collect();
            let comparison = if self.problem.roots.contains(&class) {
                ComparisonOp::Eq
            } else {
                ComparisonOp::Le
            };
            programme.add_constraint(members, comparison, 1.0);
            for (k, &i) in self.open[class].iter().enumerate() {
                for &child in &self.problem.classes[class].candidates[i].children {
                    let needs: Vec<_> = sum(child).chain([(own[k], -1.0)]).collect();
                    programme.add_constraint(needs, ComparisonOp::Ge, 0.0);
                }
            }
        }
        for cycle in &self.cycles {
            let next = cycle.iter().cycle().skip(1);
            let edges = cycle.iter().zip(next).flat_map(|(&class, next)| {
                let leads = |i: usize| {
                    let candidate = &self.problem.classes[class].candidates[i];
                    candidate.children.contains(next)
                };
                let members = self.open[class].iter().zip(&variables[class]);
                let found: Vec<_> = members
                    .filter(|m| leads(*m.0))
                    .map(|m| (*m.1, 1.0))
                    .collect();
                found
            });
            let edges: Vec<_> = edges.collect();
            programme.add_constraint(edges, ComparisonOp::Le, cycle.len() as f64 - 1.0);
        }
        if let Some(limit) = limit {
            let hazards: Vec<_> = (0..self.open.len())
                .flat_map(|class| {
                    let members = self.open[class].iter().zip(&variables[class]);
                    let found: Vec<_> = members
                        .map(|(&i, &v)| (v, f64::from(price(class, i).hazard)))
                        .filter(|m| m.1 > 0.0)
                        .collect();
                    found
                })
                .collect();
            programme.add_constraint(hazards, ComparisonOp::Le, f64::from(limit));
        }
        let mut options = SolveOptions::default();
        options.node_limit = Some(self.nodes);
        let outcome = programme.solve_with(options).expect("a choice exists");
        let exact = outcome.is_optimal();
        let best = outcome.stats().best_bound;
        let Some(solution) = outcome.solution() else {
            return (best.unwrap_or(0.0), false, vec![None; self.open.len()]);
        };
        let chosen = |class: usize| {
            let members = self.open[class].iter().zip(&variables[class]);
            let mut taken = members.filter(|m| solution.var_value(*m.1) > 0.5);
            taken.next().map(|m| *m.0)
        };
        let bound = if exact {
            solution.objective()
        } else {
            best.unwrap_or(0.0)
        };
        (bound, exact, (0..self.open.len()).map(chosen).collect())
    }

    /// A cycle among the chosen e-nodes that the roots need.
    fn cycle(&self, choice: &[Option<usize>]) -> Option<Vec<usize>> {
        let mut done = vec![false; choice.len()];
        let mut path = vec![];
        let roots = self.problem.roots.iter();
        roots
            .copied()
            .find_map(|root| self.cycle_from(root, choice, &mut done, &mut path))
    }

    fn cycle_from(
        &self,
        class: usize,
        choice: &[Option<usize>],
        done: &mut [bool],
        path: &mut Vec<usize>,
    ) -> Option<Vec<usize>> {
        if let Some(start) = path.iter().position(|&c| c == class) {
            return Some(path[start..].to_vec());
        }
        if done[class] {
            return None;
        }
        path.push(class);
        let candidate = &self.problem.classes[class].candidates[choice[class]?];
        for &child in &candidate.children {
            if let Some(cycle) = self.cycle_from(child, choice, done, path) {
                return Some(cycle);
            }
        }
        path.pop();
        done[class] = true;
        None
    }
}

/// The least cost that a proof allows, and whether there is a choice with it. Without work if even the least hazard is
/// only bounded.
fn optimum(problem: &Problem, known: Price, nodes: u64) -> (Price, bool) {
    let mut hazard = 0;
    if known.hazard > 0 {
        let mut least = Programme::new(problem, nodes, |_| true);
        let (bound, choice) = least.solve(|price| f64::from(price.hazard), None);
        hazard = (bound - 1e-6).ceil().max(0.0) as u32;
        if choice.is_none() && hazard < known.hazard {
            return (Price { hazard, work: 0 }, false);
        }
    }
    // In units of a logit, so that coefficients are near 1.
    const UNIT: f64 = 32768.0;
    let mut least = Programme::new(problem, nodes, |price| price.hazard <= hazard);
    let (bound, choice) = least.solve(|price| price.work as f64 / UNIT, Some(hazard));
    match choice.and_then(|choice| problem.total(&choice)) {
        Some(cost) => (cost, true),
        None => {
            let work = (bound * UNIT * (1.0 - 1e-9)).floor().max(1.0) as u64;
            (Price { hazard, work }, false)
        }
    }
}

/// The cost of a loss as it is derived: what can be extracted when no rule has been applied.
fn literal(gradient: &Gradient, aim: Aim) -> Price {
    let converted = to_egraph(&gradient.loss.graph, &roots(gradient));
    let problem = Problem::new(&converted.egraph, aim, &converted.roots);
    problem.total(&problem.greedy_dag()).expect("a choice")
}

/// With the optimum if a limit of search nodes is given.
fn row(gradient: &Gradient, aim: Aim, nodes: Option<u64>) -> Row {
    let mut converted = to_egraph(&gradient.loss.graph, &roots(gradient));
    saturate(
        &mut converted.egraph,
        &rules::all(),
        Budget::default(),
        None,
    );
    let problem = Problem::new(&converted.egraph, aim, &converted.roots);
    let total = |choice: &[Option<usize>]| problem.total(choice).expect("a choice");
    let tree = total(&problem.greedy_tree());
    let greedy = total(&problem.greedy_dag());
    let ours = total(&problem.best().expect("a choice"));
    let (bound, attained) = match nodes {
        Some(nodes) => optimum(&problem, ours, nodes),
        None => (Price::default(), false),
    };
    Row {
        name: gradient.loss.name.clone(),
        literal: literal(gradient, aim),
        tree,
        greedy,
        ours,
        bound,
        attained,
    }
}

fn kernel_rows(nodes: Option<u64>) -> Vec<Row> {
    let of = |loss| {
        let gradient = diff::gradient(loss);
        let aim = Aim::Kernel(convert::batch_axes(&gradient));
        row(&gradient, aim, nodes)
    };
    all().into_iter().map(of).collect()
}

#[test]
fn kernels_are_never_dearer_than_simpler_choices() {
    let rows = kernel_rows(None);
    for row in &rows {
        let (name, ours) = (&row.name, row.ours);
        for (what, other) in [
            ("by trees", row.tree),
            ("greedy", row.greedy),
            ("literal", row.literal),
        ] {
            assert!(ours <= other, "{name}: {ours:?}, {what} {other:?}");
        }
    }
    let better = rows.iter().filter(|row| row.ours < row.tree).count();
    assert!(better > 20, "sharing makes only {better} losses cheaper");
}

#[test]
#[ignore = "minutes: exact solutions; prints a table"]
fn how_far_from_the_optimum() {
    let percent = |a: Price, b: Price| {
        let work = 100.0 * (a.work as f64 / b.work as f64 - 1.0);
        format!("{:>3} {work:>9.2} %", a.hazard)
    };
    println!(
        "{:<24} {:>18}  {:>15} {:>15} {:>15} {:>15}",
        "hazard, work above it", "optimum", "literal", "tree", "greedy", "ours"
    );
    let rows = kernel_rows(Some(NODE_LIMIT));
    for row in &rows {
        println!(
            "{:<24} {:>3} {:>14}{} {} {} {} {}",
            row.name,
            row.bound.hazard,
            row.bound.work,
            if row.attained { ' ' } else { '+' },
            percent(row.literal, row.bound),
            percent(row.tree, row.bound),
            percent(row.greedy, row.bound),
            percent(row.ours, row.bound),
        );
    }
    let gaps = || rows.iter().filter_map(Row::gap);
    let worst = gaps().fold(0.0, f64::max);
    assert!(worst < 7.0, "{worst:.2} % above the optimum");
    let close = gaps().filter(|&gap| gap < 0.1).count();
    assert!(
        close >= 98,
        "only {close} within a thousandth of the optimum"
    );
}
