//! How the released layers of L-Softmax and SphereFace let λ decay.

/// The schedule `λ = max(lambda_min, base · (1 + gamma · iteration)^(−power))` for the field `lambda` of
/// [`LSoftmax`](super::LSoftmax) and [`ASoftmax`](super::ASoftmax): the plain inner product at first, the margin little by little.
///
/// The released layers count their own forward passes from 1 and forget the count when training is resumed; here the caller
/// says where training is.
///
/// ```
/// use loss_dsl::losses::{ASoftmax, LambdaAnnealing};
///
/// let schedule = LambdaAnnealing::SPHERE_FACE;
/// for iteration in 1..=3 {
///     let loss = ASoftmax { lambda: schedule.at(iteration), ..ASoftmax::default() };
///     // … a step with it
/// }
/// assert_eq!(schedule.at(0), 1000.0);
/// assert_eq!(schedule.at(100_000), 5.0);
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LambdaAnnealing {
    /// λ at the start; 0 is no annealing.
    pub base: f64,
    /// How fast it decays.
    pub gamma: f64,
    /// The exponent of the decay.
    pub power: f64,
    /// What λ stays above.
    pub lambda_min: f64,
}

impl LambdaAnnealing {
    /// That of L-Softmax's example with m = 4: 1000 (1 + 2.5e-5 i)^(−35), to 0. Its authors let λ stop at 5 to 10 for data that are
    /// hard to fit.
    pub const L_SOFTMAX: Self = Self {
        base: 1000.0,
        gamma: 2.5e-5,
        power: 35.0,
        lambda_min: 0.0,
    };

    /// That of SphereFace with m = 4: 1000 / (1 + 0.12 i), to 5.
    pub const SPHERE_FACE: Self = Self {
        base: 1000.0,
        gamma: 0.12,
        power: 1.0,
        lambda_min: 5.0,
    };

    /// λ at an iteration.
    pub fn at(&self, iteration: u64) -> f64 {
        let decayed = self.base * (1.0 + self.gamma * iteration as f64).powf(-self.power);
        decayed.max(self.lambda_min)
    }
}

impl Default for LambdaAnnealing {
    /// The defaults of the released layers: λ = 1 always.
    fn default() -> Self {
        Self {
            base: 1.0,
            gamma: 0.0,
            power: 1.0,
            lambda_min: 0.0,
        }
    }
}
