//! Synthetic faces.

use std::ops::Range;

use examples::random::Random;
use ndarray::{Array2, Axis, Slice};

use crate::{Arguments, RATE};

/// Batches that all samples make; they are seen in turn.
pub(crate) const BATCHES: usize = 4;
/// Samples of each class that has any.
const PER_CLASS: usize = 4;
const SEED: u64 = 11;

/// Features [samples, D], which are learned, and the class of each.
pub(crate) struct Samples {
    features: Array2<f32>,
    pub(crate) labels: Vec<i64>,
}

impl Samples {
    /// The same on all ranks.
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let mut random = Random::new(SEED);
        let count = BATCHES * arguments.batch;
        let classes = count.div_ceil(PER_CLASS);
        let classes: Vec<usize> = (0..classes)
            .map(|_| random.below(arguments.classes))
            .collect();
        let directions = random.matrix(classes.len(), arguments.features, 1.0);
        let mut features = random.matrix(count, arguments.features, 0.5);
        let order = random.permutation(count);
        let mut labels = vec![0; count];
        for (at, &sample) in order.iter().enumerate() {
            labels[sample] = classes[at / PER_CLASS] as i64;
            let mut feature = features.row_mut(sample);
            feature += &directions.row(at / PER_CLASS);
            let length = feature.dot(&feature).sqrt();
            feature /= length;
        }
        Self { features, labels }
    }

    /// The positions of a batch.
    pub(crate) fn batch(&self, step: usize) -> Range<usize> {
        let size = self.labels.len() / BATCHES;
        let first = step % BATCHES * size;
        first..first + size
    }

    /// The features of a batch.
    pub(crate) fn features(&self, batch: Range<usize>) -> Array2<f32> {
        let slice = Slice::from(batch);
        self.features.slice_axis(Axis(0), slice).to_owned()
    }

    /// A step of gradient descent for a batch.
    pub(crate) fn descend(&mut self, batch: Range<usize>, slopes: &Array2<f32>) {
        let slice = Slice::from(batch);
        let mut features = self.features.slice_axis_mut(Axis(0), slice);
        features.scaled_add(-RATE, slopes);
    }
}
