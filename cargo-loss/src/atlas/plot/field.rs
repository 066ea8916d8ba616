//! The plane of the first two numbers of an input: which way descent goes, and where one class ends.

use plotters::prelude::*;

use super::{Drawn, Figure, SERIES, TEXT, chart, steps};
use crate::atlas::scene::{Moved, Scene};

/// Arrows along a side.
const ARROWS: usize = 17;
/// Squares along a side.
const SQUARES: usize = 60;

fn side(scene: &Scene<'_>) -> (f64, f64) {
    match scene.moved {
        Moved::Logit(_) => (-4.0, 4.0),
        Moved::Angle { .. } => (-1.5, 1.5),
        Moved::Element(_) => scene.range(),
    }
}

/// The direction of steepest descent at every point; the longest arrow is as long as the distance between two.
pub(crate) fn field(scene: &mut Scene<'_>, name: &str) -> Result<Figure, String> {
    let (low, high) = side(scene);
    let mut arrows = vec![];
    for y in steps(low, high, ARROWS) {
        for x in steps(low, high, ARROWS) {
            let slope = scene.at([x, y]).slope;
            let (dx, dy) = (-slope[0], -slope[1]);
            if dx.is_finite() && dy.is_finite() {
                arrows.push(((x, y), (dx, dy)));
            }
        }
    }
    let longest = arrows
        .iter()
        .map(|arrow| arrow.1.0.hypot(arrow.1.1))
        .fold(0.0, f64::max);
    let gap = (high - low) / (ARROWS - 1) as f64;
    // The length tells the order of magnitude: a cube root.
    let scaled = |(dx, dy): (f64, f64)| {
        let size = dx.hypot(dy);
        let scale = if size > 0.0 {
            gap * (size / longest).cbrt() / size
        } else {
            0.0
        };
        (dx * scale, dy * scale)
    };
    let axis = |at| format!("{name}{at}");
    let caption = "Which way gradient descent moves the input; the length of an arrow is the cube root of the gradient's";
    chart(
        (low, high, &axis("₁")),
        (low, high, &axis("₂")),
        caption,
        |chart| {
            for &((x, y), direction) in &arrows {
                let (dx, dy) = scaled(direction);
                let line = PathElement::new([(x, y), (x + dx, y + dy)], SERIES[0].stroke_width(1));
                chart.draw_series([line])?;
                chart.draw_series([Circle::new((x + dx, y + dy), 2, SERIES[0].filled())])?;
            }
            Ok(())
        },
    )
}

/// Where the loss with either label is below what guessing costs: with a margin there is a gap between the two.
pub(crate) fn boundary(scene: &mut Scene<'_>, name: &str) -> Result<Option<Figure>, String> {
    if matches!(scene.moved, Moved::Element(_)) {
        return Ok(None);
    }
    let (low, high) = side(scene);
    let guessing = std::f64::consts::LN_2;
    let square = (high - low) / SQUARES as f64;
    let mut sides: [Vec<(f64, f64)>; 2] = [vec![], vec![]];
    for (class, inside) in sides.iter_mut().enumerate() {
        scene.label(class);
        for y in steps(low + square / 2.0, high - square / 2.0, SQUARES) {
            for x in steps(low + square / 2.0, high - square / 2.0, SQUARES) {
                if scene.value_at([x, y]) < guessing {
                    inside.push((x, y));
                }
            }
        }
    }
    scene.label(0);
    if sides.iter().any(Vec::is_empty) {
        return Ok(None);
    }
    let axis = |at| format!("{name}{at}");
    let caption = "Where a sample of the first and of the second class costs less than guessing, ln 2: the decision boundary, or with a margin the gap";
    let figure = chart(
        (low, high, &axis("₁")),
        (low, high, &axis("₂")),
        caption,
        |chart| {
            for (class, inside) in sides.iter().enumerate() {
                squares(chart, inside, square, class)?;
            }
            chart.draw_series([PathElement::new(
                [(low, 0.0), (high, 0.0)],
                TEXT.stroke_width(1),
            )])?;
            chart.draw_series([PathElement::new(
                [(0.0, low), (0.0, high)],
                TEXT.stroke_width(1),
            )])?;
            Ok(())
        },
    )?;
    Ok(Some(figure))
}

/// Squares of a row that touch are one rectangle.
fn squares(
    chart: &mut super::Chart<'_>,
    inside: &[(f64, f64)],
    square: f64,
    class: usize,
) -> Drawn {
    let half = square / 2.0;
    let mut at = 0;
    while at < inside.len() {
        let (x, y) = inside[at];
        let mut last = x;
        while let Some(&(next, row)) = inside.get(at + 1)
            && row == y
            && next - last < 1.5 * square
        {
            last = next;
            at += 1;
        }
        at += 1;
        let corners = [(x - half, y - half), (last + half, y + half)];
        let style = SERIES[class].mix(0.45).filled();
        chart.draw_series([Rectangle::new(corners, style)])?;
    }
    Ok(())
}
