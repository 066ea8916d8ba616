//! Three losses that exist nowhere else: constructs combined as no loss of the library does.
//!
//! What is fast only because somebody wrote its kernel is not fast here. `peers/torch_losses.py` and
//! `peers/jax_losses.py` have the same definitions.

use loss_dsl::loss;

loss! {
    /// Weighted cross-entropy, less the Tsallis entropy of the tempered distribution: two softmaxes of one row, at
    /// different temperatures, and a power of every probability.
    pub TemperedTsallis(
        z: [N, C],
        weight: const [C] where weight >= 0,
        y: [N] in C,
        temperature: scalar = 2.0 where temperature > 0,
        q: scalar = 1.5 where q > 1,
        mix: scalar = 0.3 where 0 <= mix && mix <= 1,
    ) {
        let hard = weight[C = y] * (lse[C](z) - z[C = y]);
        let p = softmax[C](z / temperature);
        let entropy = (1 - sum[C](pow(p, q))) / (q - 1);
        (1 - mix) * hard - mix * temperature * entropy
    }
}

loss! {
    /// A head of cosines in which every class learns a margin and a scale of its own, both kept positive.
    pub LearnedMargins(
        x: [N, D],
        w: [C, D],
        margin: [C],
        scale: [C],
        y: [N] in C,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let pushed = if C == y { c - softplus(margin) } else { c };
        let z = 16 * softplus(scale) * pushed;
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// Pairs of the label against every other class, as a squared hinge, and a soft margin against the hardest one.
    pub HardestNegative(
        z: [N, C],
        y: [N] in C,
        margin: scalar = 1.0,
        share: scalar = 0.5 where 0 <= share && share <= 1,
    ) {
        let label = z[C = y];
        let hardest = max[C, C != y](z);
        let pairs = sum[C, C != y](square(relu(z - label + margin))) / size[C];
        share * softplus(hardest - label + margin) + (1 - share) * pairs
    }
}
