//! A figure of point clouds in the plane, side by side, one panel a cloud.
//!
//! In each panel the origin is in the middle and both axes have one scale, so that angles are what they look like. A ray
//! shows the mean direction of every class, with its label at the end. Lengths differ from panel to panel: a panel reaches
//! as far as its farthest points, but for the few that would make all others small.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use ndarray::{Array1, Array2};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::angles::mean_directions;
use crate::canvas::Picture;

/// A cloud of points.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Written above the panel.
    pub title: String,
    /// [N, 2]
    pub points: Array2<f32>,
    /// The class of each point.
    pub labels: Array1<u8>,
}

/// Side of a panel in pixels.
const SIDE: i32 = 720;
/// Height of the title above it.
const TITLE: i32 = 64;
/// Between panels, and around all.
const GAP: i32 = 24;
const DOT: i32 = 3;
const OPACITY: f64 = 0.5;
/// Where a label is on its ray, as a share of half a panel; the cloud ends below it.
const LABEL_AT: f64 = 0.93;
const CLOUD_TO: f64 = 0.85;
/// The share of points that a panel reaches.
const INSIDE: f64 = 0.995;

/// A colour a class, told apart in print and by most who see few colours; after the last they begin again.
const COLOURS: [RGBColor; 10] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(110, 110, 110),
    RGBColor(188, 189, 34),
    RGBColor(23, 190, 207),
];

/// Writes `panels`, `columns` in a row, as SVG.
///
/// # Errors
/// If the file cannot be written.
pub fn write_svg(path: &Path, panels: &[Panel], columns: usize) -> io::Result<()> {
    let mut text = String::new();
    draw(
        SVGBackend::with_string(&mut text, size(panels.len(), columns)),
        panels,
        columns,
    )
    .map_err(io::Error::other)?;
    std::fs::write(path, text)
}

/// Writes `panels`, `columns` in a row, as PNG.
///
/// # Errors
/// If the file cannot be written.
pub fn write_png(path: &Path, panels: &[Panel], columns: usize) -> io::Result<()> {
    let (width, height) = size(panels.len(), columns);
    let mut picture = Picture::new(width, height);
    draw(picture.canvas(), panels, columns).map_err(io::Error::other)?;
    picture.write_png(BufWriter::new(File::create(path)?))
}

/// Width and height of a figure.
fn size(panels: usize, columns: usize) -> (u32, u32) {
    let (width, height) = corner(panels.div_ceil(columns) * columns - 1, columns);
    ((width + SIDE + GAP) as u32, (height + SIDE + GAP) as u32)
}

/// The upper left corner of the cloud of a panel; its title is above.
fn corner(number: usize, columns: usize) -> (i32, i32) {
    let (row, column) = ((number / columns) as i32, (number % columns) as i32);
    (
        GAP + column * (SIDE + GAP),
        GAP + TITLE + row * (SIDE + GAP + TITLE),
    )
}

type Drawing<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw<B: DrawingBackend>(backend: B, panels: &[Panel], columns: usize) -> Drawing<B> {
    let area = backend.into_drawing_area();
    area.fill(&WHITE)?;
    for (number, panel) in panels.iter().enumerate() {
        draw_panel(&area, corner(number, columns), panel)?;
    }
    area.present()
}

fn draw_panel<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    (left, top): (i32, i32),
    panel: &Panel,
) -> Drawing<B> {
    let text = |size: i32, vertical| {
        let style = TextStyle::from(("sans-serif", size));
        style.pos(Pos::new(HPos::Center, vertical))
    };
    let centre = (left + SIDE / 2, top + SIDE / 2);
    // Up is up: pixels count downwards.
    let place = |[x, y]: [f64; 2]| {
        let half = f64::from(SIDE) / 2.0;
        let pixels = |share: f64| (share * half).round() as i32;
        (centre.0 + pixels(x), centre.1 - pixels(y))
    };

    let title = text(36, VPos::Bottom).color(&BLACK);
    area.draw_text(&panel.title, &title, (centre.0, top - GAP / 2))?;
    let frame = [(left, top), (left + SIDE, top + SIDE)];
    area.draw(&Rectangle::new(frame, RGBColor(200, 200, 200)))?;

    let directions = mean_directions(&panel.points, &panel.labels);
    let rays: Vec<(usize, [f64; 2])> = directions
        .iter()
        .enumerate()
        .filter_map(|(class, direction)| Some((class, direction.as_ref()?)))
        .map(|(class, direction)| (class, [direction[0], direction[1]]))
        .collect();
    for &(class, [x, y]) in &rays {
        let end = place([x, y].map(|part| part * CLOUD_TO));
        let ray = PathElement::new([centre, end], COLOURS[class % COLOURS.len()].mix(0.8));
        area.draw(&ray)?;
    }
    let scale = CLOUD_TO / reach(&panel.points);
    for (point, &label) in panel.points.rows().into_iter().zip(&panel.labels) {
        let at = [point[0], point[1]].map(|part| f64::from(part) * scale);
        if at.iter().all(|part| part.abs() < 1.0) {
            let colour = COLOURS[usize::from(label) % COLOURS.len()].mix(OPACITY);
            area.draw(&Circle::new(place(at), DOT, colour.filled()))?;
        }
    }
    for (class, [x, y]) in rays {
        let colour = COLOURS[class % COLOURS.len()];
        let style = text(32, VPos::Center).color(&colour);
        let end = place([x, y].map(|part| part * LABEL_AT));
        area.draw_text(&class.to_string(), &style, end)?;
    }
    Ok(())
}

/// The length that all but few points stay below; 1 if they are all at the origin.
fn reach(points: &Array2<f32>) -> f64 {
    let lengths = points.rows().into_iter();
    let mut lengths: Vec<f32> = lengths.map(|point| point.dot(&point).sqrt()).collect();
    lengths.sort_unstable_by(f32::total_cmp);
    let last = ((lengths.len() as f64 * INSIDE) as usize).min(lengths.len().saturating_sub(1));
    match lengths.get(last) {
        Some(&length) if length > 0.0 => f64::from(length),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn panel() -> Panel {
        Panel {
            title: "two classes".to_owned(),
            points: array![[2.0, 0.0], [-1.0, 0.0], [1.0, 0.0]],
            labels: array![0, 3, 0],
        }
    }

    #[test]
    fn a_figure_has_a_circle_a_point_and_a_word_a_ray() {
        let mut text = String::new();
        let panels = [panel(), panel(), panel()];
        let (width, height) = size(3, 2);
        draw(
            SVGBackend::with_string(&mut text, (width, height)),
            &panels,
            2,
        )
        .unwrap();
        assert!(text.contains(&format!("width=\"{width}\" height=\"{height}\"")));
        assert_eq!(text.matches("<circle").count(), 9);
        assert_eq!(text.matches("<text").count(), 9);
        assert!(text.trim_end().ends_with("</svg>"));
    }

    /// The farthest point is at the same place as the end of its ray, right of the middle.
    #[test]
    fn the_origin_is_in_the_middle() {
        let (width, height) = size(1, 1);
        let mut picture = Picture::new(width, height);
        draw(picture.canvas(), &[panel()], 1).unwrap();
        let (left, top) = corner(0, 1);
        let right = left + SIDE / 2 + (f64::from(SIDE / 2) * CLOUD_TO) as i32;
        let [red, _, blue] = picture.pixel((right, top + SIDE / 2)).unwrap();
        assert!(blue > red, "the first class is blue: {red} {blue}");
        let [red, _, blue] = picture.pixel((left + SIDE / 4, top + SIDE / 2)).unwrap();
        assert!(red > blue, "the fourth is red: {red} {blue}");
    }
}
