//! Layouts, element types, settings, and what is refused.

mod support;

use burn::tensor::{DType, Int, Tensor};
use loss_burn::BurnLoss;
use loss_dsl::losses::{Dice, NormFace, SoftmaxCrossEntropy};
use loss_dsl::{Loss, Reduction};
use support::{assert_close, device, labels, tensor, values, variable};

/// The gradient that arrives at a variable through a view of it, and through a copy of the view.
#[track_caller]
fn through<const D: usize>(
    view: impl Fn(Tensor<D>) -> Tensor<2>,
    base: &Tensor<D>,
    y: &Tensor<1, Int>,
) {
    let loss = SoftmaxCrossEntropy::default();
    // Two graphs: one is gone after its backward pass.
    let seen = view(base.clone());
    let copied = view(base.clone()) * 1.0;
    let (value, expected) = (loss.apply((&seen, y)), loss.apply((&copied, y)));
    let (value, expected) = (
        value.expect("inputs that fit"),
        expected.expect("inputs that fit"),
    );
    assert_close(&value, &expected, 1e-15);
    let gradient = |value: Tensor<1>| base.grad(&value.backward()).expect("a gradient");
    assert_close(&gradient(value), &gradient(expected), 1e-15);
}

#[test]
fn views_are_read_where_they_are() {
    let base = variable(1, [8, 6], DType::F64);
    through(|b| b.transpose(), &base, &labels(6, 8));
    through(|b| b.narrow(0, 2, 5), &base, &labels(5, 6));
    through(|b| b.slice([1..7, 2..5]), &base, &labels(6, 3));
    through(|b| b.narrow(1, 1, 4).transpose(), &base, &labels(4, 8));
    through(|b| b.flip([0]), &base, &labels(8, 6));
    through(|b| b.narrow(0, 3, 1).expand([5, 6]), &base, &labels(5, 6));
    let cube = variable(2, [3, 4, 5], DType::F64);
    through(
        |b| b.permute([2, 1, 0]).narrow(2, 1, 1).squeeze_dim::<2>(2),
        &cube,
        &labels(5, 4),
    );
}

#[test]
fn labels_may_be_slices_of_any_integer_type() {
    let z = tensor(1, [6, 5], DType::F32);
    let y = labels(12, 5);
    let loss = SoftmaxCrossEntropy::default();
    let expected = loss
        .apply((&z, &y.clone().narrow(0, 6, 6)))
        .expect("inputs that fit");
    for dtype in [DType::U8, DType::I32, DType::I64, DType::I16, DType::U32] {
        let y = y.clone().cast(dtype).narrow(0, 6, 6);
        assert_close(
            &loss.apply((&z, &y)).expect("inputs that fit"),
            &expected,
            0.0,
        );
    }
}

#[test]
fn masks_may_be_of_any_kind() {
    let x = variable(1, [2, 1, 3, 3], DType::F32);
    let mask = tensor(2, [2, 1, 3, 3], DType::F32).greater_elem(0.0);
    let loss = Dice::default();
    let expected = loss.apply((&x, &mask)).expect("inputs that fit");
    assert!(values(&expected)[0] > 0.0);
    let int = loss
        .apply((&x, &mask.clone().int()))
        .expect("inputs that fit");
    let float = loss.apply((&x, &mask.float())).expect("inputs that fit");
    assert_close(&int, &expected, 0.0);
    assert_close(&float, &expected, 0.0);
}

/// The kernel computes in f32 what numbers of 16 bits hold, and rounds gradients to them once.
#[test]
fn sixteen_bits() {
    let y = labels(6, 5);
    let loss = SoftmaxCrossEntropy::default();
    for dtype in [DType::F16, DType::BF16] {
        let z = tensor(1, [6, 5], dtype).require_grad();
        let wide = z.clone().detach().cast(DType::F32).detach().require_grad();
        let value = loss.apply((&z, &y)).expect("inputs that fit");
        let expected = loss.apply((&wide, &y)).expect("inputs that fit");
        assert_eq!(value.dtype(), DType::F32);
        assert_close(&value, &expected, 0.0);
        let gradient = z.grad(&value.backward()).expect("a gradient");
        assert_eq!(gradient.dtype(), dtype);
        let expected = wide
            .grad(&expected.backward())
            .expect("a gradient")
            .cast(dtype);
        assert_close(&gradient, &expected, 0.0);
    }
}

#[test]
fn learned_scalars_get_their_gradient() {
    let (x, w, y) = (
        variable(1, [6, 3], DType::F64),
        variable(2, [4, 3], DType::F64),
        labels(6, 4),
    );
    let at = |s: f64| {
        let loss = NormFace {
            s,
            ..NormFace::default()
        };
        values(&loss.apply((&x, &w, &y)).expect("inputs that fit"))[0]
    };
    let s = Tensor::<1>::from_data([7.0], &device()).require_grad();
    let value: Tensor<1> = NormFace::default()
        .call((&x, &w, &y))
        .learned("s", &s)
        .run()
        .expect("inputs that fit");
    assert_eq!(values(&value)[0], at(7.0));
    let gradients = (value * 2.0).backward();
    let gradient = s.grad(&gradients).expect("a gradient");
    assert_eq!(gradient.dtype(), DType::F32);
    let slope = 2.0 * (at(7.0 + 1e-4) - at(7.0 - 1e-4)) / 2e-4;
    assert!((values(&gradient)[0] - slope).abs() < 1e-6 * slope.abs());
    assert!(x.grad(&gradients).is_some() && w.grad(&gradients).is_some());
}

#[test]
fn reductions_weights_and_ignored_labels() {
    let (z, y) = (variable(1, [6, 4], DType::F64), labels(6, 4));
    let loss = SoftmaxCrossEntropy::default();
    let each: Tensor<1> = loss
        .clone()
        .with_reduction(Reduction::None)
        .apply_each((&z, &y))
        .expect("inputs that fit");
    let each = values(&each);
    let close = |value: &Tensor<1>, b: f64| {
        let a = values(value)[0];
        assert!((a - b).abs() < 1e-14 * b.abs().max(1.0), "{a} is not {b}");
    };
    let summed = loss.clone().with_reduction(Reduction::Sum);
    close(
        &summed.apply((&z, &y)).expect("inputs that fit"),
        each.iter().sum(),
    );
    close(
        &loss.apply((&z, &y)).expect("inputs that fit"),
        each.iter().sum::<f64>() / 6.0,
    );
    let weights = Tensor::<1>::from_data([1.0, 0.0, 2.0, 0.5, 3.0, 1.5], &device());
    let weighted: f64 = values(&weights).iter().zip(&each).map(|(w, l)| w * l).sum();
    let value: Tensor<1> = summed
        .call((&z, &y))
        .sample_weights(&weights)
        .run()
        .expect("inputs that fit");
    close(&value, weighted);
    let gradient = z
        .grad(&value.backward())
        .expect("a gradient")
        .narrow(0, 1, 1);
    assert!(values(&gradient).iter().all(|&g| g == 0.0));
    let kept = y
        .to_data()
        .iter::<i64>()
        .zip(&each)
        .filter(|(y, _)| *y != 3)
        .map(|(_, l)| l)
        .sum();
    let ignoring = summed.with_ignore_index(3);
    close(&ignoring.apply((&z, &y)).expect("inputs that fit"), kept);
}

#[test]
fn mistakes_are_named() {
    let z = tensor(1, [6, 4], DType::F32);
    let y = labels(6, 4);
    let loss = SoftmaxCrossEntropy::default();
    let each = loss.clone().with_reduction(Reduction::None);
    let scaled = NormFace::default();
    let all = [
        loss.apply((&z,)),
        loss.apply((&z, &y, &y)),
        loss.apply((&y, &y)),
        loss.apply((&z, &labels(5, 4))),
        loss.apply((&z, &(y.clone() + 1))),
        loss.apply((&z, &z)),
        loss.call((&z, &y)).learned("s", &z).run(),
        scaled.call((&z, &z, &y)).learned("s", &z).run(),
        scaled.apply((&z, &z.clone().cast(DType::F64), &y)),
        loss.call((&z, &y)).sample_weights(&z).run(),
        each.apply_each::<2>((&z, &y))
            .map(|value| value.flatten(0, 1)),
    ];
    let told = all.map(|result| result.expect_err("a mistake").to_string());
    insta::assert_snapshot!(told.join("\n"));
}
