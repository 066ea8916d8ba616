//! The typed methods as a user calls them.

use ndarray::{Array1, Array2, array};

use super::Head;
use crate::{Error, Loss, Reduction, Upstream, Value, check_gradients};

fn data() -> (Array2<f64>, Array2<f64>, Array1<i64>) {
    let x = array![[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]];
    let w = array![[1.0, 0.5], [-0.25, 1.25], [0.0, -2.0], [1.5, 0.75]];
    (x, w, array![3, 0, 1])
}

#[test]
fn typed_methods_agree_with_each_other() {
    let (x, w, y) = data();
    let head = Head {
        t: 0.7,
        ..Head::default()
    };
    let value = head.forward(&x, &w, &y).unwrap();
    let (again, gradients) = head.value_and_grad(&x, &w, &y).unwrap();
    assert_eq!(value, again);
    assert_eq!((gradients.x.dim(), gradients.w.dim()), ((3, 2), (4, 2)));

    let mut reused = gradients.clone();
    reused.w.fill(f64::NAN);
    head.value_and_grad_into(&x, &w, &y, &mut reused).unwrap();
    assert_eq!(reused, gradients);

    let (saved_value, saved) = head.forward_saved(&x, &w, &y).unwrap();
    assert_eq!(saved_value, value);
    assert_eq!(
        head.backward(&saved, Upstream::Scalar(1.0)).unwrap(),
        gradients
    );
}

#[test]
fn typed_gradients_are_the_slopes_of_the_value() {
    let (x, w, y) = data();
    for reduction in [Reduction::Mean, Reduction::None] {
        let head = Head {
            t: 0.7,
            ..Head::default()
        }
        .with_reduction(reduction);
        let report = check_gradients(&head, (&x, &w, &y)).unwrap();
        assert!(report.max_error() < 1e-9, "{report}");
        assert_eq!(report.entries().len(), 3 * 2 + 4 * 2 + 1);
    }
}

#[test]
fn views_and_other_number_and_label_types_are_accepted() {
    let (x, w, y) = data();
    let head = Head::default();
    let expected = head.forward(&x, &w, &y).unwrap().total();
    let (x, w, y) = (
        x.mapv(|x| x as f32),
        w.mapv(|w| w as f32),
        y.mapv(|y| y as u8),
    );
    let (value, gradients) = head
        .value_and_grad(&x.view(), &w.view().into_dyn(), &y)
        .unwrap();
    assert!((f64::from(value.total()) - expected).abs() < 1e-6);
    assert_eq!((gradients.x.ndim(), gradients.w.shape()), (2, &[4, 2][..]));
}

#[test]
fn auxiliary_outputs_come_by_name() {
    let (x, w, y) = data();
    let z = Head {
        t: 2.0,
        ..Head::default()
    }
    .auxiliary(&x, &w, &y)
    .unwrap()
    .z;
    let expected = x.dot(&w.t()) / 2.0;
    assert!(
        z.iter()
            .zip(&expected)
            .all(|(z, expected)| (z - expected).abs() < 1e-15)
    );
}

#[test]
fn value_prints_with_precision_and_derivation_prints_formulas() {
    let (x, w, y) = data();
    let value = Head::default().forward(&x, &w, &y).unwrap();
    assert_eq!(format!("{value:.3}"), format!("{:.3}", value.total()));
    let derivation = Head::derivation();
    let text = derivation.to_string();
    for part in [
        "Head",
        "∂/∂t = -sum[C](g * z) / t",
        "g = softmax[C](z) - (C == y)",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let latex = derivation.to_latex();
    for part in [
        r"\frac{\partial L}{\partial w} &= \tfrac1t \sum_N g\, x \\",
        r"\bar g &= \sigma(z) - e_y",
    ] {
        assert!(latex.contains(part), "{latex}");
    }
}

#[test]
fn a_scalar_outside_its_domain_is_refused() {
    let (x, w, y) = data();
    for t in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = Head {
            t,
            ..Head::default()
        }
        .forward(&x, &w, &y);
        assert!(
            matches!(refused, Err(Error::Scalar { name: "t", .. })),
            "{t}"
        );
    }
}

#[test]
fn ignored_rows_do_not_reach_shared_gradients() {
    let (mut x, w, _) = data();
    x.row_mut(1).fill(f64::NAN);
    let head = Head::default().with_ignore_index(-100);
    let (value, gradients) = head.value_and_grad(&x, &w, &array![3, -100, 1]).unwrap();
    let kept = ndarray::concatenate![
        ndarray::Axis(0),
        x.slice(ndarray::s![0..1, ..]),
        x.slice(ndarray::s![2.., ..])
    ];
    let (expected, expected_gradients) = head.value_and_grad(&kept, &w, &array![3, 1]).unwrap();
    assert_eq!(value, expected);
    assert!(
        gradients
            .w
            .iter()
            .zip(&expected_gradients.w)
            .all(|(a, b)| (a - b).abs() < 1e-15),
        "{gradients:?}"
    );
    assert!((gradients.t - expected_gradients.t).abs() < 1e-15);
    assert_eq!(gradients.x.row(1), array![0.0, 0.0]);
}

#[test]
fn no_rows_give_zeros() {
    let (_, w, _) = data();
    let (value, gradients) = Head::default()
        .value_and_grad(&Array2::zeros((0, 2)), &w, &Array1::<u32>::zeros(0))
        .unwrap();
    assert_eq!(value, Value::Total(0.0));
    assert_eq!((gradients.x.len(), gradients.t), (0, 0.0));
    assert!(gradients.w.iter().all(|&slope| slope == 0.0));
}
