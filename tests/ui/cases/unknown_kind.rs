use loss_dsl::loss;

loss! {
    pub Scaled(x: [N], scale: scaler = 2) { scale * x }
}

fn main() {}
