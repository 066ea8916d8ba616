use loss_dsl::loss;

loss! {
    pub Constant(t: const [N]) { square(t) }
}

fn main() {}
