use loss_dsl::loss;

loss! {
    pub Squared(x: [N], target: const [N]) { square(x) }
}

fn main() {}
