//! Center loss, alone and beside the softmax loss.

use crate::loss;

loss! {
    /// Center loss: `|x - c_y|² / 2`, which draws features to a centre of their class (Wen et al., ECCV 2016, eq. 2). Alone
    /// it has the trivial optimum that all features are one: use it beside a loss that separates, as in [`CenterSoftmax`].
    ///
    /// `∂c` is the true gradient, `Σ_n [y_n = j] (c_j - x_n)` with [`Reduction::Sum`](crate::Reduction). The paper moves each centre by
    /// `-alpha` times that over `1 + counts_j` (eq. 4; alpha = 0.5): divide the rows of `∂c` by one plus the
    /// auxiliary output `counts`. The paper's eq. 2 is the sum over the batch; the mean is the default here.
    pub CenterLoss(
        /// Features.
        x: [N, D],
        /// Class centres.
        c: [C, D],
        /// Labels.
        y: [N] in C,
    ) {
        pub let counts = count[N, y == C];
        sum[D](square(x - c[C = y])) / 2
    }

    /// Softmax cross-entropy and center loss together, `-ln softmax(z)_y + lambda |x - c_y|² / 2` (Wen et al., ECCV 2016, eq. 5).
    ///
    /// `x` are the features from which a linear layer makes the logits `z`: pass both on from where they are computed. For the paper's
    /// update of the centres see [`CenterLoss`]; note that `∂c` here has the factor `lambda`.
    pub CenterSoftmax(
        /// Logits.
        z: [N, C],
        /// Features.
        x: [N, D],
        /// Class centres.
        c: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the center loss.
        lambda: scalar = 0.003 where lambda >= 0,
    ) {
        lse[C](z) - z[C = y] + lambda * CenterLoss(x, c, y)
    }
}
