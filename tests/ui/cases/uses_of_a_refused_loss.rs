use loss_dsl::loss;

loss! {
    pub Refused(x: [N, D], y: [N] in D, s: scalar = 2) {
        pub let size = norm[D](x);
        square(x[D = y]) * s * t / size
    }
    pub Fine(x: [N]) { square(x) }
}

fn main() -> Result<(), loss_dsl::Error> {
    // The interface is there, so its uses add nothing to the message.
    let loss = Refused { s: 3.0, ..Refused::default() };
    let (x, y) = (ndarray::arr2(&[[1.0]]), ndarray::arr1(&[0]));
    let (value, gradients) = loss.value_and_grad(&x, &y)?;
    println!("{value} {} {}", loss.s, gradients.x);
    println!("{}", Fine::default().forward(&y.mapv(f64::from))?);
    Ok(())
}
