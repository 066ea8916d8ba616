//! Texts of losses, to be compiled by whoever asks for them.

use loss_codegen::support::Diagnostics;
use loss_codegen::{sema, syntax};

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
    let mut diagnostics = Diagnostics::new();
    let Ok(tokens) = source.parse() else {
        return false;
    };
    let definitions = syntax::parse(tokens, &mut diagnostics);
    sema::analyse(&definitions, &mut diagnostics);
    diagnostics.is_empty()
}
