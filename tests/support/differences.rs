//! Every element of every gradient against finite differences.
//!
//! The gradient is the generated one. What it is compared with is the slope of the generated value; where the definition
//! has a `detach`, the slope of the interpreted value with the detached expressions held as they are at the point
//! ([`Held`]), because that is what such a gradient means. Which of both, the expression graph decides.

use loss_codegen::ir::eval::{Environment, Held, Value as Given, eval_holding};
use loss_codegen::ir::{NodeId, ParamId};
use loss_dsl::{ParameterSpec, Reduction, Slope, slope};
use ndarray::ArrayD;

use super::any::AnyLoss;
use super::arrays::Arrays;
use super::subject::{Subject, environment};

/// Allowed error, relative to the largest slope of the parameter. Extrapolated differences are good to about 1e-10 of the
/// values' size.
pub const BOUND: f64 = 1e-7;

/// What the differences say.
#[derive(Debug, Clone)]
pub struct Differences {
    /// The largest error, relative to the largest slope of its parameter.
    pub error: f64,
    /// How many slopes were compared.
    pub elements: usize,
    /// The figures in words.
    pub report: String,
}

/// Compares all gradients of `loss`, whose definition is the subject's, at three random inputs: the worst of them.
///
/// # Panics
/// If a call is refused, or a gradient has not the size of its parameter.
pub fn worst_difference(subject: &Subject, loss: &AnyLoss) -> Differences {
    let spec = loss.spec();
    let elements = |p: &ParameterSpec| -> usize {
        let extents = p.axes.iter().map(|&dim| extent(spec.dims[dim].name));
        extents.product()
    };
    let expected = spec.differentiable().chain(spec.learned()).map(elements);
    let expected: usize = expected.sum();
    let at = |seed| {
        let found = differences(subject, loss, &subject.sample(extent, seed));
        assert_eq!(found.elements, expected, "{}", spec.name);
        found
    };
    at(1).worse(at(2)).worse(at(3))
}

/// Extents of inputs that are small enough to try every element and large enough to tell axes apart.
pub fn extent(dim: &str) -> usize {
    match dim {
        "N" => 3,
        "C" => 4,
        "D" => 3,
        _ => 2,
    }
}

/// Compares all gradients of `loss`, whose definition is the subject's, at `arrays`.
///
/// # Panics
/// If a call is refused.
pub fn differences(subject: &Subject, loss: &AnyLoss, arrays: &Arrays) -> Differences {
    let cotangent = subject.cotangent(arrays, 77);
    let objective = Interpreted::new(subject, loss, arrays, &cotangent);
    if objective.held.is_empty() {
        let mean = checked(loss, Reduction::Mean, arrays);
        mean.worse(checked(loss, Reduction::None, arrays))
    } else {
        objective.differences(loss, arrays, &cotangent)
    }
}

impl Differences {
    fn worse(self, other: Self) -> Self {
        if self.error >= other.error {
            self
        } else {
            other
        }
    }
}

fn checked(loss: &AnyLoss, reduction: Reduction, arrays: &Arrays) -> Differences {
    let loss = loss.clone().with_reduction(reduction);
    let report = loss.check_gradients(arrays.inputs());
    let report = report.expect("a correct call");
    Differences {
        error: report.max_error(),
        elements: report.entries().len(),
        report: format!("{reduction:?}: {report}"),
    }
}

/// Σ cotangent · loss as the interpreter has it.
struct Interpreted<'a> {
    subject: &'a Subject,
    env: Environment,
    cotangent: &'a ArrayD<f64>,
    held: Held<f64>,
}

impl<'a> Interpreted<'a> {
    fn new(
        subject: &'a Subject,
        loss: &AnyLoss,
        arrays: &Arrays,
        cotangent: &'a ArrayD<f64>,
    ) -> Self {
        let graph = &subject.definition().graph;
        let env = environment(graph, loss, arrays, cotangent, false);
        let held = Held::below(graph, &env, &[subject.definition().value]);
        Self {
            subject,
            env,
            cotangent,
            held,
        }
    }

    fn value(&self, env: &Environment) -> f64 {
        let definition = self.subject.definition();
        let graph = &definition.graph;
        let nodes: [NodeId; 1] = [definition.value];
        let value = eval_holding(graph, env, &nodes, &self.held).remove(0);
        let losses = value.laid_out(graph, env, &definition.batch);
        let terms = losses.iter().zip(self.cotangent);
        terms.map(|(loss, cotangent)| loss * cotangent).sum()
    }

    /// The slopes along every element of a parameter.
    fn slopes(&self, param: ParamId) -> Vec<Slope> {
        let at = usize::from(param.0);
        let mut env = self.env.clone();
        let elements = self.env.real(param).to_vec();
        let along = |(place, &x): (usize, &f64)| {
            let measured = slope(
                |x| {
                    put(&mut env.values[at], place, x);
                    self.value(&env)
                },
                x,
            );
            put(&mut env.values[at], place, x);
            measured
        };
        elements.iter().enumerate().map(along).collect()
    }

    fn differences(&self, loss: &AnyLoss, arrays: &Arrays, cotangent: &ArrayD<f64>) -> Differences {
        let floor = 1e-6 * self.value(&self.env).abs();
        let mut found = Differences {
            error: 0.0,
            elements: 0,
            report: "nothing is differentiated".to_owned(),
        };
        for (name, analytic) in pulled_back(loss, arrays, cotangent) {
            let graph = &self.subject.definition().graph;
            let param = graph
                .param_ids()
                .find(|&id| graph.param(id).name == name)
                .expect("a parameter of the definition");
            let slopes = self.slopes(param);
            assert_eq!(slopes.len(), analytic.len(), "{name}");
            found.elements += slopes.len();
            let sizes = analytic.iter().copied();
            let sizes = sizes.chain(slopes.iter().map(|slope| slope.central));
            let finite = sizes.map(f64::abs).filter(|size| size.is_finite());
            let scale = finite.fold(floor.max(f64::MIN_POSITIVE), f64::max);
            for (place, (&analytic, slope)) in analytic.iter().zip(&slopes).enumerate() {
                let error = slope.distance(analytic) / scale;
                if error >= found.error {
                    found.error = error;
                    found.report = format!("{name}, element {place}: {analytic:e} for {slope:?}");
                }
            }
        }
        found
    }
}

/// The generated gradients of tensors, then of learned scalars, with their names.
fn pulled_back(
    loss: &AnyLoss,
    arrays: &Arrays,
    cotangent: &ArrayD<f64>,
) -> Vec<(&'static str, Vec<f64>)> {
    let loss = loss.clone().with_reduction(Reduction::None);
    let inputs = arrays.inputs::<f64>();
    let upstream = AnyLoss::upstream(&loss.evaluate(&inputs).expect("a correct call"), cotangent);
    let gradients = loss.pull_back(&inputs, upstream).expect("a correct call");
    let tensors = loss.spec().differentiable().zip(&gradients.tensors);
    let tensors = tensors.map(|(p, gradient)| (p.name, gradient.iter().copied().collect()));
    let scalars = loss.spec().learned().zip(&gradients.scalars);
    let scalars = scalars.map(|(p, &gradient)| (p.name, vec![gradient]));
    tensors.chain(scalars).collect()
}

fn put(value: &mut Given, place: usize, x: f64) {
    match value {
        Given::Real(elements) => elements[place] = x,
        Given::Scalar(scalar) => *scalar = x,
        other => panic!("{other:?} has no real elements"),
    }
}
