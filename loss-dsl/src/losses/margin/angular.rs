//! Softmax over cosines with a margin that is added to the angle.

use crate::loss;

loss! {
    /// ArcFace: additive angular margin softmax (Deng et al. 2019, arXiv:1801.07698, eq. 3), as insightface trained with it.
    ///
    /// The label's logit is `s cos(θ + m)`, the others' `s cos θ`. For face recognition and other embeddings that are compared by
    /// angle, with many classes.
    ///
    /// Beyond `θ + m = π` the formula of the paper turns back up and rewards a feature for leaving its centre. There are several answers:
    ///
    /// | loss | label's logit / s beyond θ + m = π | who computes it |
    /// | --- | --- | --- |
    /// | [`ArcFace`] | `cos θ − m sin m`, after a jump down (by 0.12 for m = 0.5) | insightface to 2022, pytorch-metric-learning, most copies |
    /// | [`ArcFaceContinuous`] | `−2 − cos(θ + m)`, no jump and no kink | Keras_insightface |
    /// | [`ArcFacePlain`] | `cos(θ + m)` | the paper as printed, insightface's MXNet code |
    /// | [`ArcFaceEasy`] | (the margin only where cos θ > 0) | insightface's `easy_margin` |
    /// | [`ArcFaceDetached`] | `cos(θ + m)`; no gradient through the margin | insightface's PyTorch code from December 2022 |
    ///
    /// **References.** pytorch-metric-learning's `ArcFaceLoss` counts its margin in degrees: 28.6 there is m = 0.49916. It and every other
    /// implementation by `acos` or `√(1 − cos²)` divides by sin θ: their gradients are NaN where a feature is aligned with
    /// its centre or opposite.
    ///
    /// **Conventions.** The gradient is that of the formula and finite everywhere: with `u` the unit vector from the
    /// feature's direction towards the centre, `∂ cos(θ + m) / ∂x = sin(θ + m) u / |x|`. Where feature and
    /// centre are aligned or opposite, `u` is undefined and taken as 0; so is the gradient of a zero feature, whose cosines are 0. At the
    /// jump the fall-back holds.
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
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let turned = cos(acos(target) + m);
        let phi = if target > cos(pi - m) { turned } else { target - m * sin(m) };
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }

    /// [`ArcFace`] continued beyond `θ + m = π` by `−2 − cos(θ + m)`: the label's logit falls with the angle everywhere,
    /// without a jump or a kink. The form to prefer for something new.
    ///
    /// It is ψ of [`LSoftmax`](crate::losses::LSoftmax) at the angle θ + m. **References.** Keras_insightface has it as an answer to the jump.
    /// **Conventions.** As for [`ArcFace`].
    pub ArcFaceContinuous(
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
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let turned = cos(acos(target) + m);
        let phi = if target > cos(pi - m) { turned } else { -2 - turned };
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }

    /// [`ArcFace`] with insightface's `easy_margin`: the margin only where `cos θ > 0`, no margin beyond.
    ///
    /// Easier to start from, but not monotone: with m = 0.5 the label's logit jumps from −0.48 s to 0 where θ passes a right
    /// angle. [`ArcFaceContinuous`] with a margin that grows does the same without. **Conventions.** As for [`ArcFace`].
    pub ArcFaceEasy(
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
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let phi = if target > 0 { cos(acos(target) + m) } else { target };
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }

    /// [`ArcFace`] as printed in its paper (eq. 3): `cos(θ + m)` for every angle, and so not monotone beyond θ = π − m.
    ///
    /// What insightface's MXNet code trains with. **Conventions.** As for [`ArcFace`].
    pub ArcFacePlain(
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
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let phi = cos(acos(c[C = y]) + m);
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }

    /// [`ArcFacePlain`] with no gradient through the margin: the value has `cos(θ + m)`, and its slope in cos θ is taken as
    /// 1, as for the other classes.
    ///
    /// What insightface's PyTorch code computes since December 2022, where the margin is applied under `no_grad`; its options
    /// for the fall-back and the easy margin are read and have no effect. OpenSphere, where that comes from, also keeps θ + m
    /// below π. Steadier with transformers, but no gradient of the value: finite differences disagree, and at θ > π − m the
    /// step is still towards the centre. **Conventions.** As for [`ArcFace`].
    pub ArcFaceDetached(
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
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let phi = target + detach(cos(acos(target) + m) - target);
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// Combined margin (Deng et al. 2019, arXiv:1801.07698, eq. 4): the label's logit is `s (cos(m1 θ + m2) − m3)`.
    ///
    /// | m1, m2, m3 | |
    /// | --- | --- |
    /// | 1, 0.5, 0 | ArcFace (the default): [`ArcFaceContinuous`], or [`ArcFacePlain`] if not `continued` |
    /// | 1, 0, 0.35 or 0.4 | CosFace |
    /// | 1, 0.3, 0.2 | insightface's combination of both |
    /// | 1, 2, 3, 4 …, 0, 0 | [`ASoftmax`](crate::losses::ASoftmax) of normalised features; m1 may be any number, 1.35 and 1.7 being used |
    ///
    /// Beyond `t = m1 θ + m2 = π` the cosine turns back up. `continued` takes `(−1)^k cos t − 2k` with `k = ⌊t / π⌋` instead, which
    /// falls with the angle everywhere and has no jump or kink.
    ///
    /// **References.** insightface's MXNet code is `continued: false`. Its PyTorch class of this name is none: with m3 > 0 it is CosFace and
    /// ignores m1 and m2, so that (1, 0.3, 0.2) is CosFace with 0.2 there; with m1 = 1 and m3 = 0 it is
    /// [`ArcFaceDetached`]; all else raises. PaddlePaddle's `margin_cross_entropy` is `continued: false`, with a gradient that divides by
    /// sin θ: ∞ or 0/0 where a feature is aligned with its centre.
    ///
    /// **Conventions.** As for [`ArcFace`]: where feature and centre are aligned or opposite, no gradient passes through their angle.
    pub CombinedMargin(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin that multiplies the angle.
        m1: scalar = 1 where m1 > 0,
        /// Margin that is added to the angle, in radians.
        m2: scalar = 0.5,
        /// Margin that is subtracted from the cosine.
        m3: scalar = 0,
        /// Whether the label's logit goes on falling where its angle with margins exceeds π.
        continued: flag = true,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let t = m1 * acos(c[C = y]) + m2;
        let k = if continued { floor(t / pi) } else { 0 };
        let phi = pow(-1, k) * cos(t) - 2 * k - m3;
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }
}
