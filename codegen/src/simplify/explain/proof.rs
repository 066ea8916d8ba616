//! The cheapest way from one expression of a class to another.
//!
//! Two members of a class are one step apart if a rule says so, and as far apart as their children together
//! if only the children differ (congruence). All distances are found at once: starting from the
//! steps, paths through third members and congruences are relaxed in turn until nothing gets shorter. Steps are
//! counted as in a tree, one for each place; this is `TreeOpt` of Flatt et al., "Small Proofs from Congruence Closure"
//! (FMCAD 2022).
//!
//! A way back from a distance always exists and is finite: parts of a path are shorter than the path, and
//! congruence goes down to smaller expressions.

use std::collections::{BTreeMap, HashMap};

use egg::Id;

use super::super::language::Op;
use super::written::Written;
use crate::ir::NodeId;

/// An equation between two members of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equation {
    pub(super) left: NodeId,
    pub(super) right: NodeId,
    /// Whoever says so, by place in a list of reasons.
    pub(super) reason: usize,
    /// Whether its sides are written with the best expressions there are.
    pub(super) simple: bool,
}

/// How one expression becomes another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    /// By a reason, from its left side to its right one or back.
    Equation { reason: usize, backwards: bool },
    /// Child by child.
    Congruence,
    /// Through a third one.
    Through(NodeId),
}

/// Distances between members, class by class.
pub(super) struct Proofs {
    islands: Vec<Island>,
    /// Which island an expression is on, and its place there.
    places: HashMap<NodeId, (usize, usize)>,
}

/// The members of one class.
struct Island {
    members: Vec<NodeId>,
    /// By two members.
    distances: Vec<Option<(u32, Link)>>,
    similar: Vec<Similar>,
}

/// Two members, by place, that have one operator and children of the same classes.
struct Similar {
    left: usize,
    right: usize,
    /// Those that differ.
    children: Vec<(NodeId, NodeId)>,
}

/// What a step costs apart from reading it.
const STEP: u32 = 60;
/// What it costs to be led the wrong way.
const BACKWARDS: u32 = 20;
/// Longer expressions are not worse.
const LONGEST: usize = 60;

impl Proofs {
    /// All ways that equations open.
    ///
    /// An equation that is not `simple` costs `patience` more.
    pub(super) fn new(written: &Written, equations: &[Equation], patience: u32) -> Proofs {
        let mut proofs = Proofs::without_steps(written);
        for equation in equations {
            proofs.add(written, equation, patience);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for at in 0..proofs.islands.len() {
                changed |= proofs.relax_congruences(at) | proofs.islands[at].relax_paths();
            }
        }
        proofs
    }

    fn without_steps(written: &Written) -> Proofs {
        let mut by_class: BTreeMap<Id, Vec<NodeId>> = BTreeMap::new();
        for id in written.all() {
            if let Some(class) = written.class(id) {
                by_class.entry(class).or_default().push(id);
            }
        }
        let islands = by_class.into_values().map(|members| Island {
            distances: vec![None; members.len() * members.len()],
            similar: similar(written, &members),
            members,
        });
        let islands: Vec<Island> = islands.collect();
        let mut places = HashMap::new();
        for (at, island) in islands.iter().enumerate() {
            places.extend(
                island
                    .members
                    .iter()
                    .enumerate()
                    .map(|(i, &m)| (m, (at, i))),
            );
        }
        Proofs { islands, places }
    }

    fn add(&mut self, written: &Written, equation: &Equation, patience: u32) {
        let &Equation {
            left,
            right,
            reason,
            simple,
        } = equation;
        let (Some(&(at, l)), Some(&(other, r))) = (self.places.get(&left), self.places.get(&right))
        else {
            return;
        };
        if at != other {
            return;
        }
        let read = written.graph.reachable(&[left]).len() + written.graph.reachable(&[right]).len();
        let detour = if simple { 0 } else { patience };
        let cost = STEP + read.min(LONGEST) as u32 + detour;
        let link = |backwards| Link::Equation { reason, backwards };
        self.islands[at].offer(l, r, cost, link(false));
        self.islands[at].offer(r, l, cost + BACKWARDS, link(true));
    }

    fn relax_congruences(&mut self, at: usize) -> bool {
        let mut changed = false;
        let similar = std::mem::take(&mut self.islands[at].similar);
        for Similar {
            left,
            right,
            children,
        } in &similar
        {
            let apart = children.iter().map(|&(a, b)| self.distance(a, b));
            let there = apart.sum::<Option<u32>>();
            let apart = children.iter().map(|&(a, b)| self.distance(b, a));
            let back = apart.sum::<Option<u32>>();
            let island = &mut self.islands[at];
            if let (Some(there), Some(back)) = (there, back) {
                changed |= island.offer(*left, *right, there, Link::Congruence);
                changed |= island.offer(*right, *left, back, Link::Congruence);
            }
        }
        self.islands[at].similar = similar;
        changed
    }

    fn distance(&self, from: NodeId, to: NodeId) -> Option<u32> {
        if from == to {
            return Some(0);
        }
        let (&(at, a), &(other, b)) = (self.places.get(&from)?, self.places.get(&to)?);
        if at != other {
            return None;
        }
        self.islands[at].distance(a, b).map(|(cost, _)| cost)
    }

    /// How `from` becomes `to`, which is another member of its class.
    pub(super) fn link(&self, from: NodeId, to: NodeId) -> Option<Link> {
        let (&(at, a), &(other, b)) = (self.places.get(&from)?, self.places.get(&to)?);
        if at != other {
            return None;
        }
        self.islands[at].distance(a, b).map(|(_, link)| link)
    }
}

impl Island {
    fn distance(&self, from: usize, to: usize) -> Option<(u32, Link)> {
        self.distances[from * self.members.len() + to]
    }

    fn offer(&mut self, from: usize, to: usize, cost: u32, link: Link) -> bool {
        let known = &mut self.distances[from * self.members.len() + to];
        let better = from != to && known.is_none_or(|(best, _)| cost < best);
        if better {
            *known = Some((cost, link));
        }
        better
    }

    /// Paths through third members (Floyd and Warshall).
    fn relax_paths(&mut self) -> bool {
        let mut changed = false;
        for through in 0..self.members.len() {
            for from in 0..self.members.len() {
                let Some((first, _)) = self.distance(from, through) else {
                    continue;
                };
                for to in 0..self.members.len() {
                    if let Some((second, _)) = self.distance(through, to) {
                        let link = Link::Through(self.members[through]);
                        changed |= self.offer(from, to, first + second, link);
                    }
                }
            }
        }
        changed
    }
}

/// The pairs of members with one operator and children of the same classes.
fn similar(written: &Written, members: &[NodeId]) -> Vec<Similar> {
    type Shape = (Op, Vec<Option<Id>>);
    let mut groups: BTreeMap<Shape, Vec<(usize, Vec<NodeId>)>> = BTreeMap::new();
    for (i, &member) in members.iter().enumerate() {
        let (op, children) = written.shape(member);
        let classes = children.iter().map(|&child| written.class(child)).collect();
        groups.entry((op, classes)).or_default().push((i, children));
    }
    let mut pairs = vec![];
    for group in groups.values() {
        for (at, (left, below_left)) in group.iter().enumerate() {
            for (right, below_right) in &group[at + 1..] {
                let children = below_left.iter().copied().zip(below_right.iter().copied());
                let mut children: Vec<_> = children.filter(|(l, r)| l != r).collect();
                children.sort_unstable();
                children.dedup();
                if !children.is_empty() {
                    pairs.push(Similar {
                        left: *left,
                        right: *right,
                        children,
                    });
                }
            }
        }
    }
    pairs
}
