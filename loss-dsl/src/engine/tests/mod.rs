//! The engine under hand-written losses, whose kernels are plain loops over [`Call`](crate::rt::Call).

mod binding;
mod checking;
mod coupled;
mod cross_entropy;
#[allow(
    unreachable_pub,
    reason = "written as the macro writes it for a public loss"
)]
mod expanded;
mod ignoring;
mod layouts;
mod mocks;
mod recorded;
mod reductions;
mod refusals;
mod saving;
mod scalar;
