//! Adam (Kingma and Ba 2015, algorithm 1): a step of m̂ / (√v̂ + ε) along running means of the gradient and its square.
//!
//! One [`Adam`] belongs to one array of parameters and holds that array's moments.

use ndarray::{Array, Dimension, Zip};

const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// The moments of one array of parameters.
#[derive(Clone, Debug)]
pub struct Adam<D: Dimension> {
    first: Array<f32, D>,
    second: Array<f32, D>,
    steps: i32,
}

impl<D: Dimension> Adam<D> {
    /// Moments of zero, in the shape of `parameters`.
    pub fn new(parameters: &Array<f32, D>) -> Self {
        Self {
            first: Array::zeros(parameters.raw_dim()),
            second: Array::zeros(parameters.raw_dim()),
            steps: 0,
        }
    }

    /// One step against `gradient` with learning rate `rate`.
    ///
    /// # Panics
    /// If the shapes differ from the one given to [`Self::new`].
    pub fn step(&mut self, parameters: &mut Array<f32, D>, gradient: &Array<f32, D>, rate: f32) {
        self.steps += 1;
        let first_bias = 1.0 - FIRST_DECAY.powi(self.steps);
        let second_bias = 1.0 - SECOND_DECAY.powi(self.steps);
        Zip::from(parameters)
            .and(&mut self.first)
            .and(&mut self.second)
            .and(gradient)
            .for_each(|parameter, first, second, &slope| {
                *first += (1.0 - FIRST_DECAY) * (slope - *first);
                *second += (1.0 - SECOND_DECAY) * (slope * slope - *second);
                let spread = (*second / second_bias).sqrt() + EPSILON;
                *parameter -= rate * (*first / first_bias) / spread;
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        let mut parameters = array![1.0_f32, -2.0, 3.0];
        let mut adam = Adam::new(&parameters);
        adam.step(&mut parameters, &array![0.5, -100.0, 0.0], 0.1);
        let expected = array![0.9_f32, -1.9, 3.0];
        assert!((parameters - expected).iter().all(|d| d.abs() < 1e-6));
    }

    #[test]
    fn a_parabola_is_descended_to_its_minimum() {
        let mut parameters = array![3.0_f32];
        let mut adam = Adam::new(&parameters);
        for step in 0..500 {
            let gradient = (&parameters - 1.0) * 2.0;
            adam.step(
                &mut parameters,
                &gradient,
                0.1 * (1.0 - step as f32 / 500.0),
            );
        }
        assert!((parameters[0] - 1.0).abs() < 1e-3, "{parameters}");
    }
}
