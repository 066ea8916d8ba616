//! A loss that nobody here has written trains a module with burn's optimiser.

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use loss_burn::BurnLoss;

loss_dsl::loss! {
    /// The logarithm of the squared error, which forgives what is far off, with a deviation that is learned.
    Forgiving(x: [N], t: const [N], s: learn scalar = 1 where s > 0) {
        ln(1 + square((x - t) / s)) + ln(s)
    }
}

#[derive(Module, Debug)]
struct Line {
    slope: Param<Tensor<1>>,
    offset: Param<Tensor<1>>,
    scale: Param<Tensor<1>>,
}

/// A line through points of which every fifth is far off it.
#[test]
fn a_line_is_found_among_outliers() {
    let device = Device::flex().autodiff();
    let places: Vec<f32> = (0..50).map(|i| i as f32 / 25.0 - 1.0).collect();
    let values: Vec<f32> = places
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let noise = 0.01 * (i * 37 % 11) as f32 - 0.05;
            if i % 5 == 0 {
                4.0
            } else {
                2.0 * x - 0.5 + noise
            }
        })
        .collect();
    let x = Tensor::<1>::from_floats(&*places, &device);
    let t = Tensor::<1>::from_floats(&*values, &device);
    let parameter = |value: f32| Param::from_tensor(Tensor::<1>::from_floats([value], &device));
    let mut line = Line {
        slope: parameter(0.0),
        offset: parameter(0.0),
        scale: parameter(1.0),
    };
    let mut optimiser = SgdConfig::new().init();
    for _ in 0..6000 {
        let at = x.clone() * line.slope.val() + line.offset.val();
        let value: Tensor<1> = Forgiving::default()
            .call((&at, &t))
            .learned("s", &line.scale.val())
            .run()
            .expect("inputs that fit");
        let gradients = GradientsParams::from_grads(value.backward(), &line);
        line = optimiser.step(0.001, line, gradients);
    }
    let [slope, offset, scale] =
        [&line.slope, &line.offset, &line.scale].map(|p| p.val().into_scalar::<f32>());
    assert!(
        (slope - 2.0).abs() < 0.05 && (offset + 0.5).abs() < 0.05,
        "{slope} {offset}"
    );
    assert!(scale > 0.0 && scale < 0.5, "{scale}");
}
