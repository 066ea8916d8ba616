//! Heads with several centres a class.

use crate::loss;

loss! {
    /// Sub-centre ArcFace: each class has `K` centres, and the nearest speaks for it (Deng et al., ECCV 2020,
    /// sec. 3.2). For training data with wrong labels or several modes a class: with `K = 3`, hard
    /// and mislabelled samples gather at centres of their own, which can be dropped afterwards.
    ///
    /// `c_j = max_k cos(x, w_jk)`, and then [`ArcFace`](crate::losses::ArcFace) on these cosines, with the classic fall-back of insightface,
    /// `cos θ - m sin m` where `θ + m > π` (`fall_back` off: the formula as printed).
    /// pytorch-metric-learning's `SubCenterArcFaceLoss` is this with its margin of 28.6 degrees, 0.4992 radians;
    /// it has NaN gradients where a feature is aligned with, or opposite to, its centre, and keeps the centres as `[D, C K]`.
    ///
    /// Centres of a class that are equally near share the gradient. With one centre a class it is ArcFace.
    pub SubCenterArcFace(
        /// Features.
        x: [N, D],
        /// Centres, `K` of each class.
        w: [C, K, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin in radians.
        m: scalar = 0.5,
        /// Whether `cos θ - m sin m` is taken beyond `θ + m = π`.
        fall_back: flag = true,
    ) {
        let c = max[K](dot[D](unit[D](x), unit[D](w)));
        let target = c[C = y];
        let turned = cos(acos(target) + m);
        let phi = if fall_back {
            if target > cos(pi - m) { turned } else { target - m * sin(m) }
        } else {
            turned
        };
        let z = s * (if C == y { phi } else { c });
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// SoftTriple: each class has `K` centres, and a soft maximum over them is its similarity (Qian et al., ICCV 2019,
    /// arXiv:1909.05235, eq. 6-8). For retrieval where a class has several modes; no triplets are sampled.
    ///
    /// `S_j = Σ_k softmax_k(cos θ_jk / gamma) cos θ_jk`, and softmax cross-entropy of `lambda (S_j - delta [j = y])`. As `gamma` tends
    /// to 0, `S_j` tends to the largest cosine, as in [`SubCenterArcFace`]. Defaults are those of the official code and of
    /// pytorch-metric-learning's `SoftTripleLoss`, which keeps the centres as `[D, C K]`. The paper's regulariser, which
    /// merges centres of a class (eq. 9), is a term of `w` alone and not part of this.
    pub SoftTriple(
        /// Features.
        x: [N, D],
        /// Centres, `K` of each class.
        w: [C, K, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        lambda: scalar = 20.0 where lambda > 0,
        /// Temperature of the soft maximum over the centres of a class.
        gamma: scalar = 0.1 where gamma > 0,
        /// Margin, subtracted from the similarity of the label's class.
        delta: scalar = 0.01,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let similarity = sum[K](softmax[K](c / gamma) * c);
        let z = lambda * (if C == y { similarity - delta } else { similarity });
        lse[C](z) - z[C = y]
    }
}
