//! A convolutional network of burn's learns handwritten digits, with burn's own cross-entropy, with ours, and with ArcFace.
//!
//! `cargo run --release -p loss-burn --example burn_digits`
//!
//! The same network starts from the same weights and sees the same digits in the same order each time. From softmax to ArcFace is one
//! line.

use std::error::Error;

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use examples::data::{CLASSES, Digits, mnist_subset};
use examples::progress::Progress;
use examples::random::Random;
use examples::timing::Steps;
use indicatif::MultiProgress;
use loss_burn::BurnLoss;
use loss_dsl::losses::{ArcFace, SoftmaxCrossEntropy};

const TRAIN: usize = 8_000;
const EPOCHS: usize = 6;
const BATCH: usize = 64;
const RATE: f64 = 2e-3;
const FEATURES: usize = 32;
const SEED: u64 = 7;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Two convolutions and a layer of features, with the centres of the classes.
#[derive(Module, Debug)]
struct Network {
    first: Conv2d,
    second: Conv2d,
    features: Linear,
    centres: Param<Tensor<2>>,
}

impl Network {
    fn new(device: &Device) -> Self {
        device.seed(SEED);
        let centres = Random::new(SEED).matrix(CLASSES, FEATURES, 0.25);
        let (centres, _) = centres.into_raw_vec_and_offset();
        let centres = TensorData::new(centres, [CLASSES, FEATURES]);
        Self {
            first: Conv2dConfig::new([1, 8], [5, 5])
                .with_stride([2, 2])
                .init(device),
            second: Conv2dConfig::new([8, 16], [3, 3])
                .with_stride([2, 2])
                .init(device),
            features: LinearConfig::new(16 * 5 * 5, FEATURES)
                .with_bias(false)
                .init(device),
            centres: Param::from_tensor(Tensor::from_data(centres, device)),
        }
    }

    /// [N, 1, 28, 28] to [N, FEATURES].
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = relu(self.first.forward(images));
        let x = relu(self.second.forward(x));
        self.features.forward(x.flatten(1, 3))
    }
}

/// Images and labels as tensors.
fn tensors(digits: &Digits, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let count = digits.len();
    let pixels: Vec<f32> = digits.images.iter().copied().collect();
    let labels: Vec<i64> = digits
        .labels
        .iter()
        .map(|&label| i64::from(label))
        .collect();
    let images = Tensor::from_data(TensorData::new(pixels, [count, 1, 28, 28]), device);
    (
        images,
        Tensor::from_data(TensorData::new(labels, [count]), device),
    )
}

/// Trains with the loss of features, centres and labels: accuracy, time of a step, and of that the loss.
fn train(
    name: &str,
    (train, test): (&Digits, &Digits),
    loss: impl Fn(Tensor<2>, Tensor<2>, Tensor<1, Int>) -> Result<Tensor<1>, loss_burn::Error>,
    score: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
) -> Outcome<[String; 4]> {
    let device = Device::flex().autodiff();
    let mut network = Network::new(&device);
    let mut optimiser = AdamConfig::new().init();
    let mut random = Random::new(SEED);
    let count = EPOCHS * (train.len() / BATCH);
    let mut progress = Progress::new(&MultiProgress::new(), name.to_owned(), count)?;
    let mut steps = Steps::default();
    for _ in 0..EPOCHS {
        let order = random.permutation(train.len());
        for positions in order.chunks_exact(BATCH) {
            let (images, labels) = tensors(&train.select(positions), &device);
            let features = network.forward(images);
            let value = steps.loss(|| loss(features, network.centres.val(), labels))?;
            let gradients = GradientsParams::from_grads(value.backward(), &network);
            network = optimiser.step(RATE, network, gradients);
            progress.step(value.into_scalar());
        }
    }
    steps.stop();
    progress.finish()?;
    let (images, labels) = tensors(test, &device);
    let scores = score(network.forward(images), network.centres.val());
    let right = scores
        .argmax(1)
        .flatten::<1>(0, 1)
        .equal(labels)
        .int()
        .sum();
    let right: i64 = right.into_scalar();
    Ok(steps.row(name, right as usize, test.len()))
}

fn logits(features: Tensor<2>, centres: Tensor<2>) -> Tensor<2> {
    features.matmul(centres.transpose())
}

fn cosines(features: Tensor<2>, centres: Tensor<2>) -> Tensor<2> {
    let unit = |x: Tensor<2>| x.clone() / (x.clone() * x).sum_dim(1).sqrt();
    logits(unit(features), unit(centres))
}

fn main() -> Outcome<()> {
    let (training, test) = mnist_subset()?.shuffled_split(SEED, TRAIN);
    let digits = (&training, &test);
    let own = CrossEntropyLossConfig::new().init(&Device::flex().autodiff());
    let softmax = SoftmaxCrossEntropy::default();
    // The default scale is meant for tens of thousands of classes.
    let arc_face = ArcFace {
        s: 16.0,
        ..ArcFace::default()
    };
    let rows = [
        train(
            "burn's CrossEntropyLoss",
            digits,
            |x, w, y| Ok(own.forward(logits(x, w), y)),
            logits,
        )?,
        train(
            "SoftmaxCrossEntropy",
            digits,
            |x, w, y| softmax.apply((&logits(x, w), &y)),
            logits,
        )?,
        train(
            "ArcFace",
            digits,
            |x, w, y| arc_face.apply((&x, &w, &y)),
            cosines,
        )?,
    ];
    println!("{}", Steps::table(rows));
    Ok(())
}
