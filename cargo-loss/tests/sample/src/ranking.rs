//! Losses of pairs.

loss_dsl::loss! {
    /// Which of two is better (Burges et al. 2005).
    pub RankNet(better: [N], worse: [N]) { ln(1 + exp(worse - better)) }

    /// With a margin, and a cosine that comes from outside.
    pub Angular(c: [N] where -1 <= c && c <= 1, m: scalar = 0.5) { relu(acos(c) - m) }
}
