//! A loss that nobody here has written trains.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{Optimizer, SGD};
use loss_candle::CandleLoss;

loss_dsl::loss! {
    /// The logarithm of the squared error, which forgives what is far off, with a deviation that is learned.
    Forgiving(x: [N], t: const [N], s: learn scalar = 1 where s > 0) {
        ln(1 + square((x - t) / s)) + ln(s)
    }
}

/// A line through points of which every fifth is far off it.
#[test]
fn a_line_is_found_among_outliers() -> Result<()> {
    let places: Vec<f64> = (0..50).map(|i| f64::from(i) / 25.0 - 1.0).collect();
    let values: Vec<f64> = places
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let noise = 0.01 * f64::from((i * 37 % 11) as u32) - 0.05;
            if i % 5 == 0 {
                4.0
            } else {
                2.0 * x - 0.5 + noise
            }
        })
        .collect();
    let (x, t) = (
        Tensor::new(places, &Device::Cpu)?,
        Tensor::new(values, &Device::Cpu)?,
    );
    let (slope, offset) = (Var::new(0f64, &Device::Cpu)?, Var::new(0f64, &Device::Cpu)?);
    let scale = Var::new(1f64, &Device::Cpu)?;
    let mut optimiser = SGD::new(vec![slope.clone(), offset.clone(), scale.clone()], 0.001)?;
    let mut last = f64::INFINITY;
    for _ in 0..6000 {
        let line = x.broadcast_mul(&slope)?.broadcast_add(&offset)?;
        let value = Forgiving::default()
            .call(&[&line, &t])
            .learned("s", &scale)
            .run()?;
        optimiser.backward_step(&value)?;
        last = value.to_scalar()?;
    }
    let found = [&slope, &offset].map(|v| v.to_scalar::<f64>().expect("a number"));
    assert!(
        (found[0] - 2.0).abs() < 0.05 && (found[1] + 0.5).abs() < 0.05,
        "{found:?}, loss {last}"
    );
    let scale = scale.to_scalar::<f64>()?;
    assert!(scale > 0.0 && scale < 0.5, "{scale}");
    Ok(())
}
