//! The other half of the random losses.

#![forbid(unsafe_code)]

loss_random_compiled::test_part!("part_1.rs");
