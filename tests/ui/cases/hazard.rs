#![deny(deprecated)]

use loss_dsl::loss;

loss! {
    pub BareAngle(c: [N] where -1 <= c && c <= 1, n: const [N]) {
        acos(c) / n
    }
}

fn main() {}
