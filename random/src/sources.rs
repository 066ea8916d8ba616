//! Texts of losses, to be compiled by whoever asks for them.

use loss_codegen::compile::derived;

use crate::point::Random;
use crate::writer::program;

/// The texts of `count` losses that the compiler accepts, of moderate size, each called `pub Random`.
pub fn sources(seed: u64, count: usize) -> impl Iterator<Item = String> {
    let mut random = Random::new(seed);
    let next = move || {
        let choices = 10 + random.below(80);
        let choices: Vec<u32> = (0..choices).map(|_| random.bits() as u32).collect();
        program("pub Random", &choices)
    };
    std::iter::repeat_with(next)
        .filter(|source| is_accepted(source))
        .take(count)
}

fn is_accepted(source: &str) -> bool {
    source.parse().is_ok_and(|tokens| derived(tokens).is_ok())
}
