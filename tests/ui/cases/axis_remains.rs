use loss_dsl::loss;

loss! {
    pub CrossEntropy(z: [N, C], y: [N] in C) {
        let p = softmax[C](z);
        -ln(p)
    }
}

fn main() {}
