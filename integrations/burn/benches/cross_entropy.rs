//! Cross-entropy with its gradient, ours against burn's own, in turns.
//!
//! `cargo bench -p loss-burn`

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use examples::random::Random;
use examples::report::headed;
use examples::timing::{turns, versus};
use loss_burn::{BurnLoss, Error};
use loss_dsl::losses::SoftmaxCrossEntropy;

const ROUNDS: usize = 9;

fn main() -> Result<(), Error> {
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
        let differentiate = |value: Tensor<1>| {
            assert!(z.grad(&value.backward()).is_some());
            Ok(())
        };
        let contestants: [&dyn Fn() -> Result<(), Error>; 2] = [
            &|| differentiate(own.forward(z.clone(), y.clone())),
            &|| differentiate(loss.apply((&z, &y))?),
        ];
        table.add_row(versus(format!("{n} × {c}"), turns(ROUNDS, contestants)?));
    }
    println!("{table}");
    Ok(())
}
