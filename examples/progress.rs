//! How a training is getting on: a bar, and the loss as a running mean.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle, style::TemplateError};

/// The share of a new loss in the running mean.
const NEW: f32 = 0.02;

/// One training of those that go on at once.
#[derive(Debug)]
pub struct Progress {
    name: String,
    bar: ProgressBar,
    average: Option<f32>,
    start: Instant,
}

impl Progress {
    /// Adds a bar of `steps` to `bars`, which show nothing where standard error is not a terminal.
    ///
    /// # Errors
    /// Never, but that the compiler does not read the template.
    pub fn new(bars: &MultiProgress, name: String, steps: usize) -> Result<Self, TemplateError> {
        let template = "{msg:<48} {wide_bar} {pos}/{len} steps, {eta} left";
        let style = ProgressStyle::with_template(template)?;
        Ok(Self {
            name,
            bar: bars.add(ProgressBar::new(steps as u64).with_style(style)),
            average: None,
            start: Instant::now(),
        })
    }

    /// One step more, with this loss.
    pub fn step(&mut self, loss: f32) {
        let average = self.average.map_or(loss, |old| old + NEW * (loss - old));
        self.average = Some(average);
        self.bar
            .set_message(format!("{}: loss {average:.4}", self.name));
        self.bar.inc(1);
    }

    /// Takes the bar away; where it could not be seen, a line takes its place.
    ///
    /// # Errors
    /// If a loss was not finite.
    pub fn finish(self) -> Result<(), String> {
        self.bar.finish_and_clear();
        let average = self.average.unwrap_or(0.0);
        // What is not finite stays in the mean.
        if !average.is_finite() {
            return Err(format!("{}: a loss was not finite", self.name));
        }
        if !std::io::stderr().is_terminal() {
            let seconds = self.start.elapsed().as_secs_f64();
            let name = self.name;
            eprintln!("{name}: trained in {seconds:.1} s, loss {average:.4}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(losses: &[f32]) -> Result<(), String> {
        let mut progress = Progress::new(&MultiProgress::new(), "a test".to_owned(), 3).unwrap();
        losses.iter().for_each(|&loss| progress.step(loss));
        progress.finish()
    }

    #[test]
    fn a_loss_that_was_not_finite_is_not_forgotten() {
        assert_eq!(finished(&[1.0, 0.5, 0.25]), Ok(()));
        assert!(finished(&[1.0, f32::NAN, 0.25]).is_err());
        assert!(finished(&[f32::INFINITY, 0.5, 0.25]).is_err());
    }
}
