//! Softmax over cosines with a margin that is added to the angle.

use crate::loss;

loss! {
    /// ArcFace: additive angular margin softmax (Deng et al. 2019, arXiv:1801.07698, eq. 3).
    ///
    /// Where `θ + m > π` the formula of the paper turns back up. By default the classic fall-back of
    /// insightface is taken there, `cos θ - m sin m`; it jumps down at the switch. `easy` is insightface's
    /// `easy_margin`: the margin only where `cos θ > 0`. Both off is the formula as printed.
    ///
    /// The gradient is that of the formula and finite everywhere: with `u` the unit vector from the
    /// feature's direction towards the centre, `∂ cos(θ + m) / ∂x = sin(θ + m) u / |x|`. Where feature and
    /// centre are aligned or opposite, `u` is undefined and taken as 0; so is the gradient of a zero feature.
    pub ArcFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin in radians.
        m: scalar = 0.5,
        /// Whether `cos θ - m sin m` is taken beyond `θ + m = π`.
        fall_back: flag = true,
        /// Whether the margin is only applied where `cos θ > 0`.
        easy: flag = false,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let turned = cos(acos(target) + m);
        let phi = if easy {
            if target > 0 { turned } else { target }
        } else if fall_back {
            if target > cos(pi - m) { turned } else { target - m * sin(m) }
        } else {
            turned
        };
        let z = s * (if C == y { phi } else { c });
        lse[C](z) - z[C = y]
    }
}
