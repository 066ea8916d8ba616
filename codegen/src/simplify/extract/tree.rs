//! Greedy extraction by *tree* cost, what egg's `Extractor` does: a form costs its own work plus that of each of its
//! parts, as if nothing were shared.
//!
//! It is here to be compared with, and as a second start of the local search. Two gradients that could use one statistic of a row each take the form that is cheapest
//! alone. The cost of a tree grows exponentially with the depth of a graph, hence the wide integers.

use super::Problem;

/// The cost of a tree: hazard first.
type Cost = (u64, u128);

impl Problem<'_> {
    /// For every class the form whose tree costs least.
    pub(crate) fn greedy_tree(&self) -> Vec<Option<usize>> {
        let mut best: Vec<Option<(Cost, usize)>> = vec![None; self.classes.len()];
        loop {
            let mut changed = false;
            for class in 0..self.classes.len() {
                for index in 0..self.classes[class].candidates.len() {
                    let Some(cost) = self.tree_cost(&best, class, index) else {
                        continue;
                    };
                    if best[class].is_none_or(|(least, _)| cost < least) {
                        best[class] = Some((cost, index));
                        changed = true;
                    }
                }
            }
            if !changed {
                return best.into_iter().map(|b| Some(b?.1)).collect();
            }
        }
    }

    fn tree_cost(
        &self,
        best: &[Option<(Cost, usize)>],
        class: usize,
        index: usize,
    ) -> Option<Cost> {
        let candidate = &self.classes[class].candidates[index];
        let own = (
            u64::from(candidate.price.hazard),
            u128::from(candidate.price.work),
        );
        candidate.children.iter().try_fold(own, |sum, &child| {
            let part = best[child]?.0;
            Some((sum.0.saturating_add(part.0), sum.1.saturating_add(part.1)))
        })
    }
}
