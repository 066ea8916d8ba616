//! Four losses, one small network: handwritten digits learned with softmax, focal, CosFace and ArcFace.
//!
//! `cargo run --release -p examples --example digits`
//!
//! Every loss trains the same network from the same weights on 8,000 digits of MNIST, moved by up to two
//! pixels, and is tested on 2,000 others, which are not MNIST's test set. Printed are a row a loss and the formulas of the gradients
//! that did the work. Softmax and focal see logits z = x·wᵀ, the angular losses the embeddings and class centres themselves.

use std::error::Error;
use std::io::IsTerminal;
use std::time::Instant;

use examples::angles::ClassAngles;
use examples::data::{Digits, mnist_subset};
use examples::network::Shape;
use examples::report::{Row, Table, accuracy};
use examples::training::{Model, Schedule, Slope, cosines, fit, inner_products, predictions};
use indicatif::{ProgressBar, ProgressStyle};
use loss_dsl::losses::{ArcFace, CosFace, Focal, SoftmaxCrossEntropy};
use ndarray::{Array1, Array2};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Hidden layer, embedding.
const SHAPES: [Shape; 2] = [Shape::Dense(256), Shape::Dense(64)];
const TRAIN: usize = 8_000;
const SCHEDULE: Schedule = Schedule {
    epochs: 24,
    batch: 64,
    shift: 2,
    rate: 2e-3,
    seed: 2019,
};
/// Scale of the angular losses. For ten classes CosFace's bound asks for 4 (a probability of 0.9); the default of 64 is
/// meant for the tens of thousands of classes of face recognition.
const SCALE: f64 = 16.0;

fn main() -> Outcome<()> {
    let (train, test) = mnist_subset()?.shuffled_split(SCHEDULE.seed, TRAIN);
    let mut study = Study::new(&train, &test);

    let softmax = SoftmaxCrossEntropy::default();
    study.linear("softmax", |z, y| {
        let (value, gradient) = softmax.value_and_grad(z, y)?;
        Ok((value.total(), gradient.z))
    })?;
    let focal = Focal::default();
    study.linear("focal", |z, y| {
        let (value, gradient) = focal.value_and_grad(z, y)?;
        Ok((value.total(), gradient.z))
    })?;
    let cosface = CosFace {
        s: SCALE,
        ..CosFace::default()
    };
    study.angular("CosFace", |x, w, y| {
        let (value, gradient) = cosface.value_and_grad(x, w, y)?;
        Ok(Slope {
            value: value.total(),
            embeddings: gradient.x,
            centres: gradient.w,
        })
    })?;
    let arcface = ArcFace {
        s: SCALE,
        ..ArcFace::default()
    };
    study.angular("ArcFace", |x, w, y| {
        let (value, gradient) = arcface.value_and_grad(x, w, y)?;
        Ok(Slope {
            value: value.total(),
            embeddings: gradient.x,
            centres: gradient.w,
        })
    })?;

    println!("{}", study.finish());
    println!("{}", SoftmaxCrossEntropy::derivation());
    println!("{}", Focal::derivation());
    println!("{}", CosFace::derivation());
    println!("{}", ArcFace::derivation());
    Ok(())
}

/// The trainings so far.
struct Study<'a> {
    train: &'a Digits,
    test: &'a Digits,
    table: Table,
    bar: ProgressBar,
}

impl<'a> Study<'a> {
    fn new(train: &'a Digits, test: &'a Digits) -> Self {
        // indicatif draws nothing where standard error is not a terminal.
        let bar = ProgressBar::new(4 * SCHEDULE.steps(train.len()) as u64);
        let style =
            ProgressStyle::with_template("{msg:<24} {wide_bar} {pos}/{len} steps, {eta} left");
        bar.set_style(style.expect("the template is a constant"));
        Self {
            train,
            test,
            table: Table::default(),
            bar,
        }
    }

    /// A loss of logits z = x·wᵀ: its gradient goes on to x and w by the chain rule.
    fn linear(
        &mut self,
        name: &'static str,
        mut loss: impl FnMut(&Array2<f32>, &Array1<u8>) -> Outcome<(f32, Array2<f32>)>,
    ) -> Outcome<()> {
        self.run(name, inner_products, |x, w, y| {
            let (value, z) = loss(&inner_products(x, w), y)?;
            Ok(Slope {
                value,
                embeddings: z.dot(w),
                centres: z.t().dot(x),
            })
        })
    }

    /// A loss of embeddings and class centres.
    fn angular(
        &mut self,
        name: &'static str,
        loss: impl FnMut(&Array2<f32>, &Array2<f32>, &Array1<u8>) -> Outcome<Slope>,
    ) -> Outcome<()> {
        self.run(name, cosines, loss)
    }

    /// Trains with `loss`, tests with `scores`, adds a row.
    fn run(
        &mut self,
        name: &'static str,
        scores: fn(&Array2<f32>, &Array2<f32>) -> Array2<f32>,
        loss: impl FnMut(&Array2<f32>, &Array2<f32>, &Array1<u8>) -> Outcome<Slope>,
    ) -> Outcome<()> {
        let start = Instant::now();
        let (mut average, mut finite) = (f32::NAN, true);
        let model = fit(self.train, &SHAPES, SCHEDULE, loss, |value| {
            finite &= value.is_finite();
            average = if average.is_nan() {
                value
            } else {
                0.98 * average + 0.02 * value
            };
            self.bar.set_message(format!("{name}: loss {average:.4}"));
            self.bar.inc(1);
        })?;
        if !finite || !model.is_finite() {
            return Err(format!("{name}: the training met a number that is not finite").into());
        }
        let row = self.examine(name, scores, &model);
        self.note(&row, average, start);
        self.table.0.push(row);
        Ok(())
    }

    fn examine(
        &self,
        name: &'static str,
        scores: fn(&Array2<f32>, &Array2<f32>) -> Array2<f32>,
        model: &Model,
    ) -> Row {
        let embeddings = model.embed(&self.test.images);
        let predicted = predictions(&scores(&embeddings, &model.centres));
        let angles = ClassAngles::of(&embeddings, &self.test.labels);
        Row {
            name,
            accuracy: accuracy(&predicted, &self.test.labels),
            intra: angles.within,
            inter: angles.between,
        }
    }

    /// Where the bar cannot be seen, a line a loss takes its place.
    fn note(&self, row: &Row, average: f32, start: Instant) {
        if !std::io::stderr().is_terminal() {
            let seconds = start.elapsed().as_secs_f64();
            eprintln!("{}: trained in {seconds:.1} s, loss {average:.4}", row.name);
        }
    }

    fn finish(self) -> Table {
        self.bar.finish_and_clear();
        self.table
    }
}
