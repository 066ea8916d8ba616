//! The sequence of choices that a program is written from.

/// A sequence of numbers, read once from its start. Behind its end stand zeros: the simplest choice.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    left: &'a [u32],
}

impl<'a> Choices<'a> {
    /// From its first number.
    pub fn new(list: &'a [u32]) -> Self {
        Choices { left: list }
    }

    /// One of the numbers below `count`; a smaller choice gives a smaller number.
    pub fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.left.split_first() else {
            return 0;
        };
        self.left = rest;
        // By proportion rather than by remainder: halving a choice halves what it gives.
        ((u64::from(*first) * count as u64) >> 32) as usize
    }

    /// True in `times` of `of` cases; false is the simpler.
    pub fn chance(&mut self, times: usize, of: usize) -> bool {
        self.below(of) >= of - times
    }

    /// A place in a list of weights, in proportion to them.
    ///
    /// # Panics
    /// If the weights are all 0.
    pub fn weighted(&mut self, weights: impl Iterator<Item = usize> + Clone) -> usize {
        let mut at = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            match at.checked_sub(weight) {
                Some(rest) => at = rest,
                None => return place,
            }
        }
        panic!("nothing to choose from")
    }
}
