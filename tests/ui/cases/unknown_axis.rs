use loss_dsl::loss;

loss! {
    pub Mean(x: [N, D]) { mean[E](x) }
}

fn main() {}
