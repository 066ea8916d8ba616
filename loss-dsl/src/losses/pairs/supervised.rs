//! Contrastive softmax over a batch whose samples have any number of partners.

use crate::loss;

loss! {
    /// NT-Xent, the loss of SimCLR: of every view, the cross-entropy of finding its partner among all other views
    /// (Chen et al. 2020, arXiv:2002.05709, eq. 1).
    ///
    /// `x` are all 2N views, `y` says which sample each is a view of; the mean over the views is the paper's loss. Where a view
    /// has several partners, each is sought among the views of other samples and the mean is taken, as
    /// pytorch-metric-learning's `NTXentLoss` does (its mean is over pairs, the same if all views have equally
    /// many); [`SupCon`] keeps the other partners in the denominator.
    ///
    /// A view without a partner has the value 0, and the weight 0 in the weighted mean; so has one that finds only its own
    /// partners, of value 0. A zero vector has cosine 0 with all others, and gradient 0.
    pub NtXent(
        /// Features of all views.
        x: [N, D],
        /// Which sample each is a view of.
        y: id [N],
        /// Temperature.
        temperature: scalar = 0.5 where temperature > 0,
    ) {
        axis M like N;
        let s = dot[D](unit[D](x), unit[D](x[N -> M])) / temperature;
        let partner = y == y[N -> M] && M != N;
        let partners = count[M, partner];
        weight if partners > 0 { 1 } else { 0 };
        let others = lse[M, y != y[N -> M]](s);
        sum[M, partner](softplus(others - s)) / max(1, partners)
    }
}

loss! {
    /// Supervised contrastive loss: the mean over a sample's partners of the cross-entropy of finding them among all other
    /// samples (Khosla et al. 2020, arXiv:2004.11362, eq. 2, "L_out").
    ///
    /// `-1/|P(n)| Σ_{p ∈ P(n)} ln(e^{s_np} / Σ_{m ≠ n} e^{s_nm})` with `s_nm = cos(x_n, x_m) / temperature` and P(n) the other samples
    /// of n's class. The authors' code multiplies by `temperature / base_temperature`, which is 1 for its default of
    /// 0.07; the paper's experiments have 0.1.
    ///
    /// An anchor without partners has the value 0 (the authors' first code had NaN). The weighted mean leaves such
    /// anchors out of the count, which is pytorch-metric-learning's `SupConLoss`; the mean counts them. A zero vector has cosine 0 with all others,
    /// and gradient 0.
    pub SupCon(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// Temperature.
        temperature: scalar = 0.1 where temperature > 0,
    ) {
        axis M like N;
        let s = dot[D](unit[D](x), unit[D](x[N -> M])) / temperature;
        let partner = y == y[N -> M] && M != N;
        let partners = count[M, partner];
        weight if partners > 0 { 1 } else { 0 };
        if partners > 0 { lse[M, M != N](s) - sum[M, partner](s) / partners } else { 0 }
    }
}
