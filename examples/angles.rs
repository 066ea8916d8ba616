//! Angles within and between the classes of an embedding.
//!
//! The mean direction of a class is the mean of its unit embeddings. Angles are taken as 2·atan2(‖u − v‖, ‖u + v‖), which
//! unlike acos⟨u, v⟩ keeps its digits near 0 and π.

use ndarray::{Array1, Array2, ArrayView1};

/// Angles in degrees. NaN where there is nothing to average, or fewer than two classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassAngles {
    /// Intra-class: the mean over samples of the angle to the mean direction of the sample's class.
    pub within: f64,
    /// Inter-class: the mean over pairs of classes of the angle between their mean directions.
    pub between: f64,
    /// The angle of the two classes that are closest to each other.
    pub closest: f64,
}

impl ClassAngles {
    /// The angles of `embeddings` [N, D]. Classes without a sample are left out.
    pub fn of(embeddings: &Array2<f32>, labels: &Array1<u8>) -> Self {
        let units = units(embeddings);
        let means = means(&units, labels);
        let mean_of = |label: u8| means[usize::from(label)].as_ref();
        let within = units.iter().zip(labels).filter_map(|(unit, &label)| {
            mean_of(label).map(|direction| degrees(unit.view(), direction.view()))
        });
        let present: Vec<&Array1<f64>> = means.iter().flatten().collect();
        let between: Vec<f64> = present
            .iter()
            .enumerate()
            .flat_map(|(i, a)| present[..i].iter().map(|b| degrees(a.view(), b.view())))
            .collect();
        Self {
            within: mean(within),
            closest: between.iter().copied().fold(f64::NAN, f64::min),
            between: mean(between.into_iter()),
        }
    }
}

/// The mean direction of every class up to the largest label; `None` for a class without a sample.
pub fn mean_directions(embeddings: &Array2<f32>, labels: &Array1<u8>) -> Vec<Option<Array1<f64>>> {
    means(&units(embeddings), labels)
}

fn units(embeddings: &Array2<f32>) -> Vec<Array1<f64>> {
    let rows = embeddings.rows().into_iter();
    rows.map(|row| unit(row.mapv(f64::from))).collect()
}

fn means(units: &[Array1<f64>], labels: &Array1<u8>) -> Vec<Option<Array1<f64>>> {
    let mut sums: Vec<Option<Array1<f64>>> = Vec::new();
    for (direction, &label) in units.iter().zip(labels) {
        let class = usize::from(label);
        if sums.len() <= class {
            sums.resize(class + 1, None);
        }
        match &mut sums[class] {
            Some(sum) => *sum += direction,
            none => *none = Some(direction.clone()),
        }
    }
    sums.into_iter().map(|sum| sum.map(unit)).collect()
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
        let angles = ClassAngles::of(&embeddings, &array![0, 0, 4, 4]);
        assert!((angles.within - 22.5).abs() < 1e-12, "{angles:?}");
        assert!((angles.between - 90.0).abs() < 1e-12, "{angles:?}");
        assert_eq!(angles.closest, angles.between);
    }

    #[test]
    fn the_closest_of_three_classes() {
        let embeddings = array![[1.0, 0.0], [0.0, 2.0], [-3.0, 3.0]];
        let angles = ClassAngles::of(&embeddings, &array![0, 1, 2]);
        assert_eq!(angles.within, 0.0);
        assert!((angles.closest - 45.0).abs() < 1e-12, "{angles:?}");
        assert!((angles.between - 90.0).abs() < 1e-12, "{angles:?}");
    }

    #[test]
    fn a_class_without_samples_has_no_direction() {
        let directions = mean_directions(&array![[0.0, 2.0], [0.0, 0.5]], &array![1, 1]);
        assert_eq!(directions, [None, Some(array![0.0, 1.0])]);
    }
}
