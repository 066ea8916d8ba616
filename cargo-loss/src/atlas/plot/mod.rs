//! Plots as SVG that takes its colours from the page around it.
//!
//! The plotting library writes fixed colours. Those used here are stand-ins, and become the page's: text and axes its colour of text, lines of
//! the grid its grid, series the six colours of its palette.

mod family;
mod field;
mod sweep;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::RGBColor;

pub(crate) use family::{focal, margins, psi};
pub(crate) use field::{boundary, field};
pub(crate) use sweep::sweep;

/// A figure with its caption and what it says to those who do not see it.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) svg: String,
    pub(crate) caption: String,
}

/// A line of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const SIZE: (u32, u32) = (520, 340);
const FONT: &str = "sans-serif";
/// Stand-ins for the colours of the page, and what they become.
const TEXT: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const SERIES: [RGBColor; 6] = [
    RGBColor(3, 3, 3),
    RGBColor(4, 4, 4),
    RGBColor(5, 5, 5),
    RGBColor(6, 6, 6),
    RGBColor(7, 7, 7),
    RGBColor(8, 8, 8),
];

type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws a chart with axes of these ranges and names.
fn chart(
    x: (f64, f64, &str),
    y: (f64, f64, &str),
    caption: &str,
    draw: impl FnOnce(&mut Chart<'_>) -> Drawn,
) -> Result<Figure, String> {
    let mut svg = String::new();
    let drawn = (|| -> Drawn {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .x_label_area_size(42)
            .y_label_area_size(58)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
        let text = (FONT, 13).into_font().color(&TEXT);
        chart
            .configure_mesh()
            .x_desc(x.2)
            .y_desc(y.2)
            .x_labels(7)
            .y_labels(6)
            .label_style(text.clone())
            .axis_desc_style(text)
            .axis_style(TEXT)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()?;
        draw(&mut chart)?;
        area.present()?;
        Ok(())
    })();
    drawn.map_err(|error| format!("a plot failed: {error}"))?;
    Ok(Figure {
        svg: themed(&svg, caption),
        caption: caption.to_owned(),
    })
}

/// Lines with a legend, if there are several.
fn lines(x: (f64, f64, &str), y_name: &str, caption: &str, all: &[Line]) -> Result<Figure, String> {
    let (low, high) = heights(all);
    chart(x, (low, high, y_name), caption, |chart| {
        for (at, line) in all.iter().enumerate() {
            let style = SERIES[at % SERIES.len()].stroke_width(2);
            for piece in pieces(&line.points) {
                chart.draw_series(LineSeries::new(piece, style))?;
            }
            // A legend asks for one series.
            let nothing = LineSeries::new(std::iter::empty::<(f64, f64)>(), style);
            chart
                .draw_series(nothing)?
                .label(line.name.clone())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        }
        if all.len() > 1 {
            chart
                .configure_series_labels()
                .label_font((FONT, 13).into_font().color(&TEXT))
                .position(emptiest(x, (low, high), all))
                .draw()?;
        }
        Ok(())
    })
}

/// The corner with the fewest points, where a legend hides the least.
fn emptiest(x: (f64, f64, &str), (low, high): (f64, f64), all: &[Line]) -> SeriesLabelPosition {
    let corners = [
        (SeriesLabelPosition::UpperRight, true, true),
        (SeriesLabelPosition::LowerLeft, false, false),
        (SeriesLabelPosition::UpperLeft, false, true),
        (SeriesLabelPosition::LowerRight, true, false),
    ];
    let points = || all.iter().flat_map(|line| &line.points);
    let within = |&(is_right, is_upper): &(bool, bool)| {
        let is_within = |point: &&(f64, f64)| {
            let across = (point.0 - x.0) / (x.1 - x.0);
            let up = (point.1 - low) / (high - low);
            (across > 0.6) == is_right
                && (is_right || across < 0.4)
                && (up > 0.65) == is_upper
                && (is_upper || up < 0.35)
        };
        points().filter(is_within).count()
    };
    let corner = corners
        .into_iter()
        .min_by_key(|corner| within(&(corner.1, corner.2)));
    corner.map_or(SeriesLabelPosition::UpperRight, |corner| corner.0)
}

/// Where all is seen that is finite, with some room.
fn heights(all: &[Line]) -> (f64, f64) {
    let heights = all
        .iter()
        .flat_map(|line| line.points.iter().map(|point| point.1));
    let finite = heights.filter(|y| y.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
        (low.min(y), high.max(y))
    });
    if low > high {
        return (-1.0, 1.0);
    }
    let room = (high - low).max(1e-9) * 0.06;
    (low - room, high + room)
}

/// The stretches of a line between what is not finite.
fn pieces(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let split = points.split(|point| !point.1.is_finite());
    split
        .filter(|piece| piece.len() > 1)
        .map(<[_]>::to_vec)
        .collect()
}

/// With the colours of the page, and a name for those who do not see it.
fn themed(svg: &str, caption: &str) -> String {
    let mut themed = svg.to_owned();
    let mut paint = |colour: RGBColor, name: &str| {
        let RGBColor(r, g, b) = colour;
        themed = themed.replace(&format!("#{r:02X}{g:02X}{b:02X}"), name);
    };
    paint(TEXT, "currentColor");
    paint(GRID, "var(--grid)");
    for (at, colour) in SERIES.into_iter().enumerate() {
        paint(colour, &format!("var(--series-{})", at + 1));
    }
    let label = caption
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    themed.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{label}\" "),
        1,
    )
}

/// `count` numbers from `low` to `high`.
fn steps(low: f64, high: f64, count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| low + (high - low) * i as f64 / (count - 1) as f64)
}
