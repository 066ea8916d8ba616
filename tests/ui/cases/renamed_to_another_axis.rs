use loss_dsl::loss;

loss! {
    pub Pairs(x: [N, D], w: [C, D]) { sum[C](dot[D](w, x[N -> C])) }
}

fn main() {}
