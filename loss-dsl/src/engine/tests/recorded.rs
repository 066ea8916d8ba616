//! Calls in somebody else's graph: computed once where that is enough, and again where it is not.

use core::cell::Cell;

use ndarray::{ArrayD, array};

use super::cross_entropy::data;
use super::mocks::CrossEntropy;
use crate::graph::{Arrays, GradientBuffer, Recorded};
use crate::half::f16;
use crate::{Error, Float, Inputs, Loss, Reduction, Upstream};

/// A library whose arrays are those of ndarray, and which counts how often it lends them.
struct Library<A, F> {
    z: ArrayD<A>,
    v: ArrayD<F>,
    y: ArrayD<i32>,
    lent: Cell<usize>,
}

/// How arrays of an element type become inputs.
trait Lend<F: Float>: Sized {
    fn lend<'a>(array: &'a ArrayD<Self>, inputs: Inputs<'a, F>) -> Inputs<'a, F>;
}

impl Lend<f64> for f64 {
    fn lend<'a>(array: &'a ArrayD<f64>, inputs: Inputs<'a, f64>) -> Inputs<'a, f64> {
        inputs.real(array)
    }
}

impl Lend<f32> for f16 {
    fn lend<'a>(array: &'a ArrayD<f16>, inputs: Inputs<'a, f32>) -> Inputs<'a, f32> {
        inputs.half(array)
    }
}

impl<A: Lend<F>, F: Float> Arrays<F> for Library<A, F> {
    type Gradient = GradientBuffer<F>;
    type Error = Error;

    fn with_inputs<T>(
        &self,
        apply: impl FnOnce(Inputs<'_, F>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.lent.set(self.lent.get() + 1);
        apply(
            A::lend(&self.z, Inputs::new())
                .real(&self.v)
                .labels(&self.y),
        )
    }

    fn gradient(&self, values: GradientBuffer<F>) -> Result<GradientBuffer<F>, Error> {
        Ok(values)
    }

    fn scaled(&self, gradient: &GradientBuffer<F>, factor: F) -> Result<GradientBuffer<F>, Error> {
        match gradient {
            GradientBuffer::Real(array) => Ok(GradientBuffer::Real(array.mapv(|g| g * factor))),
            _ => unreachable!("gradients of 16 bits are computed again"),
        }
    }

    fn refused(&self, error: Error) -> Error {
        error
    }
}

fn library<A, F: Float>(convert: impl Fn(f64) -> A) -> Library<A, F> {
    let (z, v, y) = data::<f64>();
    Library {
        z: z.mapv(convert).into_dyn(),
        v: v.mapv(F::from_f64).into_dyn(),
        y: y.into_dyn(),
        lent: Cell::new(0),
    }
}

type Recording<A, F> = Recorded<CrossEntropy<true>, F, Library<A, F>>;

fn lent<A: Lend<F>, F: Float>(call: &Recording<A, F>) -> usize {
    call.arrays().lent.get()
}

#[test]
fn a_total_is_differentiated_once() {
    let call: Recording<f64, f64> =
        Recorded::new(CrossEntropy::default(), library(|z| z), true).unwrap();
    let (z, v, y) = data::<f64>();
    let (value, gradients) = CrossEntropy::<true>::default()
        .differentiate(&Inputs::from((&z, &v, &y)))
        .unwrap();
    assert_eq!(call.value(), &ndarray::arr0(value.total()).into_dyn());
    let expected = |factor: f64| GradientBuffer::Real(gradients["z"].mapv(|g| g * factor));
    for factor in [1.0, -3.0, 1.0, 0.0] {
        assert_eq!(call.gradient(0, &[factor]).unwrap(), expected(factor));
    }
    assert_eq!(lent(&call), 1);
}

/// A value that nobody differentiates costs no gradient; if somebody does after all, there is one.
#[test]
fn gradients_that_were_not_wanted_come_late() {
    let call: Recording<f64, f64> =
        Recorded::new(CrossEntropy::default(), library(|z| z), false).unwrap();
    let wanted: Recording<f64, f64> =
        Recorded::new(CrossEntropy::default(), library(|z| z), true).unwrap();
    assert_eq!(
        call.gradient(0, &[1.0]).unwrap(),
        wanted.gradient(0, &[1.0]).unwrap()
    );
    assert_eq!(lent(&call), 2);
}

#[test]
fn values_of_samples_wait_for_their_upstream_gradients() {
    let loss = CrossEntropy::<true>::default().with_reduction(Reduction::None);
    let call: Recording<f64, f64> = Recorded::new(loss.clone(), library(|z| z), true).unwrap();
    let (z, v, y) = data::<f64>();
    let upstream = array![1.0, -2.0, 0.5, 0.0];
    let (value, saved) = loss.save::<f64, ()>(Inputs::from((&z, &v, &y))).unwrap();
    let expected = saved.pull_back(Upstream::per_sample(&upstream)).unwrap();
    assert_eq!(Some(call.value()), value.per_sample());
    // The second time it is at hand.
    for _ in 0..2 {
        let found = call.gradient(0, upstream.as_slice().unwrap()).unwrap();
        assert_eq!(found, GradientBuffer::Real(expected["z"].clone()));
    }
    assert_eq!(lent(&call), 2);
    let refused = call.gradient(0, &[1.0, 2.0]).unwrap_err();
    let (shape, expected) = (Some(vec![2]), Some(vec![4]));
    assert_eq!(refused, Error::Upstream { shape, expected });
}

/// What 16 bits have lost does not come back by scaling.
#[test]
fn gradients_of_16_bits_are_computed_anew() {
    let call: Recording<f16, f32> = Recorded::new(
        CrossEntropy::default(),
        library(|z| f16::from_f64(4.0 * z)),
        true,
    )
    .unwrap();
    let GradientBuffer::F16(small) = call.gradient(0, &[1e-7]).unwrap() else {
        panic!("a gradient in the type of its input");
    };
    assert!(small.iter().all(|g| g.to_f64().abs() <= 1e-7));
    let GradientBuffer::F16(large) = call.gradient(0, &[1024.0]).unwrap() else {
        panic!("a gradient in the type of its input");
    };
    let z = data::<f64>().0.mapv(|z| 4.0 * z);
    let (_, v, y) = data::<f64>();
    let (_, exact) = CrossEntropy::<true>::default()
        .differentiate(&Inputs::from((&z, &v, &y)))
        .unwrap();
    for (found, expected) in large.iter().zip(&exact["z"]) {
        let (found, expected) = (found.to_f64(), 1024.0 * expected);
        // Half a unit, also of what is subnormal.
        let unit = 2f64.powi(-11) * expected.abs().max(2f64.powi(-14));
        assert!(
            (found - expected).abs() <= 1.01 * unit,
            "{found} {expected}"
        );
    }
    assert_eq!(lent(&call), 3);
}
