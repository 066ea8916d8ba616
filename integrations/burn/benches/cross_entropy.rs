//! Cross-entropy with its gradient, ours against burn's own, in turns.
//!
//! `cargo bench -p loss-burn`

use std::time::{Duration, Instant};

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use examples::random::Random;
use examples::report::headed;
use loss_burn::BurnLoss;
use loss_dsl::losses::SoftmaxCrossEntropy;

const ROUNDS: usize = 9;

/// The best time of a value and its backward pass, of each of the contestants in turns.
fn best(z: &Tensor<2>, losses: [&dyn Fn() -> Tensor<1>; 2]) -> [Duration; 2] {
    let mut best = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for (best, loss) in best.iter_mut().zip(losses) {
            let start = Instant::now();
            let gradients = loss().backward();
            *best = start.elapsed().min(*best);
            assert!(z.grad(&gradients).is_some());
        }
    }
    best
}

fn main() {
    let device = Device::flex().autodiff();
    let mut table = headed(["N × C", "burn", "loss-burn", "times faster"]);
    for (n, c) in [(64, 10), (4096, 1000), (2048, 32000)] {
        let mut random = Random::new(1);
        let (logits, _) = random.matrix(n, c, 2.0).into_raw_vec_and_offset();
        let z = Tensor::<2>::from_data(TensorData::new(logits, [n, c]), &device).require_grad();
        let labels: Vec<i64> = (0..n).map(|_| random.below(c) as i64).collect();
        let y = Tensor::<1, Int>::from_data(TensorData::new(labels, [n]), &device);
        let own = CrossEntropyLossConfig::new().init(&device);
        let loss = SoftmaxCrossEntropy::default();
        let [theirs, ours] = best(
            &z,
            [&|| own.forward(z.clone(), y.clone()), &|| {
                loss.apply((&z, &y)).expect("inputs that fit")
            }],
        );
        let ms = |time: Duration| format!("{:.3} ms", 1e3 * time.as_secs_f64());
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        table.add_row([
            format!("{n} × {c}"),
            ms(theirs),
            ms(ours),
            format!("{ratio:.2}"),
        ]);
    }
    println!("{table}");
}
