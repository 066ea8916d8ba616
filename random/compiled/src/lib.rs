//! Random losses, compiled: their kernels against the interpreter, in f32 and f64.
//!
//! The build script writes the losses (`RANDOM_SEED` gives others, `RANDOM_LOSSES` more of them) for the tests; what is right is the
//! literal derivation in arbitrary precision. A loss that is random may be ill-conditioned, so what is allowed is measured where it
//! is evaluated, by stochastic arithmetic (Vignes 1993): what changes when inputs and all results of the simplified graph are
//! moved by one rounding at random, up or down, times [`FACTOR`].

#![forbid(unsafe_code)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use loss_codegen::ir::eval::{Elements, Exact, Number, Tensor};
use loss_codegen::ir::{BinaryOp, Node, Reducer, UnaryOp};
use loss_dsl::Source;
use loss_dsl::sharding::ShardedLoss;
use loss_tests::support::any::{self, AnyLoss};
use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::random::Random;
use loss_tests::support::sharded::{self, Call, Run};
use loss_tests::support::subject::Subject;
use ndarray::ArrayD;

/// A loss to be judged.
#[derive(Debug)]
pub struct Listed {
    number: usize,
    source: &'static str,
    loss: AnyLoss,
    /// The axis that may be sharded, and the loss in parts of it.
    sharded: Option<(&'static str, Run)>,
}

/// The loss of this number and text.
pub fn listed<L: ShardedLoss + Source + Default + 'static>(
    number: usize,
    source: &'static str,
) -> Listed {
    let run: Run = |call| sharded::sharded::<L, f64>(&L::default(), call);
    Listed {
        number,
        source,
        loss: AnyLoss::of::<L>(),
        sharded: sharded::axis_of::<L>().map(|axis| (axis, run)),
    }
}

/// How many times the measured change a kernel may be off: it has steps that the graph has not, and its elementwise functions have
/// bounds of a few units of the last place.
const FACTOR: f64 = 16.0;

/// The share of a result that rounding hides where a comparison says little.
const BLUNT: f64 = 1e-2;

/// How often everything is moved.
const ROUNDINGS: u64 = 4;

/// Long extents.
const LONG: [usize; 3] = [131, 37, 17];

/// The most elements that anything may have which a definition names, if a shorter extent helps: what arbitrary precision can
/// afford.
const LARGEST: usize = 4096;

/// What happened to a loss at a point.
enum Verdict {
    Right {
        /// Whether a mistake would have been seen: rounding does not hide [`BLUNT`] of the result or more.
        sharp: bool,
    },
    /// The true value is no number of the type.
    Undefined,
    Wrong(String),
}

/// The inputs, and the cotangent.
struct Point {
    arrays: Arrays,
    cotangent: ArrayD<f64>,
}

impl Point {
    /// The same with each real number moved by one rounding, up or down.
    fn rounded(&self, epsilon: f64, seed: u64) -> Point {
        let mut random = Random::new(seed);
        let mut moved = |x: f64| x * (1.0 + epsilon * (random.below(3) as f64 - 1.0));
        let arrays = self.arrays.list.iter().map(|array| match array {
            Array::Real(array) => Array::Real(array.mapv(&mut moved)),
            other => other.clone(),
        });
        Point {
            arrays: Arrays::new(arrays.collect()),
            cotangent: self.cotangent.clone(),
        }
    }
}

fn largest(array: &ArrayD<f64>) -> f64 {
    array.iter().fold(0.0, |size, x| size.max(x.abs()))
}

fn apart(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, |gap, next| {
        if next.is_nan() {
            f64::INFINITY
        } else {
            gap.max(next)
        }
    })
}

/// Whether what a node computes is not exact in floats.
fn is_rounded(node: &Node) -> bool {
    match node {
        Node::Sum(..)
        | Node::Product(_)
        | Node::Softmax(_)
        | Node::Unit { .. }
        | Node::Angle { .. }
        | Node::Binary(BinaryOp::Pow | BinaryOp::Xlogy, ..) => true,
        Node::Unary(op, _) => !matches!(
            op,
            UnaryOp::Abs | UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round
        ),
        Node::Reduce(reducer, ..) => *reducer != Reducer::Max,
        _ => false,
    }
}

/// Three parts of an axis, some of them maybe empty.
fn parts(extent: usize, seed: u64) -> [usize; 3] {
    let mut random = Random::new(seed + 700);
    let first = random.below(extent + 1);
    let second = random.below(extent - first + 1);
    [first, second, extent - first - second]
}

/// Compares one loss at one point with numbers `F`; and what ranks make of it together.
fn compare<F: any::Number>(
    subject: &Subject,
    point: &Point,
    in_parts: Option<impl Fn(&Point) -> Outcome>,
) -> Verdict {
    let single = size_of::<F>() == size_of::<f32>();
    let compiled = &subject.compiled;
    let loss = &subject.loss;
    let (epsilon, limit): (f64, f64) = if single {
        (f64::from(f32::EPSILON), 1e30)
    } else {
        (f64::EPSILON, 1e290)
    };
    // Whether all that the definition makes on its way is 0 or a normal number of the type.
    let mut is_normal = true;
    let mut look = |_, tensor: &mut Tensor<Exact>| {
        if let Elements::Real(elements) = &tensor.elements {
            let normal = |x: f64| x == 0.0 || (limit.recip()..limit).contains(&x.abs());
            is_normal &= elements.iter().all(|x| normal(x.to_f64()));
        }
    };
    let expected = {
        let (arrays, cotangent) = (&point.arrays, &point.cotangent);
        subject.interpreted_adjusted(
            &compiled.literal,
            loss,
            arrays,
            cotangent,
            single,
            &mut look,
        )
    };
    let representable = |x: &f64| x.is_finite() && x.abs() < limit;
    if !expected
        .arrays
        .iter()
        .all(|(_, array)| array.iter().all(representable))
    {
        return Verdict::Undefined;
    }
    let kernel = &compiled.simplified.kernel;
    let nearby: Vec<Outcome> = (1..=ROUNDINGS)
        .map(|seed| {
            let moved = point.rounded(epsilon, seed);
            let mut random = Random::new(seed);
            let mut round = |id, tensor: &mut Tensor<Exact>| {
                if let Elements::Real(elements) = &mut tensor.elements
                    && is_rounded(kernel.loss.graph.node(id))
                {
                    for x in elements {
                        let step = epsilon * (random.below(3) as f64 - 1.0);
                        *x = x.mul(&Exact::from_f64(1.0 + step));
                    }
                }
            };
            let (arrays, cotangent) = (&moved.arrays, &moved.cotangent);
            subject.interpreted_adjusted(kernel, loss, arrays, cotangent, single, &mut round)
        })
        .collect();
    let mut sharp = true;
    let whole = generated::<F>(loss, &point.arrays, &point.cotangent);
    let together = in_parts.map(|run| run(point));
    // What is 0 is left over from numbers of the size of the others.
    let sizes = expected.arrays.iter().map(|(_, array)| largest(array));
    let all = sizes.fold(0.0, f64::max);
    let floor = epsilon * if all < epsilon { 1.0 } else { all };
    for (i, (name, expected)) in expected.arrays.iter().enumerate() {
        let changes = nearby
            .iter()
            .map(|other| apart(&other.arrays[i].1, expected));
        let change = changes.fold(floor, f64::max);
        let allowed = FACTOR * change + 64.0 * epsilon * epsilon;
        let error = apart(&whole.arrays[i].1, expected);
        let of_ranks = together
            .as_ref()
            .map_or(error, |found| apart(&found.arrays[i].1, expected));
        let size = largest(expected);
        sharp &= size <= floor || allowed <= BLUNT * size;
        let is_warned_of = !compiled.hazards.is_empty();
        if error > allowed && error.is_infinite() && (is_warned_of || !is_normal) {
            return Verdict::Undefined;
        }
        // Where half of the digits are lost, as of the direction of a vector that is 0 but for rounding, a few roundings do not
        // show all that may happen.
        let is_degenerate = change > epsilon.sqrt() * size && change > floor;
        if error > allowed && !is_degenerate {
            return Verdict::Wrong(format!("{name} is off by {error:e}, not {allowed:e}"));
        }
        if of_ranks > allowed && !is_degenerate {
            return Verdict::Wrong(format!(
                "{name} of ranks is off by {of_ranks:e}, not {allowed:e}, the whole by {error:e}"
            ));
        }
    }
    Verdict::Right { sharp }
}

/// The test of one part of what the build script has written.
#[macro_export]
macro_rules! test_part {
    ($file:literal) => {
        #[allow(
            dead_code,
            deprecated,
            clippy::all,
            clippy::pedantic,
            reason = "as random as their text"
        )]
        mod losses {
            use loss_random_compiled::{Listed, listed};

            include!(concat!(env!("OUT_DIR"), "/", $file));
        }

        #[test]
        fn kernels_of_random_losses_compute_what_the_interpreter_does() {
            loss_random_compiled::judge(&losses::all());
        }
    };
}

/// Compares losses at three points each.
///
/// # Panics
/// If one is wrong, with its text, or if most say nothing.
pub fn judge(losses: &[Listed]) {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Results::default());
    let work = || {
        while let Some(loss) = losses.get(next.fetch_add(1, Ordering::Relaxed)) {
            let own = judge_one(loss);
            results.lock().expect("no thread panics").add(own);
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let Results {
        right,
        sharp,
        sharded,
        undefined,
        wrong,
    } = results.into_inner().expect("no thread panics");
    let count = losses.len();
    println!(
        "{count} losses: {right} comparisons, {sharp} of them sharp, {sharded} with ranks, {undefined} undefined"
    );
    let texts = wrong.join("\n\n");
    assert!(wrong.is_empty(), "{} wrong:\n{texts}", wrong.len());
    assert!(
        undefined * 5 < right,
        "{undefined} undefined, {right} right"
    );
    assert!(sharp * 5 > right * 4, "{sharp} sharp of {right} right");
}

fn judge_one(loss: &Listed) -> Results {
    let Listed { number, source, .. } = loss;
    let mut results = Results::default();
    let block = source.parse().expect("tokens");
    let subject = Subject::in_block(block, loss.loss.clone());
    for seed in 1..=3 {
        let seed = 1000 * *number as u64 + seed;
        let mut random = Random::new(seed);
        let dims = subject.dims();
        let mut sizes: Vec<usize> = Vec::new();
        for _ in &dims {
            sizes.push([1, 2, 3, 2, 5][random.below(5)]);
        }
        // Along one, more than the lanes of a vector, than the rows that are taken at once, or than a row may have for that.
        let longest = random.below(3 * sizes.len().max(1));
        if longest < sizes.len() {
            for extent in LONG.into_iter().skip(random.below(LONG.len())) {
                sizes[longest] = extent;
                if subject.largest_tensor(&sizes) <= LARGEST {
                    break;
                }
            }
        }
        let place = |name: &str| dims.iter().position(|dim| dim == name);
        let extent = |name: &str| place(name).map_or(1, |at| sizes[at]);
        let arrays = subject.sample(extent, seed);
        let cotangent = subject.cotangent(&arrays, seed + 500);
        let point = Point { arrays, cotangent };
        let in_parts = loss.sharded.map(|(axis, run)| {
            let parts = parts(extent(axis), seed);
            results.sharded += 1;
            move |point: &Point| {
                let call = Call {
                    arrays: &point.arrays,
                    cotangent: &point.cotangent,
                    parts: &parts,
                    tile: Some(2),
                };
                let outcome = run(&call).expect("an axis that may be sharded");
                outcome.expect("a correct call").0
            }
        });
        for (verdict, what) in [
            (compare::<f64>(&subject, &point, in_parts), "f64"),
            (compare::<f32>(&subject, &point, None::<fn(&_) -> _>), "f32"),
        ] {
            match verdict {
                Verdict::Right { sharp } => {
                    results.right += 1;
                    results.sharp += usize::from(sharp);
                }
                Verdict::Undefined => results.undefined += 1,
                Verdict::Wrong(message) => {
                    let text =
                        format!("{source}{what}, {dims:?} {sizes:?}, seed {seed}: {message}");
                    results.wrong.push(text);
                }
            }
        }
    }
    results
}

/// What happened to several losses.
#[derive(Default)]
struct Results {
    right: usize,
    sharp: usize,
    sharded: usize,
    undefined: usize,
    wrong: Vec<String>,
}

impl Results {
    fn add(&mut self, other: Results) {
        self.right += other.right;
        self.sharp += other.sharp;
        self.sharded += other.sharded;
        self.undefined += other.undefined;
        self.wrong.extend(other.wrong);
    }
}
