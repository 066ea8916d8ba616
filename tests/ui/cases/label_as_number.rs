use loss_dsl::loss;

loss! {
    pub Squared(z: [N, C], y: [N] in C) { square(sum[C](z) - y) }
}

fn main() {}
