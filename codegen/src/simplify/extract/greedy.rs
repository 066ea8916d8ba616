//! Greedy-DAG extraction: from the leaves up, each class keeps the *set* of classes that its best form needs.
//!
//! The cost of a candidate is that of the union of its children's sets, so what two children share counts once. This is
//! `faster-greedy-dag` of the extraction gym (github.com/egraphs-good/extraction-gym, `src/extract/faster_greedy_dag.rs`;
//! there one of the greedy algorithms that are good on most e-graphs and optimal on none), with three changes that a compiler
//! needs: costs are pairs of integers, hazard before work; sweeps go over an array in a fixed order instead of a queue fed by
//! hash maps; among equal costs the key of the shape decides.
//!
//! The recorded cost of a form exceeds that of each of its parts, and a form whose set has its own class is refused: the
//! choices have no cycle.

use super::super::cost::Price;
use super::super::language::ENode;
use super::Problem;
use super::bits::Bits;
use super::key::structural_key;

/// The best form of a class so far.
#[derive(Clone)]
struct Best {
    candidate: usize,
    cost: Price,
    key: u64,
    needs: Bits,
}

impl Problem<'_> {
    /// For every class the form whose set of classes costs least. Sweeps until no class finds a better form.
    pub(crate) fn greedy_dag(&self) -> Vec<Option<usize>> {
        let mut best: Vec<Option<Best>> = vec![None; self.classes.len()];
        // Classes whose best form changed in the last sweep, and in this one up to now.
        let mut news = vec![true; self.classes.len()];
        for sweep in 0u32.. {
            let mut changed = vec![false; self.classes.len()];
            for class in 0..self.classes.len() {
                for (i, candidate) in self.classes[class].candidates.iter().enumerate() {
                    let asked =
                        sweep == 0 || candidate.children.iter().any(|&c| news[c] || changed[c]);
                    if asked && let Some(better) = self.better(&best, class, i) {
                        best[class] = Some(better);
                        changed[class] = true;
                    }
                }
            }
            if !changed.contains(&true) {
                break;
            }
            news = changed;
        }
        best.into_iter().map(|b| Some(b?.candidate)).collect()
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
}
