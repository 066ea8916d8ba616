//! The total order among equally dear forms: a number for the shape of a term.
//!
//! It is made of operators and leaves, which are the definition's, and not of class ids, which are the order in which
//! rules found things.

use super::super::language::{ENode, Op};

/// The key of an e-node whose children have the keys that `child` gives.
pub(super) fn structural_key(node: &ENode, child: impl Fn(usize) -> u64) -> u64 {
    let mut hasher = Fnv::new();
    let children = 0..node.children.len();
    match &node.op {
        // The order of terms is that of class ids: it must not count.
        Op::Sum(constant, coefficients) => {
            hasher.write(&format!("sum {constant}"));
            let parts = children.map(|i| mix(child(i), &coefficients[i].to_string()));
            hasher.word(parts.fold(0, u64::wrapping_add));
        }
        Op::Product(exponents) => {
            hasher.write("product");
            let parts = children.map(|i| mix(child(i), &exponents[i].to_string()));
            hasher.word(parts.fold(0, u64::wrapping_add));
        }
        op => {
            hasher.write(&format!("{op:?}"));
            for i in children {
                hasher.word(child(i));
            }
        }
    }
    hasher.state
}

fn mix(child: u64, label: &str) -> u64 {
    let mut hasher = Fnv::new();
    hasher.word(child);
    hasher.write(label);
    hasher.state
}

/// FNV-1a: the same on every platform.
struct Fnv {
    state: u64,
}

impl Fnv {
    fn new() -> Self {
        Fnv {
            state: 0xcbf2_9ce4_8422_2325,
        }
    }

    fn byte(&mut self, byte: u8) {
        self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }

    fn write(&mut self, text: &str) {
        text.bytes().for_each(|b| self.byte(b));
    }

    fn word(&mut self, word: u64) {
        word.to_le_bytes().into_iter().for_each(|b| self.byte(b));
    }
}
