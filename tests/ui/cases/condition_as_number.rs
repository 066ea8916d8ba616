use loss_dsl::loss;

loss! {
    pub Hinge(x: [N], keep: mask [N]) { keep * relu(1 - x) }
}

fn main() {}
