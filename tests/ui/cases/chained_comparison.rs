use loss_dsl::loss;

loss! {
    pub Band(x: [N]) { if 0 < x < 1 { x } else { 0 } }
}

fn main() {}
