//! The guide's page on scaling: its table is what the counted bytes and operations give.

use std::fmt::Write;

use loss_dsl::losses::ArcFace;
use loss_tests::support::subject::Subject;

use super::sharded::calls::traffic_of_gradients;

/// A step of a head: samples, features, classes, ranks.
#[derive(Clone, Copy)]
struct Step {
    n: f64,
    d: f64,
    c: f64,
    ranks: f64,
}

/// Operations a second, of a machine.
const RATE: f64 = 5e12;
/// Seconds until a message arrives.
const LATENCY: f64 = 30e-6;
/// Bytes from all others that go at once, as in the run time.
const AT_ONCE: f64 = 32768.0;

impl Step {
    /// Weights and their gradient, in f32.
    fn memory(self) -> f64 {
        2.0 * 4.0 * self.c / self.ranks * self.d
    }

    /// The logits, the two gradients, and of the logits a second time what found no room in the memory of a gradient.
    fn operations(self) -> f64 {
        let again = (1.0 - self.d / self.n).max(0.0);
        (3.0 + again) * 2.0 * self.n * self.d * self.c / self.ranks
    }

    /// Bytes that a rank sends, and messages that it waits for: a digest of the call; of each sample three numbers that the owner of its class
    /// has, a maximum, a sum of exponentials (in two floats) and what the projection of its gradient takes (in two floats); and
    /// the gradient of the features before it is projected. Nothing of the size of the classes.
    fn traffic(self) -> (f64, f64) {
        let others = self.ranks - 1.0;
        if others == 0.0 {
            return (0.0, 0.0);
        }
        let (mut bytes, mut messages) = (192.0 * others, 1.0);
        let numbers = [
            3.0 * self.n,
            self.n,
            2.0 * self.n,
            2.0 * self.n,
            self.n * self.d,
        ];
        for each in numbers {
            let size = 4.0 * each;
            let at_once = size * others <= AT_ONCE;
            bytes += size * others * if at_once { 1.0 } else { 2.0 / self.ranks };
            messages += if at_once { 1.0 } else { 2.0 };
        }
        (bytes, messages)
    }

    /// With so many bytes a second between machines.
    fn seconds(self, bandwidth: f64) -> f64 {
        let (bytes, messages) = self.traffic();
        self.operations() / RATE + bytes / bandwidth + messages * LATENCY
    }
}

fn table() -> String {
    let mut text = String::from(
        "| classes | machines | memory each | arithmetic | sent by each | a step, 25 Gbit/s | 200 Gbit/s |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, c) in [("10⁶", 1e6), ("10⁸", 1e8), ("10⁹", 1e9)] {
        for ranks in [1.0, 8.0, 64.0] {
            let step = Step {
                n: 1024.0,
                d: 512.0,
                c,
                ranks,
            };
            let seconds = |bits: f64| time(step.seconds(bits / 8.0));
            let _ = writeln!(
                text,
                "| {name} | {ranks} | {} | {} | {} | {} | {} |",
                size(step.memory()),
                time(step.operations() / RATE),
                size(step.traffic().0),
                seconds(25e9),
                seconds(200e9),
            );
        }
    }
    text
}

fn size(bytes: f64) -> String {
    match bytes {
        0.0 => "0".to_owned(),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b if b < 1e12 => format!("{:.1} GB", b / 1e9),
        b => format!("{:.1} TB", b / 1e12),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// The formulas are what the run time counts, whatever the number of classes.
#[test]
fn traffic_is_what_is_counted() {
    let subject = Subject::built_in("ArcFace");
    for (n, d, c, ranks) in [
        (64, 128, 1000, 2),
        (64, 128, 4000, 2),
        (64, 128, 1000, 4),
        (1024, 32, 200, 4),
        (2048, 16, 64, 3),
    ] {
        let extents = |dim: &str| match dim {
            "N" => n,
            "C" => c,
            _ => d,
        };
        let arrays = subject.sample(extents, 35);
        let traffic = traffic_of_gradients(&ArcFace::default(), &arrays, ranks);
        let [n, d, c, ranks] = [n, d, c, ranks].map(|extent| extent as f64);
        let (bytes, messages) = Step { n, d, c, ranks }.traffic();
        assert_eq!(traffic.messages, messages as u64);
        // Pieces are of whole numbers.
        let padding = traffic.bytes_sent as f64 - bytes;
        assert!((0.0..100.0).contains(&padding), "{traffic:?}, not {bytes}");
    }
}

#[test]
fn the_table_of_the_guide_follows_from_the_counted_bytes() {
    let guide = include_str!("../../loss-dsl/guide/src/scaling.md");
    let table = table();
    assert!(guide.contains(&table), "{table}");
}
