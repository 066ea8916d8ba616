use loss_dsl::loss;

loss! {
    pub Log(x: [N]) { log(x) }
}

fn main() {}
