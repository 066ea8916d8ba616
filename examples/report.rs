//! How well digits are recognised, and a table of it beside the [angles](crate::angles) of the embedding.

use std::fmt;

use comfy_table::{CellAlignment, presets};
use ndarray::Array1;

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

/// A table without rows, of a column of names and columns of numbers.
pub fn headed<const N: usize>(heads: [&str; N]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A share of 1 in percent.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

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
