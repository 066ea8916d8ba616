//! Write the textbook, get the stable kernel: each naive spelling by the formula that comes out and by the accuracy of its kernel.
//!
//! The kernels are held to the same bound as those of the library, at the same inputs.

use loss_dsl::audit::Audit;
use loss_tests::support::accuracy::BOUND;
use loss_tests::support::any::AnyLoss;

mod losses {
    loss_dsl::loss! {
        pub LogSumExp(z: [N, C]) { ln(sum[C](exp(z))) }
        pub LogSoftmax(z: [N, C], y: [N] in C) { -ln(softmax[C](z)[C = y]) }
        pub Quotient(z: [N, C], y: [N] in C) { -ln(exp(z[C = y]) / sum[C](exp(z))) }
        pub LogSigmoid(x: [N]) { -ln(1 / (1 + exp(-x))) }
        pub LogOneMinusSigmoid(x: [N]) { -ln(1 - 1 / (1 + exp(-x))) }
        pub LogOnePlusExp(x: [N]) { ln(1 + exp(x)) }
        #[acknowledge(log_of_zero, infinite_slope)]
        pub LogOneMinusExp(x: [N] where x <= 0) { ln(1 - exp(x)) }
        pub OneMinusSoftmax(z: [N, C], y: [N] in C) { 1 - exp(z[C = y]) / sum[C](exp(z)) }
        pub LogOneMinusSoftmax(z: [N, C], y: [N] in C) { -ln(1 - softmax[C](z)[C = y]) }
        pub Entropy(z: [N, C]) { let p = softmax[C](z); -sum[C](p * ln(p)) }
        pub FocalTerm(z: [N, C], y: [N] in C, g: scalar = 2.0 where g >= 0) {
            let p = softmax[C](z)[C = y];
            -pow(1 - p, g) * ln(p)
        }
        pub Length(x: [N, D]) { sqrt(sum[D](x * x)) }
        pub Direction(x: [N, D], t: const [N, D]) { sum[D](t * x / sqrt(sum[D](x * x))) }
        pub AngleAdded(x: [N, D], w: [N, D], m: scalar = 0.5) {
            cos(acos(dot[D](unit[D](x), unit[D](w))) + m)
        }
        pub AngleSubtracted(x: [N, D], w: [N, D], m: scalar = 0.5) {
            cos(acos(dot[D](unit[D](x), unit[D](w))) - m)
        }
        pub AngleMultiplied(x: [N, D], w: [N, D]) { cos(4 * acos(dot[D](unit[D](x), unit[D](w)))) }
        pub LogCosh(x: [N]) { ln(cosh(x)) }
        pub Variance(x: [N, D]) { mean[D](x * x) - square(mean[D](x)) }
        pub Divergence(z: [N, C], v: [N, C]) {
            let p = softmax[C](z);
            sum[C](p * (ln(p) - ln(softmax[C](v))))
        }
        pub Logistic(x: [N], t: const [N] where 0 <= t && t <= 1) {
            let p = 1 / (1 + exp(-x));
            -t * ln(p) - (1 - t) * ln(1 - p)
        }
        pub Chosen(x: [N], t: mask [N]) {
            let p = 1 / (1 + exp(-x));
            -ln(if t { p } else { 1 - p })
        }
        pub ChosenShare(z: [N, C], y: [N] in C, t: mask [N]) {
            let p = softmax[C](z)[C = y];
            -ln(if t { p } else { 1 - p })
        }
    }
}

/// The loss, and its formulas: value, then gradients.
type Row = (AnyLoss, &'static [&'static str]);

fn table() -> Vec<Row> {
    use losses::*;
    vec![
        (
            AnyLoss::of::<LogSumExp>(),
            &["lse[C](z)", "ḡ · softmax[C](z)"],
        ),
        (
            AnyLoss::of::<LogSoftmax>(),
            &["lse[C](z) − z[C = y]", "ḡ · (softmax[C](z) − 1[C = y])"],
        ),
        (
            AnyLoss::of::<Quotient>(),
            &["lse[C](z) − z[C = y]", "ḡ · (softmax[C](z) − 1[C = y])"],
        ),
        (AnyLoss::of::<LogSigmoid>(), &["softplus(−x)", "−ḡ · σ(−x)"]),
        (
            AnyLoss::of::<LogOneMinusSigmoid>(),
            &["softplus(x)", "ḡ · σ(x)"],
        ),
        (AnyLoss::of::<LogOnePlusExp>(), &["softplus(x)", "ḡ · σ(x)"]),
        (
            AnyLoss::of::<LogOneMinusExp>(),
            &["ln(1 − exp(x))", "−ḡ / (exp(−x) − 1)"],
        ),
        (
            AnyLoss::of::<OneMinusSoftmax>(),
            &["1 − p[C = y]", "ḡ · p[C = y] · (p − 1[C = y])"],
        ),
        (
            AnyLoss::of::<LogOneMinusSoftmax>(),
            &["−ln(1 − p)", "ḡ · p · (1[C = y] − softmax[C, C ≠ y](z))"],
        ),
        (
            AnyLoss::of::<Entropy>(),
            &["−Σ[C](p · ln(p))", "ḡ · p · (Σ[C](p · ln(p)) − ln(p))"],
        ),
        (
            AnyLoss::of::<FocalTerm>(),
            &[
                "−(1 − p[C = y])^g · ln(p[C = y])",
                "ḡ · (1 − p[C = y])^g · (1 − g · p[C = y] · ln(p[C = y]) / (1 − p[C = y])) · (p − 1[C = y])",
            ],
        ),
        (AnyLoss::of::<Length>(), &["‖x‖[D]", "ḡ · x̂"]),
        (
            AnyLoss::of::<Direction>(),
            &["Σ[D](t · x̂)", "ḡ · (t − x̂ · Σ[D](t · x̂)) / ‖x‖[D]"],
        ),
        (
            AnyLoss::of::<AngleAdded>(),
            &[
                "cos(m + ∠[D](x, w))",
                "ḡ · sin(m + ∠[D](x, w)) · unit[D](ŵ − x̂ · c) / ‖x‖[D]",
                "ḡ · sin(m + ∠[D](x, w)) · unit[D](x̂ − ŵ · c) / ‖w‖[D]",
            ],
        ),
        (
            AnyLoss::of::<AngleSubtracted>(),
            &[
                "cos(m − ∠[D](x, w))",
                "−ḡ · sin(m − ∠[D](x, w)) · unit[D](ŵ − x̂ · c) / ‖x‖[D]",
                "−ḡ · sin(m − ∠[D](x, w)) · unit[D](x̂ − ŵ · c) / ‖w‖[D]",
            ],
        ),
        (
            AnyLoss::of::<AngleMultiplied>(),
            &[
                "cos(4 · ∠[D](x, w))",
                "4 · ḡ · c · (ŵ − x̂ · c) · (8 · c² − 4) / ‖x‖[D]",
                "4 · ḡ · c · (x̂ − ŵ · c) · (8 · c² − 4) / ‖w‖[D]",
            ],
        ),
        (AnyLoss::of::<LogCosh>(), &["ln(cosh(x))", "ḡ · tanh(x)"]),
        (
            AnyLoss::of::<Variance>(),
            &[
                "mean[D]((x − mean[D](x))²)",
                "2 · ḡ · (x − mean[D](x)) / |D|",
            ],
        ),
        (
            AnyLoss::of::<Divergence>(),
            &[
                "Σ[C](p₁ · (ln(p₁) − ln(p₂)))",
                "ḡ · p₁ · (ln(p₁) − ln(p₂) − Σ[C](p₁ · (ln(p₁) − ln(p₂))))",
                "ḡ · (p₂ − p₁)",
            ],
        ),
        (
            AnyLoss::of::<Logistic>(),
            &["softplus(x) − x · t", "ḡ · (σ(x) − t)"],
        ),
        (
            AnyLoss::of::<Chosen>(),
            &[
                "softplus(x · (−1 if t, otherwise 1))",
                "ḡ · (−1 if t, otherwise 1) · σ(x · (−1 if t, otherwise 1))",
            ],
        ),
        (
            AnyLoss::of::<ChosenShare>(),
            &[
                "−(ln(p[C = y]) if t, otherwise ln(1 − p[C = y]))",
                "ḡ · (p − 1[C = y] if t, otherwise p[C = y] · (1[C = y] − softmax[C, C ≠ y](z)))",
            ],
        ),
    ]
}

#[test]
fn naive_spellings_have_the_formulas_of_stable_ones() {
    for (loss, expected) in table() {
        let derivation = loss.derivation();
        let gradients = derivation.gradients.iter().map(|g| g.slope.text);
        let found: Vec<&str> = [derivation.value.text]
            .into_iter()
            .chain(gradients)
            .collect();
        assert_eq!(found, expected, "{derivation}");
    }
}

/// What is allowed beyond the bound of all.
const MORE: &[(&str, f64)] = &[
    // The slope of cos 4θ as a polynomial of cos θ is 16 at θ = 0, so that much is made of a cosine's rounding.
    ("AngleMultiplied", 20.0),
];

#[test]
fn naive_spellings_have_accurate_kernels() {
    let is_wrong = |audit: &Audit| {
        let more = MORE.iter().find(|(name, _)| *name == audit.name);
        let kernel = audit.kernel();
        kernel.worst > more.map_or(BOUND, |(_, bound)| *bound) || kernel.lost > 0
    };
    let wrong: Vec<String> = table()
        .into_iter()
        .map(|(loss, _)| loss.audit())
        .filter(is_wrong)
        .map(|audit| audit.to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn entropy_and_divergence_are_finite_at_the_ends_of_the_floats() {
    let largest = f32::MAX;
    let z = ndarray::array![[largest, -largest, 0.0], [0.0, 0.0, -largest]];
    let v = ndarray::array![[largest, 0.0, -largest], [largest, largest, -largest]];
    let entropy = losses::Entropy::default();
    let (value, gradient) = entropy.value_and_grad(&z).expect("shapes are right");
    assert_eq!(value.total(), std::f32::consts::LN_2 / 2.0);
    assert!(gradient.z.iter().all(|g| *g == 0.0), "{gradient:?}");
    let divergence = losses::Divergence::default();
    let (value, gradient) = divergence.value_and_grad(&z, &v).expect("shapes are right");
    assert_eq!(value.total(), 0.0);
    let mut slopes = gradient.z.iter().chain(&gradient.v);
    assert!(slopes.all(|g| *g == 0.0), "{gradient:?}");
}
