use loss_dsl::loss;

loss! {
    pub Several(x: [N, D], y: [N] in C, s: scaler) {
        let a = exp(x +);
        let b = expo(x);
        a + b * missing * s
    }
    pub Fine(x: [N]) { square(x) }
    pub Other(x: [N]) { Fine(x) + Several(x) + sum[Q](x) }
}

fn main() {}
