//! A convolutional network of candle's learns handwritten digits, with candle's own cross-entropy, with ours, and with ArcFace.
//!
//! `cargo run --release -p loss-candle --example candle_digits`
//!
//! The same network starts from the same weights and sees the same digits in the same order each time. From softmax to ArcFace is one
//! line.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss as candle_loss};
use examples::data::{CLASSES, Digits, mnist_subset};
use examples::progress::Progress;
use examples::random::Random;
use examples::timing::Steps;
use indicatif::MultiProgress;
use loss_candle::CandleLoss;
use loss_dsl::losses::{ArcFace, SoftmaxCrossEntropy};

const TRAIN: usize = 8_000;
const EPOCHS: usize = 6;
const BATCH: usize = 64;
const RATE: f64 = 2e-3;
const FEATURES: usize = 32;
const SEED: u64 = 7;

/// Two convolutions and a layer of features, with the centres of the classes.
struct Network {
    first: Var,
    second: Var,
    features: Var,
    centres: Var,
}

impl Network {
    fn new(random: &mut Random) -> Result<Self> {
        let mut weights = |shape: &[usize]| {
            let inputs: usize = shape[1..].iter().product();
            let matrix = random.matrix(shape[0], inputs, (2.0 / inputs as f64).sqrt());
            Var::from_vec(matrix.into_raw_vec_and_offset().0, shape, &Device::Cpu)
        };
        Ok(Self {
            first: weights(&[8, 1, 5, 5])?,
            second: weights(&[16, 8, 3, 3])?,
            features: weights(&[FEATURES, 16 * 5 * 5])?,
            centres: weights(&[CLASSES, FEATURES])?,
        })
    }

    /// [N, 1, 28, 28] to [N, FEATURES].
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let x = images.conv2d(&self.first, 0, 2, 1, 1)?.relu()?;
        let x = x.conv2d(&self.second, 0, 2, 1, 1)?.relu()?;
        x.flatten_from(1)?.matmul(&self.features.t()?)
    }

    fn variables(&self) -> Vec<Var> {
        [&self.first, &self.second, &self.features, &self.centres]
            .map(Var::clone)
            .to_vec()
    }
}

/// Images and labels as tensors.
fn tensors(digits: &Digits) -> Result<(Tensor, Tensor)> {
    let pixels: Vec<f32> = digits.images.iter().copied().collect();
    let images = Tensor::from_vec(pixels, (digits.len(), 1, 28, 28), &Device::Cpu)?;
    let labels = Tensor::from_vec(digits.labels.to_vec(), digits.len(), &Device::Cpu)?;
    Ok((images, labels))
}

/// Trains with the loss of features, centres and labels: accuracy, time of a step, and of that the loss with its backward pass.
fn train(
    name: &str,
    (train, test): (&Digits, &Digits),
    loss: impl Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    score: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> std::result::Result<[String; 4], Box<dyn std::error::Error>> {
    let mut random = Random::new(SEED);
    let network = Network::new(&mut random)?;
    let parameters = ParamsAdamW {
        lr: RATE,
        weight_decay: 0.0,
        ..ParamsAdamW::default()
    };
    let mut optimiser = AdamW::new(network.variables(), parameters)?;
    let count = EPOCHS * (train.len() / BATCH);
    let mut progress = Progress::new(&MultiProgress::new(), name.to_owned(), count)?;
    let mut steps = Steps::default();
    for _ in 0..EPOCHS {
        let order = random.permutation(train.len());
        for positions in order.chunks_exact(BATCH) {
            let (images, labels) = tensors(&train.select(positions))?;
            let features = network.forward(&images)?;
            let value = steps.loss(|| loss(&features, &network.centres, &labels))?;
            optimiser.backward_step(&value)?;
            progress.step(value.to_scalar()?);
        }
    }
    steps.stop();
    progress.finish()?;
    let (images, labels) = tensors(test)?;
    let scores = score(&network.forward(&images)?, &network.centres)?;
    let right = scores.argmax(1)?.to_dtype(labels.dtype())?.eq(&labels)?;
    let right: Vec<u8> = right.to_vec1()?;
    let count = right.iter().filter(|&&is_right| is_right == 1).count();
    Ok(steps.row(name, count, right.len()))
}

fn logits(features: &Tensor, centres: &Tensor) -> Result<Tensor> {
    features.matmul(&centres.t()?)
}

fn cosines(features: &Tensor, centres: &Tensor) -> Result<Tensor> {
    let unit = |x: &Tensor| x.broadcast_div(&x.sqr()?.sum_keepdim(1)?.sqrt()?);
    logits(&unit(features)?, &unit(centres)?)
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (training, test) = mnist_subset()?.shuffled_split(SEED, TRAIN);
    let digits = (&training, &test);
    let softmax = SoftmaxCrossEntropy::default();
    // The default scale is meant for tens of thousands of classes.
    let arc_face = ArcFace {
        s: 16.0,
        ..ArcFace::default()
    };
    let rows = [
        train(
            "candle_nn's cross-entropy",
            digits,
            |x, w, y| candle_loss::cross_entropy(&logits(x, w)?, y),
            logits,
        )?,
        train(
            "SoftmaxCrossEntropy",
            digits,
            |x, w, y| softmax.apply(&[&logits(x, w)?, y]),
            logits,
        )?,
        train(
            "ArcFace",
            digits,
            |x, w, y| arc_face.apply(&[x, w, y]),
            cosines,
        )?,
    ];
    println!("{}", Steps::table(rows));
    Ok(())
}
