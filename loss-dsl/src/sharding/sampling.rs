//! Sampled negatives: of the classes that no sample of a batch has, a random part.
//!
//! With millions of classes, nearly all of the softmax's sum comes from classes that have nothing to do with the batch, and a part of them
//! stands for all (An et al. 2022, "Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition CNNs by
//! Partial FC", arXiv:2203.15565, section 3): all positive centres take part, and of the others as many as make up a given share of each
//! shard. Every rank finds out for itself which positives the others have, so nothing is exchanged.

use std::ops::Range;

use crate::label::Label;
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

/// How the classes are spread: the extents of the shards, in the order of ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shards {
    extents: Vec<usize>,
}

/// The classes of a shard that take part in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The rows of the own shard, those of positive classes first, each group ascending.
    pub rows: Vec<usize>,
    /// The label of each sample as a position among all classes that take part; -1 for a label that is no class.
    pub labels: Vec<i64>,
}

impl Shards {
    /// Shards of given extents.
    pub fn new(extents: impl Into<Vec<usize>>) -> Self {
        let extents = extents.into();
        Self { extents }
    }

    /// `classes` spread over `ranks` as evenly as can be, the larger shards first.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn even(classes: usize, ranks: usize) -> Self {
        let extent = |rank| classes / ranks + usize::from(rank < classes % ranks);
        Self::new((0..ranks).map(extent).collect::<Vec<_>>())
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.extents.iter().sum()
    }

    /// The classes of a rank.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn range(&self, rank: usize) -> Range<usize> {
        let first = self.extents[..rank].iter().sum();
        first..first + self.extents[rank]
    }

    /// The classes of the shard of `rank` that take part in a step with these labels: those that a label has, and at random as many
    /// others as make `share` of the shard. The same for the same `seed`, which is to be another one in each step.
    ///
    /// A label that is no class, one that marks a sample to be ignored, becomes -1: give the loss
    /// [`with_ignore_index(-1)`](crate::Loss::with_ignore_index), or it refuses it.
    ///
    /// ```
    /// use loss_dsl::sharding::Shards;
    ///
    /// let shards = Shards::even(1000, 2);
    /// let sample = shards.sample(1, &[3, 700, 700], 0.1, 42);
    /// assert_eq!(sample.rows.len(), 50);
    /// assert_eq!(sample.rows[0], 200); // class 700, the 200th of the shard
    /// assert_eq!(sample.labels, [0, 50, 50]);
    /// ```
    ///
    /// # Panics
    /// If there is no such rank, or `share` is not between 0 and 1.
    pub fn sample<L: Label>(&self, rank: usize, labels: &[L], share: f64, seed: u64) -> Sample {
        assert!(
            (0.0..=1.0).contains(&share),
            "a share of {share}, not between 0 and 1"
        );
        let mut positives = vec![vec![]; self.extents.len()];
        let classes = self.classes();
        let owner = |label: &L| Some(self.owner(label.position(classes)?));
        let owned: Vec<Option<(usize, usize)>> = labels.iter().map(owner).collect();
        for &(owner, row) in owned.iter().flatten() {
            positives[owner].push(row);
        }
        for rows in &mut positives {
            rows.sort_unstable();
            rows.dedup();
        }
        let sampled = |rank: usize| {
            let wanted = (share * self.extents[rank] as f64).ceil() as usize;
            wanted.clamp(positives[rank].len(), self.extents[rank])
        };
        let firsts: Vec<usize> = (0..self.extents.len())
            .map(|rank| (0..rank).map(sampled).sum())
            .collect();
        let place = |owned: &Option<(usize, usize)>| {
            owned.map_or(-1, |(owner, row)| {
                let among = positives[owner].binary_search(&row);
                (firsts[owner] + among.expect("a positive of its owner")) as i64
            })
        };
        let labels = owned.iter().map(place).collect();
        let mut rows = positives[rank].clone();
        let others = sampled(rank) - rows.len();
        rows.extend(self.negatives(rank, &positives[rank], others, seed));
        Sample { rows, labels }
    }

    /// `count` rows that are no positives, ascending.
    fn negatives(&self, rank: usize, positives: &[usize], count: usize, seed: u64) -> Vec<usize> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(rank as u64);
        let free = self.extents[rank] - positives.len();
        let mut chosen = index::sample(&mut random, free, count).into_vec();
        chosen.sort_unstable();
        // The number k of those that are free is k and as many positives as come before it.
        let mut before = 0;
        for row in &mut chosen {
            while before < positives.len() && positives[before] <= *row + before {
                before += 1;
            }
            *row += before;
        }
        chosen
    }

    /// The rank that has a class, and its row there.
    fn owner(&self, class: usize) -> (usize, usize) {
        let mut row = class;
        for (rank, &extent) in self.extents.iter().enumerate() {
            if row < extent {
                return (rank, row);
            }
            row -= extent;
        }
        unreachable!("only positions have an owner")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_shards_are_as_even_as_can_be() {
        let shards = Shards::even(10, 4);
        let ranges: Vec<_> = (0..4).map(|rank| shards.range(rank)).collect();
        assert_eq!(ranges, [0..3, 3..6, 6..8, 8..10]);
        assert_eq!(shards.classes(), 10);
        assert_eq!(Shards::even(1, 3).range(2), 1..1);
    }

    #[test]
    fn all_positives_and_a_share_of_the_rest_take_part() {
        let shards = Shards::new([40, 0, 25, 3]);
        let labels = [39i64, 40, 3, 64, 3, 67, 66, 65, 12];
        for seed in 0..50 {
            let samples: Vec<_> = (0..4)
                .map(|rank| shards.sample(rank, &labels, 0.3, seed))
                .collect();
            let taken: Vec<usize> = samples
                .iter()
                .enumerate()
                .flat_map(|(rank, sample)| {
                    let first = shards.range(rank).start;
                    sample.rows.iter().map(move |row| first + row)
                })
                .collect();
            let sizes: Vec<_> = samples.iter().map(|sample| sample.rows.len()).collect();
            assert_eq!(sizes, [12, 0, 8, 3]);
            let mut distinct = taken.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), taken.len());
            for sample in &samples {
                // The sampled positions of the labels are those of their classes.
                let class = |&label: &i64| taken[label as usize] as i64;
                let found: Vec<_> = sample.labels.iter().map(class).collect();
                assert_eq!(found, labels);
            }
        }
    }

    #[test]
    fn labels_that_are_no_classes_stay_none() {
        let sample = Shards::even(10, 2).sample(1, &[-100i64, 9, 10, -1], 0.0, 1);
        assert_eq!((sample.rows, sample.labels), (vec![4], vec![-1, 0, -1, -1]));
    }

    #[test]
    fn negatives_are_any_of_the_others_and_follow_from_the_seed() {
        let shards = Shards::even(12, 1);
        let mut seen = [0; 12];
        for seed in 0..300 {
            let sample = shards.sample(0, &[0, 5, 6], 0.5, seed);
            assert_eq!(sample, shards.sample(0, &[0, 5, 6], 0.5, seed));
            assert_eq!(sample.rows[..3], [0, 5, 6]);
            assert!(sample.rows[3..].is_sorted());
            for &row in &sample.rows[3..] {
                seen[row] += 1;
            }
        }
        for (row, &count) in seen.iter().enumerate() {
            // 100 of each are expected: 9 classes, 3 of them in each of 300 samples.
            let expected = if [0, 5, 6].contains(&row) {
                0..1
            } else {
                65..140
            };
            assert!(expected.contains(&count), "row {row}: {count}");
        }
    }
}
