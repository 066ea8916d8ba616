use loss_dsl::loss;

loss! {
    pub Refused(x: [N], s: scalar = 2) { square(x) * t }
}

fn main() {
    // The type is there, so its uses add nothing to the message.
    let loss = Refused { s: 3.0, ..Refused::default() };
    let _ = loss.s;
}
