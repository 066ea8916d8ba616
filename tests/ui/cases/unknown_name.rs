use loss_dsl::loss;

loss! {
    pub Scaled(x: [N], scale: scalar = 2) { scael * x }
}

fn main() {}
