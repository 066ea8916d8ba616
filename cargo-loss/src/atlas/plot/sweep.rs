//! The loss and its slope while one number of the inputs moves.

use super::{Figure, Line, lines, steps};
use crate::atlas::scene::Scene;

/// The loss and its slope.
pub(crate) fn sweep(scene: &mut Scene<'_>) -> Result<Figure, String> {
    let (low, high) = scene.range();
    let (mut value, mut slope) = (vec![], vec![]);
    for at in steps(low, high, 241) {
        let seen = scene.along(at);
        value.push((at, seen.0));
        slope.push((at, seen.1));
    }
    let name = scene.called();
    let all = [
        Line {
            name: "loss".to_owned(),
            points: value,
        },
        Line {
            name: "slope".to_owned(),
            points: slope,
        },
    ];
    lines(
        (low, high, &name),
        "",
        &format!("The loss and its slope against {name}"),
        &all,
    )
}
