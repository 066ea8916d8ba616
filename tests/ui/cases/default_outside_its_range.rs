use loss_dsl::loss;

loss! {
    pub Tempered(x: [N], t: scalar = 0 where t > 0) { x / t }
}

fn main() {}
