use loss_dsl::loss;

loss! {
    pub Powers(x: [N], m: scalar = 3) { sum[k in 0..m](pow(x, k)) }
}

fn main() {}
