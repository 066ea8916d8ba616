//! The total order among equally dear forms: a number for the shape of a term.
//!
//! It is made of operators and leaves, which are the definition's, and not of class ids, which are the order in which
//! rules found things.

use std::hash::{Hash, Hasher};

use super::super::language::{ENode, Op};

/// The key of an e-node whose children have the keys that `child` gives.
pub(super) fn structural_key(node: &ENode, child: impl Fn(usize) -> u64) -> u64 {
    let mut hasher = Fnv::new();
    let children = 0..node.children.len();
    match &node.op {
        // The order of terms is that of class ids: it must not count.
        Op::Sum(constant, coefficients) => {
            ("sum", constant).hash(&mut hasher);
            let parts = children.map(|i| mix(child(i), &coefficients[i]));
            hasher.write_u64(parts.fold(0, u64::wrapping_add));
        }
        Op::Product(exponents) => {
            "product".hash(&mut hasher);
            let parts = children.map(|i| mix(child(i), &exponents[i]));
            hasher.write_u64(parts.fold(0, u64::wrapping_add));
        }
        op => {
            op.hash(&mut hasher);
            for i in children {
                hasher.write_u64(child(i));
            }
        }
    }
    hasher.finish()
}

fn mix(child: u64, label: &impl Hash) -> u64 {
    let mut hasher = Fnv::new();
    hasher.write_u64(child);
    label.hash(&mut hasher);
    hasher.finish()
}

/// FNV-1a, with every number widened and little-endian: the same on every platform.
struct Fnv {
    state: u64,
}

impl Fnv {
    fn new() -> Self {
        Fnv {
            state: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn write_u16(&mut self, i: u16) {
        self.write_u64(u64::from(i));
    }

    fn write_u32(&mut self, i: u32) {
        self.write_u64(u64::from(i));
    }

    fn write_u64(&mut self, i: u64) {
        self.write(&i.to_le_bytes());
    }

    fn write_u128(&mut self, i: u128) {
        self.write(&i.to_le_bytes());
    }

    fn write_usize(&mut self, i: usize) {
        self.write_u64(i as u64);
    }
}
