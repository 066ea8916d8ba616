//! What a trained embedding looks like: accuracy, angles within and between classes, a table of both.
//!
//! The mean direction of a class is the mean of its unit embeddings. The intra-class angle is the mean, over samples, of
//! the angle to the mean direction of the sample's class; the inter-class angle is the mean over pairs of classes of the
//! angle between their mean directions. Angles are taken as 2·atan2(‖u − v‖, ‖u + v‖), which unlike acos⟨u, v⟩ keeps its
//! digits near 0 and π.

use std::fmt;

use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::data::CLASSES;

/// The result of one training.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The loss.
    pub name: &'static str,
    /// Share of test digits recognised, 0 to 1.
    pub accuracy: f64,
    /// Mean angle between an embedding and its class's mean direction, degrees.
    pub intra: f64,
    /// Mean angle between the mean directions of two classes, degrees.
    pub inter: f64,
}

/// A row a loss.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = [
            "loss",
            "test accuracy",
            "intra-class angle",
            "inter-class angle",
        ];
        writeln!(
            f,
            "{:<10}  {}  {}  {}",
            heads[0], heads[1], heads[2], heads[3]
        )?;
        for row in &self.0 {
            let Row {
                name,
                accuracy,
                intra,
                inter,
            } = row;
            writeln!(
                f,
                "{name:<10}  {accuracy:>13.4}  {intra:>16.1}°  {inter:>16.1}°"
            )?;
        }
        Ok(())
    }
}

/// The share of `predicted` that equals `labels`.
pub fn accuracy(predicted: &Array1<u8>, labels: &Array1<u8>) -> f64 {
    let right = predicted.iter().zip(labels).filter(|(p, y)| p == y).count();
    right as f64 / labels.len() as f64
}

/// The mean intra-class and inter-class angles of `embeddings` [N, D], in degrees.
///
/// Classes without a sample are left out.
pub fn class_angles(embeddings: &Array2<f32>, labels: &Array1<u8>) -> (f64, f64) {
    let units: Vec<Array1<f64>> = embeddings
        .rows()
        .into_iter()
        .map(|row| unit(row.mapv(f64::from)))
        .collect();
    let mut sums = Array2::<f64>::zeros((CLASSES, embeddings.ncols()));
    for (direction, &label) in units.iter().zip(labels) {
        let mut sum = sums.row_mut(usize::from(label));
        sum += direction;
    }
    let means: Vec<Array1<f64>> = sums
        .axis_iter(Axis(0))
        .map(|sum| unit(sum.to_owned()))
        .collect();
    let present: Vec<usize> = (0..CLASSES)
        .filter(|&class| labels.iter().any(|&label| usize::from(label) == class))
        .collect();

    let within = units
        .iter()
        .zip(labels)
        .map(|(direction, &label)| degrees(direction.view(), means[usize::from(label)].view()));
    let between = present.iter().enumerate().flat_map(|(i, &a)| {
        let means = &means;
        present[i + 1..]
            .iter()
            .map(move |&b| degrees(means[a].view(), means[b].view()))
    });
    (mean(within), mean(between))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

/// A zero vector has no direction and stays zero.
fn unit(vector: Array1<f64>) -> Array1<f64> {
    let length = vector.dot(&vector).sqrt();
    if length > 0.0 {
        vector / length
    } else {
        vector
    }
}

fn degrees(u: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>) -> f64 {
    let length = |difference: Array1<f64>| difference.dot(&difference).sqrt();
    2.0 * length(&u - &v).atan2(length(&u + &v)).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn angles_of_a_plane_figure() {
        let embeddings = array![[2.0, 2.0], [3.0, -3.0], [0.0, 5.0], [0.0, 1.0]];
        let (intra, inter) = class_angles(&embeddings, &array![0, 0, 4, 4]);
        assert!((intra - 22.5).abs() < 1e-12, "{intra}");
        assert!((inter - 90.0).abs() < 1e-12, "{inter}");
    }

    #[test]
    fn a_table_begins_a_row_with_name_and_accuracy() {
        let row = Row {
            name: "ArcFace",
            accuracy: 0.97134,
            intra: 9.87,
            inter: 95.0,
        };
        let text = Table(vec![row]).to_string();
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words, ["ArcFace", "0.9713", "9.9°", "95.0°"]);
    }
}
