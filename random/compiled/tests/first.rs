//! One half of the random losses.

#![forbid(unsafe_code)]

loss_random_compiled::test_part!("part_0.rs");
