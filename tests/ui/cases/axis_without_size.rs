use loss_dsl::loss;

loss! {
    pub Hinge(x: [N], y: [N] in C) { if y == 0 { relu(1 - x) } else { relu(1 + x) } }
}

fn main() {}
