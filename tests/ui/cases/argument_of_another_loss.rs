use loss_dsl::loss;

loss! {
    pub Squared(x: [N], t: [N]) { square(x - t) }
    pub Root(x: [N]) { sqrt(Squared(x)) }
}

fn main() {}
