//! Handwritten digits from `examples/data`, whose README names authors, licences and changes.
//!
//! Images are rows of grey values in [0, 1]; labels are 0 to 9. The cut into train and test is made after a shuffle with a
//! fixed seed, so that a result can be repeated.

use std::fs::File;
use std::io::{self, Read};
use std::ops::RangeBounds;
use std::path::Path;

use flate2::read::GzDecoder;
use ndarray::{Array1, Array2, Axis};

use crate::random::Random;

/// The digits 0 to 9.
pub const CLASSES: usize = 10;

/// Bytes of one digit in `mnist10k.bin.gz`: the label, then 28 × 28 grey values.
const MNIST_RECORD: usize = 1 + 28 * 28;

/// Images and what they show.
#[derive(Clone, Debug)]
pub struct Digits {
    /// One image a row, row by row, grey values in [0, 1].
    pub images: Array2<f32>,
    /// The digit of each image.
    pub labels: Array1<u8>,
}

impl Digits {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// One more than the largest label.
    pub fn classes(&self) -> usize {
        let labels = self.labels.iter().map(|&label| usize::from(label));
        labels.max().map_or(0, |largest| largest + 1)
    }

    /// Those whose label is in `labels`, in their order.
    pub fn only(&self, labels: impl RangeBounds<u8>) -> Self {
        let positions: Vec<usize> = (0..self.len())
            .filter(|&position| labels.contains(&self.labels[position]))
            .collect();
        self.select(&positions)
    }

    /// The digits at `positions`, in that order.
    ///
    /// # Panics
    /// If a position is not below [`Self::len`].
    pub fn select(&self, positions: &[usize]) -> Self {
        Self {
            images: self.images.select(Axis(0), positions),
            labels: self.labels.select(Axis(0), positions),
        }
    }

    /// Every image moved by up to `most` pixels either way, across and down; what enters is black.
    ///
    /// # Panics
    /// If the images are not square.
    pub fn moved(mut self, most: usize, random: &mut Random) -> Self {
        let side = self.images.ncols().isqrt();
        assert_eq!(side * side, self.images.ncols(), "images must be square");
        for mut image in self.images.rows_mut() {
            let [down, across] = [(); 2].map(|()| random.below(2 * most + 1));
            let original = image.to_owned();
            for (position, grey) in image.iter_mut().enumerate() {
                let row = (position / side + down).checked_sub(most);
                let column = (position % side + across).checked_sub(most);
                *grey = match (row, column) {
                    (Some(r), Some(c)) if r < side && c < side => original[r * side + c],
                    _ => 0.0,
                };
            }
        }
        self
    }

    /// The first `train` digits of a shuffle with `seed`, and the others.
    ///
    /// # Panics
    /// If `train` is more than there are.
    pub fn shuffled_split(&self, seed: u64, train: usize) -> (Self, Self) {
        let order = Random::new(seed).permutation(self.len());
        let (train, test) = order.split_at(train);
        (self.select(train), self.select(test))
    }
}

/// 10,000 digits of MNIST, 28×28: not its official test set.
///
/// # Errors
/// If the file is missing or damaged.
pub fn mnist_subset() -> io::Result<Digits> {
    let bytes = unpack("mnist10k.bin.gz")?;
    if bytes.len() % MNIST_RECORD != 0 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "mnist10k.bin.gz ends within a digit",
        ));
    }
    let records = bytes.chunks_exact(MNIST_RECORD);
    let labels = records.clone().map(|record| record[0]).collect();
    let greys = records.flat_map(|record| &record[1..]);
    digits(labels, greys.map(|&grey| f32::from(grey) / 255.0).collect())
}

/// 1,797 optically scanned digits, 8×8.
///
/// # Errors
/// If the file is missing or damaged.
pub fn optical_digits() -> io::Result<Digits> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let bytes = unpack("digits.csv.gz")?;
    let text = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
    let (mut labels, mut greys) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let damaged = || invalid(format!("digits.csv.gz, line {}: {line}", number + 1));
        let (pixels, label) = line.rsplit_once(',').ok_or_else(damaged)?;
        labels.push(label.parse().map_err(|_| damaged())?);
        for grey in pixels.split(',') {
            greys.push(grey.parse::<f32>().map_err(|_| damaged())? / 16.0);
        }
    }
    digits(labels, greys)
}

fn unpack(name: &str) -> io::Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name);
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(&path).map_err(named)?)
        .read_to_end(&mut bytes)
        .map_err(named)?;
    Ok(bytes)
}

fn digits(labels: Vec<u8>, greys: Vec<f32>) -> io::Result<Digits> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    if let Some(label) = labels.iter().find(|&&label| usize::from(label) >= CLASSES) {
        return Err(invalid(format!("a label of {label} is not a digit")));
    }
    let pixels = greys.len().checked_div(labels.len()).unwrap_or(0);
    let images = Array2::from_shape_vec((labels.len(), pixels), greys)
        .map_err(|_| invalid("images of different sizes".to_owned()))?;
    Ok(Digits {
        images,
        labels: Array1::from_vec(labels),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_class(digits: &Digits) -> [usize; CLASSES] {
        let mut count = [0; CLASSES];
        for &label in &digits.labels {
            count[usize::from(label)] += 1;
        }
        count
    }

    #[test]
    fn mnist_subset_has_its_published_class_counts() {
        let digits = mnist_subset().unwrap();
        assert_eq!(digits.images.dim(), (10_000, 784));
        let counts = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
        assert_eq!(per_class(&digits), counts);
        assert!(digits.images.iter().all(|grey| (0.0..=1.0).contains(grey)));
    }

    #[test]
    fn optical_digits_have_their_published_class_counts() {
        let digits = optical_digits().unwrap();
        assert_eq!(digits.images.dim(), (1797, 64));
        let counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        assert_eq!(per_class(&digits), counts);
        assert!(digits.images.iter().all(|grey| (0.0..=1.0).contains(grey)));
    }

    #[test]
    fn moved_images_keep_their_grey_away_from_the_border() {
        let mut images = Array2::zeros((20, 25));
        images.column_mut(12).fill(1.0);
        images.column_mut(0).fill(0.5);
        let digits = Digits {
            images,
            labels: Array1::zeros(20),
        };
        let moved = digits.moved(1, &mut Random::new(4)).images;
        let mut seen = [false; 25];
        for image in moved.rows() {
            let at = image
                .iter()
                .position(|&grey| grey == 1.0)
                .expect("the dot stays inside");
            let (row, column) = (at / 5, at % 5);
            assert!((1..=3).contains(&row) && (1..=3).contains(&column));
            assert_eq!(image.sum(), if row >= 2 && column >= 2 { 1.5 } else { 1.0 });
            seen[at] = true;
        }
        assert!(seen.iter().filter(|&&seen| seen).count() > 4);
    }

    #[test]
    fn some_classes_are_picked_whole() {
        let digits = optical_digits().unwrap();
        assert_eq!(digits.classes(), CLASSES);
        let few = digits.only(0..3);
        assert_eq!((few.classes(), few.len()), (3, 178 + 182 + 177));
        assert_eq!(per_class(&digits.only(3..))[..4], [0, 0, 0, 183]);
    }

    #[test]
    fn a_split_is_repeatable_and_keeps_every_digit() {
        let digits = optical_digits().unwrap();
        let (train, test) = digits.shuffled_split(1, 1500);
        assert_eq!((train.len(), test.len()), (1500, 297));
        let total = digits.images.mapv(f64::from).sum();
        let parts = train.images.mapv(f64::from).sum() + test.images.mapv(f64::from).sum();
        assert!((total - parts).abs() < 1e-6);
        assert_eq!(digits.shuffled_split(1, 1500).1.labels, test.labels);
        assert_ne!(digits.shuffled_split(2, 1500).1.labels, test.labels);
    }
}
