//! The table of errors in the documentation of `rt::math`, and whether it is right.

use loss_accuracy::{Worst, is_fused};
use loss_dsl::__rt::isa::Level;

const DOCUMENTATION: &str = include_str!("../../../loss-dsl/src/rt/math/mod.rs");

/// What the table says of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Table {
    /// Its rounded value.
    Measured,
    /// What it does not exceed.
    Bound,
}

/// The documented errors of a function, in ulp: with fused multiply-adds, and without.
fn row(name: &str) -> [f64; 2] {
    let start = format!("//! | `{name}` |");
    let row = DOCUMENTATION.lines().find(|l| l.starts_with(&start));
    let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
    let mut cells = row[start.len()..].split('|').map(|cell| {
        let number = cell.trim().split(' ').next().unwrap_or_default();
        number.parse().unwrap_or_else(|_| panic!("{name}: {cell}"))
    });
    [(); 2].map(|()| cells.next().unwrap())
}

/// Asserts that the table is right about the worst errors of a function.
pub(crate) fn documented(name: &str, levels: &[Level], errors: &[Worst], table: Table) {
    for (&level, &worst) in levels.iter().zip(errors) {
        let [fused, plain] = row(name);
        let bound = if is_fused(level) { fused } else { plain };
        // Nothing was measured where all is correctly rounded.
        let ulp = worst.ulp.max(0.5);
        println!("{name:21} {level:8?} {ulp:.5} ulp at {:?}", worst.at);
        assert!(ulp <= bound, "{name} {level:?}: {worst:?}, not {bound}");
        // Rounded up to three digits.
        assert!(
            table == Table::Bound || ulp > bound - 0.001,
            "{name} {level:?}: {worst:?}, not {bound}"
        );
    }
}
