use loss_dsl::loss;

loss! {
    pub Stable(z: [N, C]) { logsumexp[C](z) }
}

fn main() {}
