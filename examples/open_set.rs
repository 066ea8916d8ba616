//! Verification: are two images of the same class, one that training never saw?
//!
//! All pairs of samples are scored by the cosine similarity of their embeddings, and a pair is accepted if its score is above
//! a threshold. The ROC curve says which share of the genuine pairs, those of one class, is accepted when a given share of
//! the impostors, all others, is.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// The scores of genuine and impostor pairs, each ascending.
#[derive(Clone, Debug)]
pub struct Roc {
    genuine: Vec<f64>,
    impostors: Vec<f64>,
}

impl Roc {
    /// From the scores of both kinds of pairs. No score may be NaN.
    pub fn new(mut genuine: Vec<f64>, mut impostors: Vec<f64>) -> Self {
        genuine.sort_unstable_by(f64::total_cmp);
        impostors.sort_unstable_by(f64::total_cmp);
        Self { genuine, impostors }
    }

    /// From all pairs of `embeddings` [N, D]. An embedding of length 0 has the cosine 0 with all.
    pub fn of_pairs(embeddings: &Array2<f32>, labels: &Array1<u8>) -> Self {
        // f32 does not tell cosines near 1 apart.
        let embeddings = embeddings.mapv(f64::from);
        let length = |row: ArrayView1<'_, f64>| row.dot(&row).sqrt().max(f64::MIN_POSITIVE);
        let lengths = embeddings.map_axis(Axis(1), length).insert_axis(Axis(1));
        let units = embeddings / &lengths;
        let (mut genuine, mut impostors) = (Vec::new(), Vec::new());
        for (n, &label) in labels.iter().enumerate() {
            let scores = units.slice(s![n + 1.., ..]).dot(&units.row(n));
            for (&score, &other) in scores.iter().zip(labels.iter().skip(n + 1)) {
                let kind = if label == other {
                    &mut genuine
                } else {
                    &mut impostors
                };
                kind.push(score);
            }
        }
        Self::new(genuine, impostors)
    }

    /// How many pairs are genuine.
    pub fn genuine(&self) -> usize {
        self.genuine.len()
    }

    /// How many are not.
    pub fn impostors(&self) -> usize {
        self.impostors.len()
    }

    /// The true accept rate at the lowest threshold whose false accept rate is at most `false_accept_rate`; `None` if there
    /// are no genuine pairs, or too few impostors for a rate that small to differ from 0.
    pub fn true_accept_rate(&self, false_accept_rate: f64) -> Option<f64> {
        let accepted = (false_accept_rate * self.impostors.len() as f64) as usize;
        if accepted == 0 || self.genuine.is_empty() {
            return None;
        }
        // Above the threshold, so that an impostor with the score of the threshold is turned down.
        let above =
            |threshold: f64| self.genuine.len() - self.genuine.partition_point(|&g| g <= threshold);
        let rejected = self.impostors.len().checked_sub(accepted + 1);
        let true_accepts = rejected.map_or(self.genuine.len(), |last| above(self.impostors[last]));
        Some(true_accepts as f64 / self.genuine.len() as f64)
    }

    /// The area under the curve: the probability that a genuine pair has a higher score than an impostor; of equal ones,
    /// half. NaN if either kind is missing.
    pub fn area(&self) -> f64 {
        let (mut below, mut not_above, mut twice) = (0, 0, 0_u64);
        for &score in &self.genuine {
            while self.impostors.get(below).is_some_and(|&i| i < score) {
                below += 1;
            }
            while self.impostors.get(not_above).is_some_and(|&i| i <= score) {
                not_above += 1;
            }
            twice += (below + not_above) as u64;
        }
        twice as f64 / (2.0 * self.genuine.len() as f64 * self.impostors.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Of the four comparisons two are won, one is a draw, one is lost.
    #[test]
    fn area_of_a_known_case() {
        let roc = Roc::new(vec![0.9, 0.4], vec![0.4, 0.5]);
        assert_eq!(roc.area(), 2.5 / 4.0);
        assert_eq!(Roc::new(vec![0.9, 0.8], vec![0.1]).area(), 1.0);
        assert!(Roc::new(vec![], vec![0.1]).area().is_nan());
    }

    #[test]
    fn accept_rates_of_a_known_case() {
        let impostors = (0..10).map(|i| f64::from(i) / 10.0).collect();
        let roc = Roc::new(vec![0.95, 0.85, 0.8, 0.35], impostors);
        assert_eq!(roc.true_accept_rate(0.1), Some(0.5));
        assert_eq!(roc.true_accept_rate(0.2), Some(0.75));
        assert_eq!(roc.true_accept_rate(1.0), Some(1.0));
        assert_eq!(roc.true_accept_rate(0.01), None);
    }

    #[test]
    fn pairs_are_of_one_class_or_of_two() {
        let embeddings = array![[2.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 0.0]];
        let roc = Roc::of_pairs(&embeddings, &array![7, 8, 7, 8]);
        assert_eq!(roc.genuine, [0.0, 1.0]);
        assert_eq!(roc.impostors, [0.0, 0.0, 0.0, 0.0]);
    }
}
