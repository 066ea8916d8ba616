//! How inaccurate a kernel may be in `f32`.

/// Units in the last place of a result's natural scale (see [`loss_dsl::audit`]).
pub const BOUND: f64 = 8.0;

/// Losses that are allowed more, and why.
const MORE: &[(&str, f64)] = &[
    // The part of Σ ŵ·t along x̂ is taken from the cosines at hand, Σ c·t, which saves a matrix product and is rounded apart from
    // what it is subtracted from: felt where x̂ is nearly ŵ and the slopes t cancel.
    ("InfoNce", 128.0),
    ("NormFace", 64.0),
    ("SigLip", 16.0),
];

/// What is allowed for a loss.
pub fn bound(name: &str) -> f64 {
    let more = MORE.iter().find(|(own, _)| *own == name);
    more.map_or(BOUND, |(_, bound)| *bound)
}
