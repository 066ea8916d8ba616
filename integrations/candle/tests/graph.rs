//! A loss in candle's graph behaves as candle's own operations do.

mod support;

use candle_core::{DType, Device, Result, Tensor, Var};
use loss_candle::CandleLoss;
use loss_dsl::losses::{
    ArcFace, CenterSoftmax, InfoNce, MeanSquaredError, SoftmaxCrossEntropy, TripletMargin,
};
use loss_dsl::sharding::{ShardedLoss, threads};
use loss_dsl::{Inputs, Loss, Reduction, Upstream};
use ndarray::{Array1, ArrayD, IxDyn};
use support::{assert_close, labels, tensor, values, variable};

const F64: DType = DType::F64;

fn array(tensor: &Tensor) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(tensor.dims()), values(tensor)).expect("as many as the shape has")
}

fn same(tensor: &Tensor, array: &ArrayD<f64>) {
    assert_eq!(tensor.dims(), array.shape());
    assert_eq!(values(tensor), array.iter().copied().collect::<Vec<_>>());
}

/// One, two, three and four tensors with gradients.
#[test]
fn gradients_are_the_kernels() -> Result<()> {
    fn check<L: Loss + Default + 'static>(inputs: &[Tensor], tracked: usize) -> Result<()> {
        let variables: Vec<Var> = inputs[..tracked]
            .iter()
            .map(Var::from_tensor)
            .collect::<Result<_>>()?;
        let all: Vec<&Tensor> = variables
            .iter()
            .map(|v| v.as_tensor())
            .chain(&inputs[tracked..])
            .collect();
        let value = L::default().apply(&all)?;
        let found = value.backward()?;
        let arrays: Vec<_> = inputs[..tracked].iter().map(array).collect();
        let ids: Vec<Array1<i64>> = inputs[tracked..]
            .iter()
            .map(|t| values(t).iter().map(|&y| y as i64).collect())
            .collect();
        let call = arrays.iter().fold(Inputs::new(), |call, a| call.real(a));
        let call = ids.iter().fold(call, |call, a| call.labels(a));
        let (expected, gradients) = L::default().differentiate(&call).expect("inputs that fit");
        assert_eq!(value.to_scalar::<f64>()?, expected.total());
        assert_eq!(gradients.tensors.len(), tracked);
        for (variable, gradient) in variables.iter().zip(&gradients.tensors) {
            same(found.get(variable).expect("a gradient arrives"), gradient);
        }
        Ok(())
    }
    let y = labels(6, 4)?;
    let t = |seed, shape: &[usize]| tensor(seed, shape, F64);
    check::<SoftmaxCrossEntropy>(&[t(1, &[6, 4])?, y.clone()], 1)?;
    check::<ArcFace>(&[t(1, &[6, 3])?, t(2, &[4, 3])?, y.clone()], 2)?;
    check::<InfoNce>(&[t(1, &[6, 3])?, t(2, &[6, 3])?], 2)?;
    check::<TripletMargin>(&[t(1, &[6, 3])?, t(2, &[6, 3])?, t(3, &[6, 3])?], 3)?;
    check::<CenterSoftmax>(&[t(1, &[6, 4])?, t(2, &[6, 3])?, t(3, &[4, 3])?, y], 3)?;
    loss_dsl::loss! {
        /// The product of four.
        Product(a: [N], b: [N], c: [N], d: [N]) { a * b * c * d }
    }
    check::<Product>(&[t(1, &[6])?, t(2, &[6])?, t(3, &[6])?, t(4, &[6])?], 4)
}

/// A value that is used twice, of an input that is used twice.
#[test]
fn what_is_used_again_adds_up() -> Result<()> {
    let (z, y) = (variable(1, (6, 4), F64)?, labels(6, 4)?);
    let loss = SoftmaxCrossEntropy::default();
    let once = loss.apply(&[&z, &y])?.backward()?;
    let value = loss.apply(&[&z, &y])?;
    let again = ((&value + (&value * 2.0)?)? + loss.apply(&[&z, &y])?)?;
    let gradients = again.backward()?;
    let expected = (once.get(&z).expect("a gradient") * 4.0)?;
    assert_close(gradients.get(&z).expect("a gradient"), &expected, 1e-14);
    // The graph is there for a second pass.
    assert_close(
        again.backward()?.get(&z).expect("a gradient"),
        &expected,
        1e-14,
    );
    Ok(())
}

#[test]
fn one_tensor_for_two_inputs() -> Result<()> {
    let x = variable(1, (5, 3), F64)?;
    let loss = InfoNce::default();
    let gradient = loss.apply(&[&x, &x])?.backward()?;
    let (a, b) = (
        Var::from_tensor(&x.detach())?,
        Var::from_tensor(&x.detach())?,
    );
    let apart = loss.apply(&[&a, &b])?.backward()?;
    let sum = (apart.get(&a).expect("a gradient") + apart.get(&b).expect("a gradient"))?;
    assert_close(gradient.get(&x).expect("a gradient"), &sum, 1e-14);
    Ok(())
}

#[test]
fn detached_inputs_get_no_gradient() -> Result<()> {
    let (x, w, y) = (
        variable(1, (6, 3), F64)?,
        variable(2, (4, 3), F64)?,
        labels(6, 4)?,
    );
    let loss = ArcFace::default();
    let both = loss.apply(&[&x, &w, &y])?.backward()?;
    let gradients = loss.apply(&[&x.detach(), &w, &y])?.backward()?;
    assert!(gradients.get(&x).is_none());
    assert_close(
        gradients.get(&w).expect("a gradient"),
        both.get(&w).expect("a gradient"),
        0.0,
    );
    let value = loss.apply(&[&x.detach(), &w.detach(), &y])?;
    assert!(!value.track_op());
    Ok(())
}

/// A constant of the loss has no gradient, even where candle tracks it.
#[test]
fn constants_get_no_gradient() -> Result<()> {
    let (x, t) = (variable(1, 6, F64)?, variable(2, 6, F64)?);
    let gradients = MeanSquaredError::default().apply(&[&x, &t])?.backward()?;
    assert!(gradients.get(&x).is_some() && gradients.get(&t).is_none());
    Ok(())
}

#[test]
fn per_sample_values_take_per_sample_gradients() -> Result<()> {
    let (x, w, y) = (
        variable(1, (6, 3), F64)?,
        variable(2, (4, 3), F64)?,
        labels(6, 4)?,
    );
    let loss = ArcFace::default().with_reduction(Reduction::None);
    let value = loss.apply(&[&x, &w, &y])?;
    assert_eq!(value.dims(), [6]);
    let upstream = tensor(9, 6, F64)?;
    let gradients = (&value * &upstream)?.sum_all()?.backward()?;
    let (x_array, w_array, up) = (array(&x), array(&w), array(&upstream));
    let labels: Array1<i64> = values(&y).iter().map(|&y| y as i64).collect();
    let call = Inputs::new().real(&x_array).real(&w_array).labels(&labels);
    let (_, saved) = loss.save::<f64, ()>(call).expect("inputs that fit");
    let expected = saved
        .pull_back(Upstream::per_sample(&up))
        .expect("an upstream that fits");
    same(gradients.get(&x).expect("a gradient"), &expected.tensors[0]);
    same(gradients.get(&w).expect("a gradient"), &expected.tensors[1]);
    Ok(())
}

#[test]
fn a_loss_without_samples() -> Result<()> {
    let z = Var::zeros((0, 4), DType::F32, &Device::Cpu)?;
    let y = Tensor::zeros(0, DType::U32, &Device::Cpu)?;
    let value = SoftmaxCrossEntropy::default().apply(&[&z, &y])?;
    assert_eq!(value.dims().len(), 0);
    assert_eq!(
        value.backward()?.get(&z).expect("a gradient").dims(),
        [0, 4]
    );
    Ok(())
}

/// A part of the classes on each rank, here a thread.
#[test]
fn shards_are_parts_of_the_whole() -> Result<()> {
    let (x, w, y) = (
        tensor(1, &[6, 3], F64)?,
        tensor(2, &[5, 3], F64)?,
        labels(6, 5)?,
    );
    let (all_x, all_w) = (Var::from_tensor(&x)?, Var::from_tensor(&w)?);
    let whole = ArcFace::default().apply(&[&all_x, &all_w, &y])?;
    let slopes = whole.backward()?;
    let slope = |of: &Var| slopes.get(of).expect("a gradient arrives");
    let parts = threads(2, |communicator| {
        let (first, len) = [(0, 2), (2, 3)][communicator.rank()];
        let own_x = Var::from_tensor(&x)?;
        let own_w = Var::from_tensor(&w.narrow(0, first, len)?)?;
        let loss = ArcFace::default().sharded("C", communicator);
        let value = loss
            .expect("the axis that may be sharded")
            .apply(&[&own_x, &own_w, &y])?;
        let found = value.backward()?;
        let own = |of: &Var| found.get(of).expect("a gradient arrives").clone();
        assert_close(&value, &whole, 1e-12);
        assert_close(&own(&own_x), slope(&all_x), 1e-12);
        assert_close(&own(&own_w), &slope(&all_w).narrow(0, first, len)?, 1e-12);
        Ok(())
    });
    parts.into_iter().collect()
}
