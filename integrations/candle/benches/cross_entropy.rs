//! Cross-entropy with its gradient, ours against candle's own, in turns.
//!
//! `cargo bench -p loss-candle`

use std::time::{Duration, Instant};

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss as candle_loss;
use examples::random::Random;
use examples::report::headed;
use loss_candle::CandleLoss;
use loss_dsl::losses::SoftmaxCrossEntropy;

const ROUNDS: usize = 9;

/// The best time of a value and its backward pass, of each of the contestants in turns.
fn best(z: &Var, losses: [&dyn Fn() -> Result<Tensor>; 2]) -> Result<[Duration; 2]> {
    let mut best = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for (best, loss) in best.iter_mut().zip(losses) {
            let start = Instant::now();
            let gradients = loss()?.backward()?;
            *best = start.elapsed().min(*best);
            assert!(gradients.get(z).is_some());
        }
    }
    Ok(best)
}

fn main() -> Result<()> {
    let mut table = headed(["N × C", "candle_nn", "loss-candle", "times faster"]);
    for (n, c) in [(64, 10), (4096, 1000), (2048, 32000)] {
        let mut random = Random::new(1);
        let (logits, _) = random.matrix(n, c, 2.0).into_raw_vec_and_offset();
        let z = Var::from_vec(logits, (n, c), &Device::Cpu)?;
        let labels: Vec<u32> = (0..n).map(|_| random.below(c) as u32).collect();
        let y = Tensor::from_vec(labels, n, &Device::Cpu)?;
        let loss = SoftmaxCrossEntropy::default();
        let [theirs, ours] = best(
            &z,
            [&|| candle_loss::cross_entropy(&z, &y), &|| {
                loss.apply(&[&z, &y])
            }],
        )?;
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
    Ok(())
}
