//! From a proof to steps that a person follows.
//!
//! A proof speaks of one place at a time. A reader does not want the same step once for every place where an
//! expression stands: a step replaces an expression everywhere, as long as that leads to the
//! same end.

use super::Reason;
use super::proof::{Link, Proofs};
use super::written::Written;
use crate::ir::NodeId;

/// `before`, a part of `from`, becomes `after`, and `from` thereby `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) reason: usize,
    pub(super) backwards: bool,
    pub(super) before: NodeId,
    pub(super) after: NodeId,
    pub(super) from: NodeId,
    pub(super) to: NodeId,
}

impl Step {
    /// With its reason spelled out.
    pub(super) fn because(self, reasons: &[Reason]) -> super::Step {
        super::Step {
            reason: reasons[self.reason],
            backwards: self.backwards,
            before: self.before,
            after: self.after,
            from: self.from,
            to: self.to,
        }
    }
}

/// The steps from one expression to another. `None` if there is no proof.
pub(super) fn steps(
    written: &mut Written,
    proofs: &Proofs,
    from: NodeId,
    to: NodeId,
) -> Option<Vec<Step>> {
    let steps = proven(written, proofs, from, to)?;
    let shorter = everywhere(written, from, &steps);
    let reached = shorter.last().map_or(from, |step| step.to);
    Some(without_detours(if reached == to { shorter } else { steps }))
}

fn proven(written: &mut Written, proofs: &Proofs, from: NodeId, to: NodeId) -> Option<Vec<Step>> {
    if from == to {
        return Some(vec![]);
    }
    match proofs.link(from, to)? {
        Link::Equation { reason, backwards } => Some(vec![Step {
            reason,
            backwards,
            before: from,
            after: to,
            from,
            to,
        }]),
        Link::Through(third) => {
            let mut steps = proven(written, proofs, from, third)?;
            steps.extend(proven(written, proofs, third, to)?);
            Some(steps)
        }
        Link::Congruence => by_children(written, proofs, from, to),
    }
}

fn by_children(
    written: &mut Written,
    proofs: &Proofs,
    from: NodeId,
    to: NodeId,
) -> Option<Vec<Step>> {
    let (left, right) = (written.shape(from).1, written.shape(to).1);
    let mut pairs: Vec<_> = left.into_iter().zip(right).filter(|p| p.0 != p.1).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut inside = vec![];
    for &(a, b) in &pairs {
        inside.push(proven(written, proofs, a, b)?);
    }
    let flat: Vec<Step> = inside.concat();
    let together = everywhere(written, from, &flat);
    if together.last().is_some_and(|step| step.to == to) {
        return Some(together);
    }
    // One child after the other.
    let mut steps = vec![];
    let mut current = from;
    for ((child, _), inside) in pairs.into_iter().zip(inside) {
        let whole = current;
        for step in inside {
            let next = written.with_children(whole, &mut |c| if c == child { step.to } else { c });
            steps.push(Step {
                from: current,
                to: next,
                ..step
            });
            current = next;
        }
    }
    (current == to).then_some(steps)
}

/// The steps, each wherever its expression stands in the whole.
fn everywhere(written: &mut Written, from: NodeId, steps: &[Step]) -> Vec<Step> {
    let mut current = from;
    let mut taken = vec![];
    for step in steps {
        let next = written.replace(current, step.before, step.after);
        if next != current {
            taken.push(Step {
                from: current,
                to: next,
                ..*step
            });
            current = next;
        }
    }
    taken
}

/// Without steps that lead back to where one has been.
fn without_detours(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = vec![];
    for step in steps {
        match kept.iter().position(|earlier| earlier.from == step.to) {
            Some(at) => kept.truncate(at),
            None => kept.push(step),
        }
    }
    kept
}
