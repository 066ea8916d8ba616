//! Memory layouts of inputs and gradient buffers change nothing but speed.

use ndarray::{Array3, Array4, ArrayD, ArrayView4, ArrayViewMut4, Axis, ShapeBuilder, array, s};

use super::mocks::CrossEntropy;
use crate::engine::bind;
use crate::{GradientTargets, Input, Inputs, Loss, Options, Reduction};

const SHAPE: (usize, usize, usize, usize) = (2, 3, 4, 5);

fn logits() -> Array4<f64> {
    let mut state = 1_u64;
    Array4::from_shape_simple_fn(SHAPE, || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 22) - 2.0
    })
}

fn labels() -> Array3<i16> {
    Array3::from_shape_fn((2, 4, 5), |(n, h, w)| ((7 * n + 3 * h + w) % 3) as i16)
}

/// Arrays, each with a function that shows [N, C, H, W] in it, and whether that can be read in place by a
/// kernel that takes a split batch axis, and by one that does not.
#[allow(clippy::type_complexity, reason = "a table of functions")]
fn storages() -> Vec<(
    &'static str,
    Array4<f64>,
    fn(&mut Array4<f64>) -> ArrayViewMut4<'_, f64>,
    [bool; 2],
)> {
    let (n, c, h, w) = SHAPE;
    vec![
        (
            "row-major",
            Array4::zeros(SHAPE),
            |a| a.view_mut(),
            [true, false],
        ),
        (
            "channels last",
            Array4::zeros((n, h, w, c)),
            |a| a.view_mut().permuted_axes([0, 3, 1, 2]),
            [true, true],
        ),
        (
            "channels first",
            Array4::zeros((c, n, h, w)),
            |a| a.view_mut().permuted_axes([1, 0, 2, 3]),
            [true, true],
        ),
        (
            "column-major",
            Array4::zeros(SHAPE.f()),
            |a| a.view_mut(),
            [false, false],
        ),
        (
            "pixel rows outermost",
            Array4::zeros((h, n, c, w)),
            |a| a.view_mut().permuted_axes([1, 2, 0, 3]),
            [false, false],
        ),
        (
            "transposed pixels",
            Array4::zeros((n, c, w, h)),
            |a| a.view_mut().permuted_axes([0, 1, 3, 2]),
            [false, false],
        ),
        (
            "reversed",
            Array4::zeros(SHAPE),
            |a| a.slice_mut(s![.., ..;-1, .., ..;-1]),
            [false, false],
        ),
        (
            "with gaps",
            Array4::zeros((n, c, h, w + 2)),
            |a| a.slice_mut(s![.., .., .., 1..=SHAPE.3]),
            [false, false],
        ),
        (
            "every second",
            Array4::zeros((2 * n, c, h, w)),
            |a| a.slice_mut(s![..;2, .., .., ..]),
            [false, false],
        ),
    ]
}

fn gradient<const SPLIT: bool>(
    z: ArrayView4<'_, f64>,
    target: Option<ArrayViewMut4<'_, f64>>,
) -> (f64, ArrayD<f64>) {
    let (v, y) = (array![1.0, 0.5, 2.0], labels());
    let inputs = Inputs::new().real(&z).real(&v).labels(&y);
    let loss = CrossEntropy::<SPLIT>::default();
    match target {
        None => {
            let (value, gradients) = loss.differentiate(&inputs).unwrap();
            (value.total(), gradients["z"].clone())
        }
        Some(mut target) => {
            let value = loss
                .differentiate_into(&inputs, GradientTargets::new().tensor(&mut target))
                .unwrap();
            (value.total(), target.to_owned().into_dyn())
        }
    }
}

fn every_layout_agrees<const SPLIT: bool>() {
    let expected = gradient::<true>(logits().view(), None);
    for (name, mut storage, view, _) in storages() {
        view(&mut storage).assign(&logits());
        let input = view(&mut storage);
        assert_eq!(
            gradient::<SPLIT>(input.view(), None),
            expected,
            "input {name}"
        );
        for (target_name, mut target, target_view, _) in storages() {
            target.fill(7.0);
            let written = gradient::<SPLIT>(input.view(), Some(target_view(&mut target)));
            assert_eq!(written, expected, "input {name}, gradient {target_name}");
            let left = target.iter().filter(|&&element| element == 7.0).count();
            assert_eq!(
                left,
                target.len() - logits().len(),
                "what lies between must stay, gradient {target_name}"
            );
        }
    }
}

#[test]
fn every_layout_of_input_and_gradient_agrees() {
    every_layout_agrees::<true>();
    every_layout_agrees::<false>();
}

#[test]
fn trailing_axes_agree_with_one_row_per_position() {
    let (value, gradient) = gradient::<true>(logits().view(), None);
    let rows = logits()
        .permuted_axes([0, 2, 3, 1])
        .as_standard_layout()
        .into_owned();
    let rows = rows.into_shape_with_order((40, 3)).unwrap();
    let y = labels().into_shape_with_order(40).unwrap();
    let loss = CrossEntropy::<true>::default();
    let (flat_value, flat) = loss
        .differentiate(&Inputs::from((&rows, &array![1.0, 0.5, 2.0], &y)))
        .unwrap();
    assert_eq!(flat_value.total(), value);
    let back = flat["z"]
        .to_shape((2, 4, 5, 3))
        .unwrap()
        .permuted_axes([0, 3, 1, 2])
        .to_owned()
        .into_dyn();
    assert_eq!(back, gradient);
}

/// Whether the logits are read where they are.
fn in_place<const SPLIT: bool>(z: ArrayView4<'_, f64>) -> bool {
    let (v, y) = (array![1.0, 0.5, 2.0], labels());
    let inputs = Inputs::new().real(&z).real(&v).labels(&y);
    let request = crate::engine::agree::Request {
        method: "value",
        upstream: None,
    };
    let loss = CrossEntropy::<SPLIT>::default();
    let bound = bind::bind(&loss, &inputs, &request, None).unwrap();
    let call = bound.call(&loss, &inputs, &[]);
    let Input::Real(array) = &inputs.as_slice()[0] else {
        unreachable!("logits are real")
    };
    let memory = array.as_slice_memory_order().map(<[f64]>::as_ptr);
    memory == Some(call.tensors[0].data().as_ptr())
}

#[test]
fn nothing_is_copied_that_can_be_addressed() {
    for (name, mut storage, view, expected) in storages() {
        let input = view(&mut storage);
        assert_eq!(
            [
                in_place::<true>(input.view()),
                in_place::<false>(input.view())
            ],
            expected,
            "{name}"
        );
    }
}

#[test]
fn broadcast_inputs_are_read() {
    let row = array![0.5, -1.0, 2.0];
    let z = row.broadcast((4, 3)).unwrap();
    let (v, y) = (array![1.0, 1.0, 1.0], array![0, 1, 2, 0]);
    let loss = CrossEntropy::<true>::default();
    let broadcast = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
    let owned = loss
        .differentiate(&Inputs::from((&z.to_owned(), &v, &y)))
        .unwrap();
    assert_eq!((broadcast.0, &broadcast.1["z"]), (owned.0, &owned.1["z"]));
}

#[test]
fn gradients_take_the_memory_order_of_their_input() {
    let stored = Array4::<f64>::zeros((2, 4, 5, 3));
    let z = stored.view().permuted_axes([0, 3, 1, 2]);
    let (v, y) = (array![1.0, 0.5, 2.0], labels());
    let (_, gradients) = CrossEntropy::<true>::default()
        .differentiate(&Inputs::from((&z, &v, &y)))
        .unwrap();
    assert_eq!(gradients["z"].shape(), z.shape());
    assert_eq!(gradients["z"].strides(), z.strides());
}

#[test]
fn per_sample_values_weights_and_outputs_have_trailing_axes() {
    let (z, v, y) = (logits(), array![1.0, 0.5, 2.0], labels());
    let weights = Array3::from_shape_fn((2, 4, 5), |(n, h, w)| (1 + n + 2 * h + 3 * w) as f64);
    let options = Options {
        reduction: Reduction::None,
        sample_weights: Some(weights.clone().into_dyn()),
        ..Options::default()
    };
    let (value, p) = CrossEntropy::<false> { options }
        .evaluate_auxiliary(&Inputs::from((&z, &v, &y)))
        .unwrap();
    let plain = CrossEntropy::<true>::default().with_reduction(Reduction::None);
    let plain = plain.evaluate(&Inputs::from((&z, &v, &y))).unwrap();
    assert_eq!(
        value.per_sample().unwrap(),
        &(plain.per_sample().unwrap() * &weights)
    );
    assert_eq!(p[0].shape(), [2, 3, 4, 5]);
    assert!(
        p[0].sum_axis(Axis(1))
            .iter()
            .all(|total| (total - 1.0).abs() < 1e-14)
    );
}
