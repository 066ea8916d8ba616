//! Arrays of 16-bit numbers: what a kernel makes of them is what it makes of the same numbers in `f32`, rounded at the end.

use loss_codegen::schedule::plan::Step;
use loss_dsl::half::{bf16, f16};
use loss_dsl::losses::{SoftmaxCrossEntropy, SoftmaxDice};
use loss_dsl::{
    Error, GradientTarget, GradientTargets, HalfElement, Inputs, Loss, Reduction, check_gradients,
};
use ndarray::{Array1, Array2, Array4, ArrayD, array};

use loss_tests::support::any::AnyLoss;
use loss_tests::support::arrays::{Array, Arrays, Layout, rounded, widened};
use loss_tests::support::library;
use loss_tests::support::outcome::elements;
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;

/// Extents by dimension: a few, rows off the lanes, rows of many classes.
const SIZES: [fn(&str) -> usize; 3] = [
    |dim| match dim {
        "N" => 4,
        "C" => 5,
        "D" => 3,
        _ => 2,
    },
    |dim| match dim {
        "N" => 37,
        "C" => 4,
        "D" => 3,
        _ => 2,
    },
    |dim| match dim {
        "N" => 3,
        "C" => 139,
        "D" => 35,
        _ => 2,
    },
];

/// Losses and gradients in f64.
type Numbers = (ArrayD<f64>, Vec<ArrayD<f64>>);

/// Value and gradients in f32 of real arrays.
fn in_single(loss: &AnyLoss, arrays: &Arrays, cotangent: &ArrayD<f32>) -> Numbers {
    let inputs = arrays.inputs::<f32>();
    let value = loss.evaluate(&inputs).expect("a correct call");
    let upstream = AnyLoss::upstream(&value, cotangent);
    let gradients = loss.pull_back(&inputs, upstream).expect("a correct call");
    let tensors = gradients.tensors.iter().map(|t| t.mapv(f64::from));
    (elements(&value), tensors.collect())
}

/// The same of arrays of halves, into gradients of halves.
fn in_halves<H: HalfElement>(loss: &AnyLoss, arrays: &Arrays, cotangent: &ArrayD<f32>) -> Numbers {
    let halves: Vec<ArrayD<H>> = (0..arrays.list.len())
        .map(|at| match &arrays.list[at] {
            Array::Real(array) => arrays.half(array),
            _ => ArrayD::from_elem(vec![], H::default()),
        })
        .collect();
    let inputs = arrays.list.iter().zip(&halves);
    let inputs = inputs.fold(Inputs::new(), |inputs, (array, halves)| match array {
        Array::Real(_) => inputs.half(halves),
        Array::Labels(array) => inputs.labels(array),
        Array::Mask(array) => inputs.mask(array),
    });
    let value = loss.evaluate(&inputs).expect("a correct call");
    let spec = loss.spec();
    let places = spec.arrays().enumerate();
    let places = places.filter(|(_, p)| spec.differentiable().any(|d| d.name == p.name));
    let mut buffers: Vec<ArrayD<H>> = places
        .map(|(at, _)| arrays.half(&arrays.real(at).mapv(|_| f64::NAN)))
        .collect();
    let mut learned = vec![f32::NAN; spec.learned().count()];
    let mut targets = GradientTargets::new();
    for buffer in &mut buffers {
        targets = targets.half(buffer);
    }
    targets.scalars = learned.iter_mut().collect();
    let upstream = AnyLoss::upstream(&value, cotangent);
    loss.pull_back_into(&inputs, upstream, targets)
        .expect("a correct call");
    let tensors = buffers.iter().map(|buffer| buffer.mapv(widened));
    (elements(&value), tensors.collect())
}

fn compare<H: HalfElement>(subject: &Subject, what: &str) {
    let loss = subject.loss.clone().with_reduction(Reduction::None);
    let plan = &subject.compiled.plans.backward;
    let has_products = plan
        .all_steps()
        .any(|step| matches!(step, Step::Contract { .. }));
    for (seed, sizes) in (1..).zip(SIZES) {
        let mut arrays = subject.sample(sizes, seed);
        for array in &mut arrays.list {
            if let Array::Real(array) = array {
                array.mapv_inplace(|x| widened(rounded::<H>(x)));
            }
        }
        let cotangent = subject.cotangent(&arrays, seed + 100).mapv(|g| g as f32);
        for layout in [Layout::RowMajor, Layout::ColumnMajor, Layout::Gaps] {
            let arrays = arrays.relaid(layout);
            let tiles: &[_] = match plan.tile {
                Some(_) => &[None, Some(7)],
                None => &[None],
            };
            for &tile in tiles {
                let loss = loss.clone().with_tile(tile);
                let (values, gradients) = in_single(&loss, &arrays, &cotangent);
                let (found, slopes) = in_halves::<H>(&loss, &arrays, &cotangent);
                let context = format!("{} {what} {layout:?} {tile:?}", loss.name());
                // Products of matrices that lie differently may differ in the last places.
                let slack = if has_products { 1e-5 } else { 0.0 };
                assert_near(&found, &values, |x| x, slack, &context);
                for (slope, expected) in slopes.iter().zip(&gradients) {
                    assert_near(
                        slope,
                        expected,
                        |x| widened(rounded::<H>(x)),
                        slack,
                        &context,
                    );
                }
            }
        }
    }
}

/// Each element is the expected one, rounded; or what is rounded is at most `slack` times the largest element away.
fn assert_near(
    found: &ArrayD<f64>,
    expected: &ArrayD<f64>,
    round: impl Fn(f64) -> f64,
    slack: f64,
    context: &str,
) {
    assert_eq!(found.shape(), expected.shape());
    let largest = expected.fold(0.0f64, |largest, x| largest.max(x.abs()));
    for (&found, &expected) in found.iter().zip(expected) {
        let (low, high) = (expected - slack * largest, expected + slack * largest);
        let fits = round(low) <= found && found <= round(high);
        assert!(
            fits || found.is_nan() && expected.is_nan(),
            "{context}: {found:e} instead of {expected:e}"
        );
    }
}

fn all(subject: &Subject) {
    compare::<f16>(subject, "f16");
    compare::<bf16>(subject, "bf16");
}

#[test]
fn every_loss_takes_halves() {
    for name in library::names() {
        all(&Subject::built_in(&name));
    }
}

#[test]
fn tuples_of_halves_are_computed_in_single_precision() {
    let z = array![[1.0f32, 2.0, 0.5], [-1.0, 0.25, 3.0]];
    let y = array![1, 2];
    let loss = SoftmaxCrossEntropy::default();
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    let halves = z.mapv(bf16::from_f32);
    let mut slopes = Array2::<bf16>::zeros((2, 3));
    let targets = GradientTargets::new().half(&mut slopes);
    let found = loss.differentiate_into(&Inputs::from((&halves, &y)), targets);
    assert_eq!(found.unwrap(), value);
    assert_eq!(slopes, gradients.z.mapv(bf16::from_f32));
    // Gradients in f32 of the same, and in a type that the input has not.
    let (_, wide) = loss.differentiate(&Inputs::from((&halves, &y))).unwrap();
    assert_eq!(wide["z"], gradients.z.clone().into_dyn());
    let mut other = Array2::<f16>::zeros((2, 3));
    let targets = GradientTargets::new().half(&mut other);
    loss.differentiate_into(&Inputs::from((&z, &y)), targets)
        .unwrap();
    assert_eq!(other, gradients.z.mapv(f16::from_f32));
    let report = check_gradients(&loss, Inputs::new().half(&halves).labels(&y)).unwrap();
    assert!(report.max_error() < 1e-6, "{report}");
}

/// Rows that are converted in parts, by several threads.
#[test]
fn a_long_row_of_halves_is_that_of_numbers() {
    let mut random = Random::new(5);
    let halves = Array2::from_shape_simple_fn((2, 300_001), || bf16::from_f64(random.normal()));
    let y = array![7, 250_000];
    let z = halves.mapv(f32::from);
    let loss = SoftmaxCrossEntropy::default();
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    let mut slopes = Array2::<bf16>::zeros(z.dim());
    let targets = GradientTargets::new().half(&mut slopes);
    let found = loss.differentiate_into(&Inputs::from((&halves, &y)), targets);
    assert_eq!(found.unwrap(), value);
    assert_eq!(slopes, gradients.z.mapv(bf16::from_f32));
}

/// Images, whose rows are a plane apart.
#[test]
fn pixels_of_halves() {
    let mut random = Random::new(6);
    for (classes, side) in [(3, 9), (150, 4)] {
        let shape = (2, classes, side, side);
        let halves = Array4::from_shape_simple_fn(shape, || f16::from_f64(random.normal()));
        let z = halves.mapv(f32::from);
        let y = ArrayD::from_shape_simple_fn(vec![2, side, side], || random.below(classes));
        let inputs = Inputs::new().half(&halves).labels(&y);
        let mut slopes = Array4::<f16>::zeros(shape);
        let loss = SoftmaxCrossEntropy::default();
        let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
        let targets = GradientTargets::new().half(&mut slopes);
        assert_eq!(loss.differentiate_into(&inputs, targets).unwrap(), value);
        assert_eq!(slopes, gradients.z.mapv(f16::from_f32));
        let (value, gradients) = SoftmaxDice::default().value_and_grad(&z, &y).unwrap();
        let targets = GradientTargets::new().half(&mut slopes);
        let found = SoftmaxDice::default().differentiate_into(&inputs, targets);
        assert_eq!(found.unwrap(), value);
        assert_eq!(slopes, gradients.z.mapv(f16::from_f32));
    }
}

#[test]
fn ignored_rows_of_halves_leave_no_trace() {
    let mut halves = Array2::from_elem((3, 4), bf16::ONE);
    halves[[1, 2]] = bf16::NAN;
    let y = array![0, -1, 3];
    let loss = SoftmaxCrossEntropy::default().with_ignore_index(-1);
    let mut slopes = Array2::from_elem((3, 4), bf16::NAN);
    let targets = GradientTargets::new().half(&mut slopes);
    let value = loss.differentiate_into(&Inputs::from((&halves, &y)), targets);
    assert!((value.unwrap().total() - 4f32.ln()).abs() < 1e-6);
    assert_eq!(slopes.row(1), Array1::from_elem(4, bf16::ZERO));
    assert!(slopes.iter().all(|slope| slope.is_finite()));
    // All ignored: zeros.
    let none = array![-1, -1, -1];
    let targets = GradientTargets::new().half(&mut slopes);
    loss.differentiate_into(&Inputs::from((&halves, &none)), targets)
        .unwrap();
    assert!(slopes.iter().all(|&slope| slope == bf16::ZERO));
}

#[test]
fn buffers_that_do_not_fit_are_refused_and_untouched() {
    let (halves, y) = (Array2::from_elem((3, 4), f16::ONE), array![0, 1, 2]);
    let mut slopes = Array2::from_elem((3, 5), f16::ONE);
    let targets = GradientTargets::new().half(&mut slopes);
    assert_eq!(GradientTarget::shape(&targets.tensors[0]), [3, 5]);
    let refused = SoftmaxCrossEntropy::default()
        .differentiate_into(&Inputs::from((&halves, &y)), targets)
        .unwrap_err();
    assert!(matches!(refused, Error::GradientShape { .. }), "{refused}");
    assert!(slopes.iter().all(|&slope| slope == f16::ONE));
    let labels = Inputs::<f32>::new().half(&halves).half(&halves);
    let refused = SoftmaxCrossEntropy::default()
        .evaluate(&labels)
        .unwrap_err();
    assert!(matches!(refused, Error::InputKind { .. }), "{refused}");
}
