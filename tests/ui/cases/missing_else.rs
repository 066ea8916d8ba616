use loss_dsl::loss;

loss! {
    pub Half(x: [N]) { if x > 0 { x } }
}

fn main() {}
