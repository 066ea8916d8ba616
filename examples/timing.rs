//! How long the steps of a training take, and which of two contestants is faster.

use std::time::{Duration, Instant};

use comfy_table::Table;

use crate::report::{headed, percent};

/// The time of a training, and the part of it that its loss takes.
#[derive(Debug)]
pub struct Steps {
    start: Instant,
    all: Duration,
    in_loss: Duration,
    count: u32,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            all: Duration::ZERO,
            in_loss: Duration::ZERO,
            count: 0,
        }
    }
}

impl Steps {
    /// Computes the loss of one more step.
    pub fn loss<T>(&mut self, compute: impl FnOnce() -> T) -> T {
        let before = Instant::now();
        let value = compute();
        self.in_loss += before.elapsed();
        self.count += 1;
        value
    }

    /// The training is over.
    pub fn stop(&mut self) {
        self.all = self.start.elapsed();
    }

    /// A row of [`Self::table`]. `right` of `tested` digits are recognised.
    pub fn row(&self, name: &str, right: usize, tested: usize) -> [String; 4] {
        let step = |time: Duration| milliseconds(time / self.count.max(1));
        let accuracy = percent(right as f64 / tested as f64);
        let (all, in_loss) = (step(self.all), step(self.in_loss));
        [name.to_owned(), accuracy, all, in_loss]
    }

    /// What trainings took.
    pub fn table(rows: impl IntoIterator<Item = [String; 4]>) -> Table {
        let mut table = headed(["loss", "accuracy", "a step", "of it in the loss"]);
        table.add_rows(rows);
        table
    }
}

/// The best time of each of two contestants, who take `rounds` turns.
///
/// # Errors
/// The first that one of them has.
pub fn turns<E>(
    rounds: usize,
    contestants: [&dyn Fn() -> Result<(), E>; 2],
) -> Result<[Duration; 2], E> {
    let mut best = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (best, contestant) in best.iter_mut().zip(contestants) {
            let start = Instant::now();
            contestant()?;
            *best = start.elapsed().min(*best);
        }
    }
    Ok(best)
}

/// Their times for a problem of that size, and how many times faster the second is.
pub fn versus(size: String, [theirs, ours]: [Duration; 2]) -> [String; 4] {
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    let (theirs, ours) = (milliseconds(theirs), milliseconds(ours));
    [size, theirs, ours, format!("{ratio:.2}")]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", 1e3 * time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_time_of_a_step() {
        let mut steps = Steps::default();
        for _ in 0..2 {
            steps.loss(|| std::thread::sleep(Duration::from_millis(2)));
        }
        steps.stop();
        let row = steps.row("ArcFace", 3, 4);
        assert_eq!(row[..2], ["ArcFace", "75.0 %"]);
        let numbers = row[2..].iter().map(|text| text.trim_end_matches(" ms"));
        let numbers: Vec<f64> = numbers.map(|text| text.parse().unwrap()).collect();
        assert!(numbers[1] >= 2.0 && numbers[0] >= numbers[1], "{row:?}");
    }

    #[test]
    fn the_second_is_so_many_times_faster() {
        let times = [3, 2].map(Duration::from_millis);
        assert_eq!(
            versus("1 × 2".to_owned(), times),
            ["1 × 2", "3.000 ms", "2.000 ms", "1.50"]
        );
        let failed = turns(2, [&|| Ok(()), &|| Err("tired")]);
        assert_eq!(failed, Err("tired"));
    }
}
