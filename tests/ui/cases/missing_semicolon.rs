use loss_dsl::loss;

loss! {
    pub Twice(x: [N]) {
        let a = x + x
        let b = a * a;
        b
    }
}

fn main() {}
