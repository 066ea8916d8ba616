use loss_dsl::loss;

loss! {
    pub Nll(z: [N, C], x: [N, D], y: [N] in C) { lse[C](z) - x[D = y] }
}

fn main() {}
