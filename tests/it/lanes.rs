//! Rows in lanes: a row's value is its own, whatever rows are beside it and however the arrays lie.
//!
//! [`crate::oracle`] has every loss with more rows than lanes, and with inner axes too long for rows in lanes.

use loss_dsl::losses::{BinaryFocal, SoftmaxCrossEntropy};
use loss_dsl::{Float, Inputs, Loss, Reduction};
use ndarray::{Array1, Array2, Array3, Array4, ArrayD, Axis, ShapeBuilder, concatenate};

use loss_tests::support::random::Random;

/// Losses per sample and the gradient of the first tensor, for a cotangent of ones.
fn evaluated<F: Float>(loss: &impl Loss, inputs: &Inputs<'_, F>) -> (ArrayD<F>, ArrayD<F>) {
    let value = loss.clone().with_reduction(Reduction::None);
    let value = value.evaluate(inputs).expect("a correct call");
    let total = loss.clone().with_reduction(Reduction::Sum);
    let (_, gradients) = total.differentiate(inputs).expect("a correct call");
    let value = value.per_sample().expect("a value per sample").clone();
    (value, gradients.tensors[0].clone())
}

fn logits(rows: usize, classes: usize) -> (Array2<f32>, Array1<i64>) {
    let mut random = Random::new(7);
    let z = Array2::from_shape_simple_fn((rows, classes), || (3.0 * random.normal()) as f32);
    let y = Array1::from_shape_simple_fn(rows, || random.below(classes) as i64);
    (z, y)
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    let loss = SoftmaxCrossEntropy::default();
    for (rows, classes) in [(1, 3), (31, 1), (32, 2), (33, 10), (100, 33), (71, 128)] {
        let (z, y) = logits(rows, classes);
        let (values, slopes) = evaluated(&loss, &Inputs::from((&z, &y)));
        for n in 0..rows {
            let (z, y) = (z.select(Axis(0), &[n]), y.select(Axis(0), &[n]));
            let (value, slope) = evaluated(&loss, &Inputs::from((&z, &y)));
            assert_eq!(value[0], values[n], "row {n} of {rows}×{classes}");
            assert_eq!(slope.index_axis(Axis(0), 0), slopes.index_axis(Axis(0), n));
        }
    }
}

#[test]
fn a_nan_stays_in_its_row() {
    let loss = SoftmaxCrossEntropy::default();
    for bad in [0, 5, 31, 32, 39] {
        let (mut z, y) = logits(40, 6);
        z[[bad, 3]] = f32::NAN;
        let (values, slopes) = evaluated(&loss, &Inputs::from((&z, &y)));
        for n in 0..40 {
            assert_eq!(values[n].is_nan(), n == bad);
            let slope = slopes.index_axis(Axis(0), n);
            assert_eq!(slope.iter().all(|x| x.is_nan()), n == bad);
            assert_eq!(slope.iter().any(|x| x.is_nan()), n == bad);
        }
        let x = z.column(3).to_owned();
        let t = x.mapv(|x| x > 0.5);
        let (values, slopes) = evaluated(&BinaryFocal::default(), &Inputs::from((&x, &t)));
        for n in 0..40 {
            assert_eq!([values[n], slopes[n]].map(f32::is_nan), [n == bad; 2]);
        }
    }
}

#[test]
fn the_layout_does_not_matter() {
    let loss = SoftmaxCrossEntropy::default();
    let (rows, classes) = (83, 11);
    let (z, y) = logits(rows, classes);
    let expected = evaluated(&loss, &Inputs::from((&z, &y)));
    let mut turned = Array2::zeros((rows, classes).f());
    turned.assign(&z);
    let found = evaluated(&loss, &Inputs::from((&turned, &y)));
    assert_eq!(found, expected);
    // Every second column of a wider array.
    let wide = Array2::from_shape_fn((rows, 2 * classes), |(n, c)| z[[n, c / 2]]);
    let gaps = wide.slice_axis(Axis(1), ndarray::Slice::from(..).step_by(2));
    let found = evaluated(&loss, &Inputs::new().real(&gaps).labels(&y));
    assert_eq!(found, expected);
}

/// Images, whose pixels are rows a plane apart: groups end where an image ends.
#[test]
fn pixels_are_rows() {
    let loss = SoftmaxCrossEntropy::default();
    for (n, c, h, w) in [(3, 5, 6, 9), (4, 3, 2, 2), (2, 7, 8, 8)] {
        let (rows, labels) = logits(n * h * w, c);
        let images = rows
            .clone()
            .into_shape_with_order((n, h, w, c))
            .expect("as many");
        let images = images.permuted_axes([0, 3, 1, 2]);
        let y = labels
            .clone()
            .into_shape_with_order((n, h, w))
            .expect("as many");
        let (values, slopes) = evaluated(&loss, &Inputs::from((&rows, &labels)));
        let planes: Array4<f32> = images.as_standard_layout().to_owned();
        for z in [images, planes] {
            let (value, slope) = evaluated(&loss, &Inputs::from((&z, &y)));
            let slope = slope.into_dimensionality().expect("four axes");
            let slope: Array4<f32> = slope.permuted_axes([0, 2, 3, 1]);
            let slope = slope.as_standard_layout().to_owned();
            assert!(value.iter().eq(values.iter()));
            assert!(slope.iter().eq(slopes.iter()));
        }
    }
}

/// A batch of two axes, one of which some arrays lack.
mod tokens {
    loss_dsl::loss! {
        pub Tokens(
            z: [B, T, C],
            weight: const [B],
            bias: [T],
            y: [B, T] in C,
        ) {
            weight * (lse[C](z) - z[C = y]) + square(bias)
        }
    }
}

#[test]
fn batches_of_several_axes() {
    let loss = tokens::Tokens::default();
    for (b, t, c) in [(5, 7, 3), (3, 40, 4), (9, 1, 5), (1, 35, 2)] {
        let (rows, labels) = logits(b * t, c);
        let z: Array3<f32> = rows
            .clone()
            .into_shape_with_order((b, t, c))
            .expect("as many");
        let y: Array2<i64> = labels
            .clone()
            .into_shape_with_order((b, t))
            .expect("as many");
        let weight = Array1::from_shape_fn(b, |b| 0.5 + b as f32);
        let bias = Array1::from_shape_fn(t, |t| t as f32 / 8.0);
        let (values, slopes) = evaluated(
            &SoftmaxCrossEntropy::default(),
            &Inputs::from((&rows, &labels)),
        );
        let turned = z.clone().permuted_axes([1, 0, 2]);
        let turned = turned
            .as_standard_layout()
            .to_owned()
            .permuted_axes([1, 0, 2]);
        for z in [z, turned] {
            let inputs = Inputs::new().real(&z).real(&weight).real(&bias).labels(&y);
            let (value, slope) = evaluated(&loss, &inputs);
            for n in 0..b * t {
                let (i, j) = (n / t, n % t);
                assert_eq!(value[[i, j]], weight[i] * values[n] + bias[j] * bias[j]);
                for k in 0..c {
                    let (found, expected) = (slope[[i, j, k]], weight[i] * slopes[[n, k]]);
                    assert!((found - expected).abs() <= 2e-7 * expected.abs());
                }
            }
        }
    }
}

/// Classes that cannot be add nothing, but make rows too long for lanes.
#[test]
fn both_ways_agree() {
    let loss = SoftmaxCrossEntropy::default();
    for classes in [2, 10, 64, 128] {
        let (z, y) = logits(45, classes);
        let nothing = Array2::from_elem((45, 129 - classes.min(100)), f32::NEG_INFINITY);
        let long = concatenate![Axis(1), z, nothing];
        let lanes = evaluated(&loss, &Inputs::from((&z, &y)));
        let along = evaluated(&loss, &Inputs::from((&long, &y)));
        for (a, b) in lanes.0.iter().zip(&along.0) {
            assert!((a - b).abs() <= 4e-7 * b.abs().max(1.0), "{a} {b}");
        }
        for n in 0..45 {
            for c in 0..classes {
                let (a, b) = (lanes.1[[n, c]], along.1[[n, c]]);
                assert!((a - b).abs() <= 1e-6 * b.abs(), "{a} {b}");
            }
        }
    }
}
