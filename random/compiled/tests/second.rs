//! One half of the random losses.

#![forbid(unsafe_code)]

#[allow(
    dead_code,
    deprecated,
    clippy::all,
    clippy::pedantic,
    reason = "as random as their text"
)]
mod losses {
    use loss_random_compiled::Listed;
    use loss_tests::support::any::AnyLoss;

    include!(concat!(env!("OUT_DIR"), "/part_1.rs"));
}

#[test]
fn kernels_of_random_losses_compute_what_the_interpreter_does() {
    loss_random_compiled::judge(losses::ALL);
}
