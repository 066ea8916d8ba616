use loss_dsl::loss;

loss! {
    pub Nothing(x: [N]) { let a = square(x); }
}

fn main() {}
