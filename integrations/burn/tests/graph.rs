//! A loss in burn's graph behaves as burn's own operations do.

mod support;

use burn::tensor::{DType, Device, Tensor};
use loss_burn::{Array, BurnLoss};
use loss_dsl::losses::{
    ArcFace, CenterSoftmax, InfoNce, MeanSquaredError, SoftmaxCrossEntropy, TripletMargin,
};
use loss_dsl::{Inputs, Loss, Reduction, Upstream};
use ndarray::{Array1, ArrayD, IxDyn};
use support::{assert_close, labels, tensor, values, variable};

const F64: DType = DType::F64;

fn array<const D: usize>(tensor: &Tensor<D>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(&tensor.dims()), values(tensor)).expect("as many as the shape has")
}

#[track_caller]
fn same<const D: usize>(tensor: &Tensor<D>, array: &ArrayD<f64>) {
    assert_eq!(tensor.dims(), array.shape());
    assert_eq!(values(tensor), array.iter().copied().collect::<Vec<_>>());
}

/// One, two, three and four tensors with gradients.
#[test]
fn gradients_are_the_kernels() {
    fn check<L: Loss + Default + 'static, const D: usize>(shapes: &[[usize; D]], labelled: bool) {
        let mut seeds = 1..;
        let variables: Vec<Tensor<D>> = shapes
            .iter()
            .map(|&shape| variable(seeds.next().unwrap_or(0), shape, F64))
            .collect();
        let y = labels(6, 4);
        let mut inputs: Vec<Array> = variables.iter().map(Array::from).collect();
        let arrays: Vec<_> = variables.iter().map(array).collect();
        let mut call = arrays.iter().fold(Inputs::new(), |call, a| call.real(a));
        let ids: Array1<i64> = y.to_data().iter::<i64>().collect();
        if labelled {
            inputs.push((&y).into());
            call = call.labels(&ids);
        }
        let value = L::default().apply(inputs).expect("inputs that fit");
        let found = value.backward();
        let (expected, gradients) = L::default().differentiate(&call).expect("inputs that fit");
        assert_eq!(values(&value), [expected.total()]);
        assert_eq!(gradients.tensors.len(), variables.len());
        for (variable, gradient) in variables.iter().zip(&gradients.tensors) {
            same(
                &variable.grad(&found).expect("a gradient arrives"),
                gradient,
            );
        }
    }
    check::<SoftmaxCrossEntropy, 2>(&[[6, 4]], true);
    check::<ArcFace, 2>(&[[6, 3], [4, 3]], true);
    check::<InfoNce, 2>(&[[6, 3], [6, 3]], false);
    check::<TripletMargin, 2>(&[[6, 3], [6, 3], [6, 3]], false);
    check::<CenterSoftmax, 2>(&[[6, 4], [6, 3], [4, 3]], true);
    loss_dsl::loss! {
        /// The product of four.
        Product(a: [N], b: [N], c: [N], d: [N]) { a * b * c * d }
    }
    check::<Product, 1>(&[[6], [6], [6], [6]], false);
}

/// A value that is used twice, of an input that is used twice.
#[test]
fn what_is_used_again_adds_up() {
    let (z, y) = (variable(1, [6, 4], F64), labels(6, 4));
    let loss = SoftmaxCrossEntropy::default();
    let apply = || loss.apply((&z, &y)).expect("inputs that fit");
    let once = z.grad(&apply().backward()).expect("a gradient");
    let value = apply();
    let again = value.clone() + value * 2.0 + apply();
    assert_close(
        &z.grad(&again.backward()).expect("a gradient"),
        &(once * 4.0),
        1e-14,
    );
}

#[test]
fn one_tensor_for_two_inputs() {
    let x = variable(1, [5, 3], F64);
    let loss = InfoNce::default();
    let gradient = x
        .grad(&loss.apply((&x, &x)).expect("inputs that fit").backward())
        .expect("a gradient");
    let (a, b) = (
        x.clone().detach().require_grad(),
        x.clone().detach().require_grad(),
    );
    let apart = loss.apply((&a, &b)).expect("inputs that fit").backward();
    let sum = a.grad(&apart).expect("a gradient") + b.grad(&apart).expect("a gradient");
    assert_close(&gradient, &sum, 1e-14);
}

#[test]
fn detached_inputs_get_no_gradient() {
    let (x, w, y) = (
        variable(1, [6, 3], F64),
        variable(2, [4, 3], F64),
        labels(6, 4),
    );
    let loss = ArcFace::default();
    let both = loss
        .apply((&x, &w, &y))
        .expect("inputs that fit")
        .backward();
    let gradients = loss
        .apply((&x.clone().detach(), &w, &y))
        .expect("inputs that fit")
        .backward();
    assert!(x.grad(&gradients).is_none());
    assert_close(
        &w.grad(&gradients).expect("a gradient"),
        &w.grad(&both).expect("a gradient"),
        0.0,
    );
    let constant = |tensor: Tensor<2>| tensor.detach().set_require_grad(false);
    let (x, w) = (constant(x), constant(w));
    let value = loss.apply((&x, &w, &y)).expect("inputs that fit");
    assert!(value.is_autodiff() && !value.is_tracked());
}

/// Without automatic differentiation there is none of its cost.
#[test]
fn plain_tensors_have_plain_values() {
    let (x, w) = (variable(1, [6, 3], F64), variable(2, [4, 3], F64));
    let y = labels(6, 4);
    let loss = ArcFace::default();
    let expected = loss.apply((&x, &w, &y)).expect("inputs that fit");
    let inner = [x.without_autodiff(), w.without_autodiff()];
    let value = loss
        .apply((&inner[0], &inner[1], &y.without_autodiff()))
        .expect("inputs that fit");
    assert!(!value.is_autodiff());
    assert_eq!(values(&value), values(&expected));
}

/// A constant of the loss has no gradient, even where burn tracks it.
#[test]
fn constants_get_no_gradient() {
    let (x, t) = (variable(1, [6], F64), variable(2, [6], F64));
    let gradients = MeanSquaredError::default()
        .apply((&x, &t))
        .expect("inputs that fit")
        .backward();
    assert!(x.grad(&gradients).is_some() && t.grad(&gradients).is_none());
}

#[test]
fn gradient_checkpointing_changes_nothing() {
    let device = Device::flex().autodiff().gradient_checkpointing();
    let y = labels(6, 4).without_autodiff();
    let x = Tensor::<2>::from_data(variable(1, [6, 3], F64).to_data(), &device).require_grad();
    let w = Tensor::<2>::from_data(variable(2, [4, 3], F64).to_data(), &device).require_grad();
    let loss = ArcFace::default();
    let through = loss
        .apply((&(x.clone() * 2.0).exp(), &w, &y))
        .expect("inputs that fit");
    let found = through.backward();
    let (a, b) = (
        variable(1, [6, 3], DType::F32),
        variable(2, [4, 3], DType::F32),
    );
    let expected = loss
        .apply((&(a.clone() * 2.0).exp(), &b, &y))
        .expect("inputs that fit")
        .backward();
    let cast = |tensor: Option<Tensor<2>>| tensor.expect("a gradient").cast(DType::F32);
    assert_close(&cast(x.grad(&found)), &cast(a.grad(&expected)), 1e-5);
    assert_close(&cast(w.grad(&found)), &cast(b.grad(&expected)), 1e-5);
}

#[test]
fn per_sample_values_take_per_sample_gradients() {
    let (x, w, y) = (
        variable(1, [6, 3], F64),
        variable(2, [4, 3], F64),
        labels(6, 4),
    );
    let loss = ArcFace::default().with_reduction(Reduction::None);
    let value: Tensor<1> = loss.apply_each((&x, &w, &y)).expect("inputs that fit");
    assert_eq!(value.dims(), [6]);
    let upstream = tensor(9, [6], F64);
    let gradients = (value * upstream.clone()).backward();
    let (x_array, w_array, up) = (array(&x), array(&w), array(&upstream));
    let ids: Array1<i64> = y.to_data().iter::<i64>().collect();
    let call = Inputs::new().real(&x_array).real(&w_array).labels(&ids);
    let (_, saved) = loss.save::<f64, ()>(call).expect("inputs that fit");
    let expected = saved
        .pull_back(Upstream::per_sample(&up))
        .expect("an upstream that fits");
    same(
        &x.grad(&gradients).expect("a gradient"),
        &expected.tensors[0],
    );
    same(
        &w.grad(&gradients).expect("a gradient"),
        &expected.tensors[1],
    );
}
