//! Every rule is an identity: checked where it fires, at random and at special points.
//!
//! A sample is a loss in which a rule fires. Saturation is replayed, and before anything that a rule
//! says is believed both sides are evaluated by the reference interpreter. The sides must agree
//! wherever the left one is a finite number.

use super::super::convert::{roots, to_egraph, to_graph};
use super::super::cost::Aim;
use super::super::extract::{Extraction, extract};
use super::super::rules::{self, At, Family, Rule};
use super::super::saturate::{all_classes, findings};
use super::super::term::{Term, add};
use super::samples::SAMPLES;
use super::*;
use crate::ir::eval::{Environment, Value, eval_all};
use crate::ir::{Kind, Reducer, Role, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::support::rational::Rational;
use egg::Id;

/// Which points a sample is evaluated at.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Points {
    /// All within the declared ranges, with zeros, ones and ties.
    All,
    /// Away from 0: where a rule excludes zero vectors.
    NonZero,
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn real(&mut self, points: Points) -> f64 {
        const SPECIAL: [f64; 12] = [
            0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 9.0, -9.0, 1e-4, -1e-4, 1.0,
        ];
        let uniform = self.next() as f64 / (1u64 << 53) as f64 * 4.0 - 2.0;
        match points {
            Points::All if self.below(2) == 0 => SPECIAL[self.below(SPECIAL.len())],
            Points::All => uniform,
            Points::NonZero => uniform + 0.25f64.copysign(uniform),
        }
    }
}

/// Random inputs within the declared ranges.
pub(super) fn environment(graph: &Graph, points: Points, seed: u64) -> Environment {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let dims: Vec<usize> = (0..graph.dim_count())
        .map(|_| 1 + random.below(3))
        .collect();
    let mut env = Environment::new(graph, &dims);
    for id in graph.param_ids() {
        let param = graph.param(id);
        let len = env.len_of(graph, id);
        let mut inside = |range: crate::ir::Range| {
            for _ in 0..64 {
                let x = random.real(points);
                let low = x > range.lo || (x == range.lo && !range.lo_open);
                let high = x < range.hi || (x == range.hi && !range.hi_open);
                if low && high {
                    return x;
                }
            }
            range.lo.max(-1.0) / 2.0 + range.hi.min(1.0) / 2.0
        };
        let value = match param.role {
            Role::Tensor { .. } => Value::Real((0..len).map(|_| inside(param.range)).collect()),
            Role::Cotangent => {
                Value::Real((0..len).map(|_| inside(crate::ir::Range::REAL)).collect())
            }
            Role::Scalar { .. } => Value::Scalar(inside(param.range)),
            Role::Label(dim) => {
                let classes = dims[usize::from(dim.0)];
                Value::Label((0..len).map(|_| random.below(classes)).collect())
            }
            Role::Identity => Value::Label((0..len).map(|_| random.below(3)).collect()),
            Role::Mask => Value::Mask((0..len).map(|_| random.below(2) == 0).collect()),
            Role::Flag(_) => Value::Flag(random.below(2) == 0),
            Role::Static(_) => continue,
        };
        env.set(id, value);
    }
    env
}

/// Where two classes of an e-graph differ, if they do.
fn disagreement(source: &Graph, egraph: &Egraph, pair: [Id; 2], points: Points) -> Option<String> {
    let (chosen, _) = extract(egraph, Aim::Formula, &pair, Extraction::Dag)?;
    let (mut graph, ids) = to_graph(source, egraph, &chosen, &pair)?;
    let ids: Vec<NodeId> = ids
        .into_iter()
        .map(|id| match graph.kind(id) {
            Kind::Bool => {
                let (one, zero) = (graph.one(), graph.zero());
                graph.select(id, one, zero)
            }
            _ => id,
        })
        .collect();
    let axes: Vec<_> = ids
        .iter()
        .fold(crate::ir::AxisSet::EMPTY, |set, &id| {
            set.union(graph.free(id))
        })
        .iter()
        .collect();
    for seed in 1..=10 {
        let env = environment(&graph, points, seed);
        let both = eval_all::<f64>(&graph, &env, &ids);
        let [left, right] = [0, 1].map(|i| both[i].laid_out(&graph, &env, &axes));
        for (l, r) in left.iter().zip(&right) {
            if l.is_finite() && (l - r).abs() > 1e-7 * (1.0 + l.abs())
                || l.is_finite() && r.is_nan()
            {
                let sides = [0, 1].map(|i| graph.show(ids[i]));
                return Some(format!("{l} is not {r}\n  {}\n  {}", sides[0], sides[1]));
            }
        }
    }
    None
}

/// Replays saturation, and compares the sides of all that is found. Gives how often each rule found
/// something true that was new.
fn check(gradient: &Gradient, points: Points, rules: &[&Rule]) -> Result<Vec<usize>, String> {
    let graph = &gradient.loss.graph;
    let mut egraph = to_egraph(graph, &roots(gradient)).egraph;
    let mut fired = vec![0; rules.len()];
    for _ in 0..6 {
        let mut news = false;
        let before = egraph.clone();
        for (rule, id, term) in findings(&before, rules, &all_classes(&before)) {
            // Both sides apart: the left as it stood, the right as it was built.
            let mut apart = before.clone();
            let Some(equal) = add(&mut apart, &term) else {
                continue;
            };
            apart.rebuild();
            if apart.find(equal) != apart.find(id)
                && let Some(found) = disagreement(graph, &apart, [id, equal], points)
            {
                return Err(format!("{}: {found}", rules[rule].name));
            }
            let equal = add(&mut egraph, &term).expect("as above");
            if egraph.union(id, equal) {
                fired[rule] += 1;
                news = true;
            }
        }
        egraph.rebuild();
        if egraph.analysis.contradiction {
            return Err("contradiction".into());
        }
        if !news {
            break;
        }
    }
    Ok(fired)
}

#[test]
fn rules_are_identities_and_all_of_them_fire() {
    let rules = rules::all();
    let mut total = vec![0; rules.len()];
    let mut wrong = vec![];
    for (expected, points, source) in SAMPLES {
        let gradient = diff::gradient(losses(source).pop().expect("a loss"));
        match check(&gradient, *points, &rules) {
            Ok(fired) => {
                for (i, rule) in rules.iter().enumerate() {
                    total[i] += fired[i];
                    if expected.contains(&rule.name) && fired[i] == 0 {
                        wrong.push(format!("{} does not fire in {source}", rule.name));
                    }
                }
            }
            Err(message) => wrong.push(format!("{message}\nin {source}")),
        }
    }
    for (rule, count) in rules.iter().zip(total) {
        if count == 0 {
            wrong.push(format!("{} never fires", rule.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn rule_names_are_unique_and_tables_are_of_one_family() {
    let rules = rules::all();
    let mut names: Vec<_> = rules.iter().map(|r| r.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rules.len());
    for table in [rules::ring::RULES, rules::trig::RULES, rules::reduce::RULES] {
        assert!(table.iter().all(|r| r.family == table[0].family));
    }
}

/// `Σ_A u·v → u·Σ_A v` without asking whether u lacks A.
fn hoist_anything(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    let products = egraph[node.children[0]].nodes.iter();
    for factors in products.filter_map(ENode::as_product) {
        let mut rest: Vec<(Term, i32)> = factors.iter().map(|&(id, e)| (id.into(), e)).collect();
        let first = rest.remove(0);
        let sum = Term::sum_over(axes, Term::Product(rest));
        out.push(Term::Product(vec![first, (sum, 1)]));
    }
}

/// `sin(x) → x`, right only at 0.
fn small_angle(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if node.op == Op::Unary(UnaryOp::Sin) {
        out.push(node.children[0].into());
    }
}

/// `if h { a } else { b } → if h { a } else { 2b }`: wrong in one branch.
fn wrong_branch(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if let (Op::Select, &[h, a, b]) = (&node.op, &*node.children) {
        let twice = Term::Class(b).scaled(Rational::TWO);
        out.push(Term::select(h.into(), a.into(), twice));
    }
}

#[test]
fn unsound_rules_are_caught() {
    let source = "L(x: [N, D], t: mask [N]) { sum[D](x * sin(x)) + (if t { sin(x[D = 0]) } else { x[D = 0] }) }";
    let gradient = diff::gradient(losses(source).pop().expect("a loss"));
    type Apply = fn(&Egraph, Id, &ENode, &mut Vec<Term>);
    let unsound: [(&'static str, At, Apply); 3] = [
        ("hoist-anything", At::Reduce, hoist_anything),
        ("small-angle", At::Unary, small_angle),
        ("wrong-branch", At::Select, wrong_branch),
    ];
    for (name, at, apply) in unsound {
        let rule = Rule {
            name,
            family: Family::Ring,
            lhs: "",
            rhs: "",
            condition: "",
            why: "",
            at,
            apply,
        };
        let found = check(&gradient, Points::All, &[&rule]);
        assert!(
            found.is_err_and(|message| message.starts_with(name)),
            "{name}"
        );
    }
}
