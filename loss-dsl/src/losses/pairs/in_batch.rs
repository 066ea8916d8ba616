//! Each sample finds its own partner among all of the batch.

#![allow(
    clippy::approx_constant,
    reason = "temperatures start at logarithms, which defaults spell as numerals"
)]

use crate::loss;

loss! {
    /// InfoNCE: softmax cross-entropy of finding one's own partner among those of all samples, by cosine similarity
    /// (van den Oord et al. 2018, arXiv:1807.03748, eq. 4).
    ///
    /// `-ln(e^{s_nn} / Σ_m e^{s_nm})` with `s_nm = cos(a_n, b_m) / temperature`. One direction only: `a` searches in `b`; see
    /// [`Clip`] for both. A batch of one sample has value and gradient 0. A zero vector has cosine 0 with all others, and gradient 0.
    pub InfoNce(
        /// Queries.
        a: [N, D],
        /// Keys; the n-th belongs to the n-th query.
        b: [N, D],
        /// Temperature.
        temperature: scalar = 0.07 where temperature > 0,
    ) {
        axis M like N;
        let s = dot[D](unit[D](a), unit[D](b[N -> M])) / temperature;
        lse[M](s) - s[M = N]
    }
}

loss! {
    /// CLIP's loss: images find their texts and texts their images, at a learnt temperature (Radford et al. 2021,
    /// arXiv:2103.00020, figure 3).
    ///
    /// Of each pair the mean of the two cross-entropies, over the rows and over the columns of
    /// `e^t cos(a_n, b_m)`; the mean over the batch is what the paper's pseudocode returns. `t` starts at ln(1 / 0.07). The
    /// authors keep `e^t` at 100 or below: set `t = t.min(100_f64.ln())` after each step of the optimiser, as
    /// open_clip does; it is no part of the loss. A zero vector has cosine 0 with all others, and gradient 0.
    pub Clip(
        /// Features of the images.
        a: [N, D],
        /// Features of the texts; the n-th belongs to the n-th image.
        b: [N, D],
        /// Logarithm of the inverse temperature.
        t: learn scalar = 2.659260036932778,
    ) {
        axis M like N;
        let s = exp(t) * dot[D](unit[D](a), unit[D](b[N -> M]));
        (lse[M](s) + lse[N](s)[M -> N]) / 2 - s[M = N]
    }
}

loss! {
    /// SigLIP: every pair of an image and a text decides for itself whether it belongs together (Zhai et al. 2023,
    /// arXiv:2303.15343, eq. 1 and algorithm 1).
    ///
    /// `Σ_m ln(1 + e^{-z_nm (e^t cos(a_n, b_m) + bias)})`, `z` 1 for the pairs that belong together and -1 for all others; the
    /// mean over the samples is the paper's normaliser `1/|B|`. The bias starts at -10 because nearly all pairs are
    /// negative. A zero vector has cosine 0 with all others, and gradient 0.
    pub SigLip(
        /// Features of the images.
        a: [N, D],
        /// Features of the texts; the n-th belongs to the n-th image.
        b: [N, D],
        /// Logarithm of the inverse temperature; starts at ln 10.
        t: learn scalar = 2.302585092994046,
        /// Bias of all pairs.
        bias: learn scalar = -10,
    ) {
        axis M like N;
        let z = exp(t) * dot[D](unit[D](a), unit[D](b[N -> M])) + bias;
        sum[M](softplus(if M == N { -z } else { z }))
    }
}

loss! {
    /// N-pair loss: `ln(1 + Σ_{m ≠ n} e^{a_n·p_m - a_n·p_n})` (Sohn 2016, "Improved deep metric learning with multi-class
    /// N-pair loss objective", eq. 5), one pair of each class.
    ///
    /// Inner products of features that are not normalised, kept small by `l2`, which multiplies `|a|² + |p|²` of
    /// every pair. pytorch-metric-learning's `NPairsLoss` with `DotProductSimilarity(normalize_embeddings=False)`;
    /// TensorFlow's `npairs_loss(reg_lambda)` has `l2 = reg_lambda / 4`, by default 0.0005. A batch of one pair has no negatives and only the
    /// regularisation.
    pub NPairs(
        /// Anchors, each of another class.
        anchor: [N, D],
        /// Positives; the n-th is of the n-th anchor's class.
        positive: [N, D],
        /// Factor of the squared lengths.
        l2: scalar = 0.0 where l2 >= 0,
    ) {
        axis M like N;
        let s = dot[D](anchor, positive[N -> M]);
        ln(1 + sum[M, M != N](exp(s - s[M = N]))) + l2 * (sum[D](square(anchor)) + sum[D](square(positive)))
    }
}
