use loss_dsl::loss;

loss! {
    pub Weighted(x: [N]) { weight sigmoid(x); square(x) }
}

fn main() {}
