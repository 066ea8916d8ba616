//! Charts of several losses together: what a margin makes of the angle, and what γ makes of a probability.
//!
//! The label's logit is read off the loss itself. With two classes, the other of which has the logit 0, `L = ln(1 + e^(−z))`, so
//! `z = −ln(e^L − 1)`; a feature at right angles to the other centre gives it that logit, whatever the margin is.

use std::f64::consts::PI;

use loss_codegen::compile::Compiled;

use super::{Figure, Line, lines, steps};
use crate::atlas::scene::Scene;

/// A loss with a name for its line.
type Named = (&'static str, Compiled);

/// The label's logit over the angle to the label's centre, at scale 1.
pub(crate) fn margins(losses: &[Named]) -> Result<Figure, String> {
    let caption = "The label's logit over the angle to its centre, at scale 1 (the chart of Deng et al. 2019)";
    curves(losses, "logit of the label", caption)
}

/// ψ(θ) of L-Softmax for its margins.
pub(crate) fn psi(losses: &[Named]) -> Result<Figure, String> {
    let caption = "ψ(θ) of L-Softmax for the margins m = 1 to 4 (Liu et al. 2016)";
    curves(losses, "ψ(θ)", caption)
}

fn curves(losses: &[Named], y_name: &str, caption: &str) -> Result<Figure, String> {
    let line = |(name, loss): &Named| -> Option<Line> {
        let mut scene = Scene::new(loss)?;
        scene.lift_others();
        scene.set("s", 1.0);
        let points = steps(0.0, PI, 241).map(|theta| {
            let value = scene.along(theta).0;
            (theta, -value.exp_m1().ln())
        });
        Some(Line {
            name: (*name).to_owned(),
            points: points.collect(),
        })
    };
    let all: Vec<Line> = losses.iter().filter_map(line).collect();
    lines((0.0, PI, "θ"), y_name, caption, &all)
}

/// Focal loss over the probability of the label, for several γ.
pub(crate) fn focal(loss: &Compiled) -> Result<Figure, String> {
    let caption = "Focal loss over the probability of the label (Lin et al. 2017)";
    let gammas = [0.0, 0.5, 1.0, 2.0, 5.0];
    let all: Vec<Line> = gammas
        .iter()
        .filter_map(|&gamma| {
            let mut scene = Scene::new(loss)?;
            scene.set("gamma", gamma);
            let points = steps(0.005, 0.995, 199).map(|p| (p, scene.along((p / (1.0 - p)).ln()).0));
            Some(Line {
                name: format!("γ = {gamma}"),
                points: points.collect(),
            })
        })
        .collect();
    lines((0.0, 1.0, "p of the label"), "loss", caption, &all)
}
