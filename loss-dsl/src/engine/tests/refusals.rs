//! Every error, with what it says, and that nothing is written.

use ndarray::{Array1, Array2, ArrayD, array};

use super::expanded::{Head, HeadGradients};
use super::mocks::CrossEntropy;
use crate::{Error, GradientTargets, Inputs, Loss};

/// Differentiates into a buffer of sevens, which a refusal must leave.
fn refusal(
    loss: &CrossEntropy<true>,
    inputs: Inputs<'_, f64>,
    buffer_shape: &[usize],
) -> (Error, String) {
    let mut buffer = ArrayD::from_elem(buffer_shape, 7.0);
    let refused = loss.differentiate_into(&inputs, GradientTargets::new().tensor(&mut buffer));
    assert!(buffer.iter().all(|&element| element == 7.0));
    let error = refused.unwrap_err();
    let message = error.to_string();
    (error, message)
}

fn refused_inputs(inputs: Inputs<'_, f64>) -> (Error, String) {
    let evaluated = CrossEntropy::<true>::default()
        .evaluate(&inputs)
        .unwrap_err();
    let refusal = refusal(&CrossEntropy::default(), inputs, &[2, 3]);
    assert_eq!(refusal.0, evaluated);
    refusal
}

fn z() -> Array2<f64> {
    Array2::zeros((2, 3))
}

fn v() -> Array1<f64> {
    Array1::ones(3)
}

#[test]
fn number_and_kind_of_arrays() {
    let (error, message) = refused_inputs(Inputs::from((&z(), &v())));
    assert_eq!(
        error,
        Error::InputCount {
            found: 2,
            expected: vec!["z", "v", "y"]
        }
    );
    assert_eq!(message, "2 arrays given, 3 expected: z, v, y");
    let (_, message) = refused_inputs(Inputs::from((&z(), &v(), &array![0.0, 1.0])));
    assert_eq!(
        message,
        "`y`: an array of real numbers given, an array of integer labels expected"
    );
    let (error, _) = refused_inputs(Inputs::from((&z(), &array![1, 1, 1], &array![0, 1])));
    assert!(
        matches!(
            error,
            Error::InputKind {
                input: "v",
                found: "an array of integers",
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn number_of_axes() {
    let (error, message) = refused_inputs(Inputs::from((&array![1.0, 2.0], &v(), &array![0, 1])));
    assert_eq!(
        error,
        Error::Rank {
            input: "z",
            shape: vec![2],
            axes: vec!["N", "C"],
            trailing: None
        }
    );
    assert_eq!(message, "`z`: shape [2] given, axes [N, C] expected");
    let (_, message) = refused_inputs(Inputs::from((&z(), &z(), &array![0, 1])));
    assert_eq!(message, "`v`: shape [2, 3] given, axes [C] expected");
    let (_, message) = refused_inputs(Inputs::from((&z(), &v(), &array![[0], [1]])));
    assert_eq!(message, "`y`: shape [2, 1] given, axes [N] expected");
    let pixels = ArrayD::<f64>::zeros(vec![2, 3, 4, 5]);
    let (_, message) = refused_inputs(Inputs::from((&pixels, &v(), &array![0, 1])));
    assert_eq!(
        message,
        "`y`: shape [2] given, axes [N] expected and 2 trailing ones as `z` has"
    );
}

#[test]
fn extents() {
    let (error, message) = refused_inputs(Inputs::from((&z(), &v(), &array![0, 1, 2])));
    let (axis, shape) = ("N".to_owned(), vec![3]);
    assert_eq!(
        error,
        Error::Extent {
            input: "y",
            axis,
            shape,
            expected: 2,
            set_by: "z"
        }
    );
    assert_eq!(
        message,
        "`y`: shape [3] given, but axis N has extent 2, set by `z`"
    );
    let pixels = ArrayD::<f64>::zeros(vec![2, 3, 4, 5]);
    let (_, message) = refused_inputs(Inputs::from((
        &pixels,
        &v(),
        &ArrayD::<u8>::zeros(vec![2, 4, 6]),
    )));
    assert_eq!(
        message,
        "`y`: shape [2, 4, 6] given, but axis number 2 has extent 5, set by `z`"
    );
    let (_, message) = refused_inputs(Inputs::from((
        &Array2::<f64>::zeros((2, 0)),
        &v(),
        &array![0, 1],
    )));
    assert_eq!(
        message,
        "`z`: shape [2, 0] given, but axis C must not be empty"
    );
}

#[test]
fn labels() {
    let (error, message) = refused_inputs(Inputs::from((&z(), &v(), &array![0_i8, 3])));
    let position = vec![1];
    assert_eq!(
        error,
        Error::LabelOutOfRange {
            input: "y",
            position,
            value: 3,
            axis: "C",
            classes: 3
        }
    );
    assert_eq!(
        message,
        "`y`: label 3 at [1] is not a position on axis C, which has extent 3"
    );
    let (error, _) = refused_inputs(Inputs::from((&z(), &v(), &array![0, -1])));
    assert!(matches!(error, Error::LabelOutOfRange { value: -1, .. }));
    let (error, _) = refused_inputs(Inputs::from((&z(), &v(), &array![u64::MAX, 0])));
    assert!(matches!(
        error,
        Error::LabelOutOfRange {
            value: 18_446_744_073_709_551_615,
            ..
        }
    ));
    let (error, _) = refused_inputs(Inputs::from((&z(), &v(), &array![0_usize, 3])));
    assert!(matches!(error, Error::LabelOutOfRange { value: 3, .. }));
    let pixels = ArrayD::<f64>::zeros(vec![2, 3, 2]);
    let (error, _) = refused_inputs(Inputs::from((&pixels, &v(), &array![[0, 1], [5, 2]])));
    assert!(matches!(error, Error::LabelOutOfRange { position, .. } if position == [1, 0]));
}

#[test]
fn sample_weights_and_ignored_labels() {
    let y = array![0, 1];
    let weighted = CrossEntropy::default().with_sample_weights(ArrayD::ones(vec![3]));
    let (_, message) = refusal(&weighted, Inputs::from((&z(), &v(), &y)), &[2, 3]);
    assert_eq!(
        message,
        "sample weights: shape [3] given, the losses have shape [2]"
    );
    assert_eq!(
        Error::IgnoreIndex { loss: "Dice" }.to_string(),
        "an ignored label is set, but no label of Dice belongs to single samples"
    );
}

#[test]
fn gradient_buffers() {
    let (y, loss) = (array![0, 1], CrossEntropy::default());
    let (error, message) = refusal(&loss, Inputs::from((&z(), &v(), &y)), &[3, 2]);
    assert_eq!(
        error,
        Error::GradientShape {
            input: "z",
            shape: vec![3, 2],
            expected: vec![2, 3]
        }
    );
    assert_eq!(
        message,
        "gradient of `z`: shape [3, 2] given, the input has shape [2, 3]"
    );
    let inputs = (&z(), &v(), &y);
    let none = loss.differentiate_into(&Inputs::<f64>::from(inputs), GradientTargets::new());
    assert_eq!(
        none,
        Err(Error::GradientCount {
            found: 0,
            expected: vec!["z"]
        })
    );
    assert_eq!(
        none.unwrap_err().to_string(),
        "0 gradient buffers given, 1 expected: z"
    );
}

#[test]
fn scalars_and_typed_buffers_stay() {
    let (x, w, y) = (
        Array2::<f32>::zeros((2, 2)),
        Array2::zeros((3, 2)),
        array![0, 1],
    );
    let mut gradients = HeadGradients {
        x: x.clone() + 7.0,
        w: w.clone() + 7.0,
        t: 7.0,
    };
    let before = gradients.clone();
    let head = Head {
        t: -1.0,
        ..Head::default()
    };
    let refused = head
        .value_and_grad_into(&x, &w, &y, &mut gradients)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`t`: -1 given, but it must lie in (0, inf)"
    );
    let not_finite = Head {
        t: f64::NAN,
        ..Head::default()
    }
    .forward(&x, &w, &y)
    .unwrap_err();
    assert_eq!(
        not_finite.to_string(),
        "`t`: NaN given, but it must be finite"
    );
    let mut short = HeadGradients {
        x: Array2::zeros((1, 2)),
        ..gradients.clone()
    };
    let refused = Head::default()
        .value_and_grad_into(&x, &w, &y, &mut short)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "gradient of `x`: shape [1, 2] given, the input has shape [2, 2]"
    );
    assert_eq!(gradients, before);
}

#[test]
fn upstream() {
    let error = Error::Upstream {
        shape: None,
        expected: Some(vec![2]),
    };
    assert_eq!(
        error.to_string(),
        "upstream gradient: a scalar given, one of shape [2] expected"
    );
}
