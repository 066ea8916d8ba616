//! Cross-entropy with its gradient, ours against candle's own, in turns.
//!
//! `cargo bench -p loss-candle`

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss as candle_loss;
use examples::random::Random;
use examples::report::headed;
use examples::timing::{turns, versus};
use loss_candle::CandleLoss;
use loss_dsl::losses::SoftmaxCrossEntropy;

const ROUNDS: usize = 9;

fn differentiate(z: &Var, value: Tensor) -> Result<()> {
    assert!(value.backward()?.get(z).is_some());
    Ok(())
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
        let own = || candle_loss::cross_entropy(&z, &y);
        let contestants: [&dyn Fn() -> Result<()>; 2] = [&|| differentiate(&z, own()?), &|| {
            differentiate(&z, loss.apply(&[&z, &y])?)
        }];
        table.add_row(versus(format!("{n} × {c}"), turns(ROUNDS, contestants)?));
    }
    println!("{table}");
    Ok(())
}
