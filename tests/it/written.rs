//! Losses written for the tests: between them they use every construct of the language.
//!
//! The same tokens go to the macro and, as text, to the compiler library, so that the interpreter judges the very
//! definition that the kernels were made from.

/// Definitions for the macro, and their text in `SOURCE`, in a module each.
macro_rules! written {
    ($($(#[$doc:meta])* $module:ident { $($tokens:tt)* })*) => { $(
        $(#[$doc])*
        #[allow(dead_code, reason = "a test may want the type and not its gradients")]
        pub(crate) mod $module {
            loss_dsl::loss! { $($tokens)* }
            /// The definitions as text.
            pub(crate) const SOURCE: &str = stringify!($($tokens)*);
        }
    )* };
}

written! {
    /// Pairs of samples: a second axis over the batch, a gather of the diagonal.
    pairs {
        /// InfoNCE: each `a` finds its own `b` among all of the batch.
        pub InfoNce(a: [N, D], b: [N, D], t: scalar = 0.2 where t > 0) {
            axis M like N;
            let s = dot[D](unit[D](a), unit[D](b[N -> M])) / t;
            lse[M](s) - s[M = N]
        }
    }

    /// Labels compared, counts, filters that may be empty.
    neighbours {
        /// Samples of one class attract each other, centres repel other samples.
        pub Neighbours(x: [N, D], w: [C, D], y: [N] in C, margin: scalar = 1.5) {
            axis M like N;
            let distance = norm[D](x - x[N -> M]);
            let partner = y == y[N -> M] && !(M == N);
            let partners = count[M, partner];
            let pull = if partners > 0 { sum[M, partner](square(distance)) / partners } else { 0 };
            let away = norm[D](x - w);
            pull + sum[C, C != y](relu(margin - away))
        }
    }

    /// Identities of two arrays, sets that may be empty.
    memory {
        /// Samples of a batch against those of a memory, by whose they are.
        pub Memory(x: [N, D], keys: [K, D], y: id [N], owner: id [K], t: scalar = 0.5 where t > 0) {
            let s = dot[D](unit[D](x), unit[D](keys)) / t;
            ln(1 + sum[K, y == owner](exp(-s))) + ln(1 + sum[K, y != owner](exp(s)))
        }
    }

    /// Scalars that learn, masks.
    learning {
        /// Sigmoid loss of image-text pairs with a learnt scale and bias (Zhai et al. 2023).
        pub SigLip(
            z: [N, C],
            t: mask [N, C],
            scale: learn scalar = 2 where scale > 0,
            bias: learn scalar = -0.5,
        ) {
            let logit = scale * z + bias;
            sum[C](softplus(if t { -logit } else { logit }))
        }
    }

    /// Minimum, maximum, clamp, absolute values: kinks.
    kinks {
        /// Huber, largest element and a hinge.
        pub Kinks(x: [N, C], t: const [N, C], delta: scalar = 0.75 where delta > 0) {
            let e = abs(x - t);
            let huber = mean[C](if e <= delta { 0.5 * square(e) } else { delta * (e - delta / 2) });
            let spread = max[C](clamp(x, -1, 1.25)) - min[C](max(x, t, -2));
            huber + spread + sum[C](min(x, t)) / size[C]
        }
    }

    /// Two batch axes.
    grid {
        /// A language model's loss with a penalty on the partition function.
        pub Tokens(z: [N, T, C], y: [N, T] in C, penalty: scalar = 0.01 where penalty >= 0) {
            let partition = lse[C](z);
            partition - z[C = y] + penalty * square(partition)
        }
    }

    /// A declared weight, auxiliary outputs.
    weighted {
        /// Weighted cross-entropy that also returns its probabilities and entropies.
        pub Reporting(z: [N, C], v: const [C] where v >= 0, y: [N] in C) {
            weight v[C = y];
            pub let p = softmax[C](z);
            pub let entropy = -sum[C](xlogy(p, p));
            -ln(p[C = y]) + 0.1 * entropy
        }
    }

    /// Sums, products and maxima that are unrolled.
    unrolled {
        /// A polynomial of compile-time degree and a ladder of thresholds.
        pub Unrolled(x: [N, C], k: static int = 3) {
            let polynomial = sum[i in 0..=k](pow(x, i) / prod[j in 1..=i](j));
            let ladder = max[i in 0..k]((i + 1) * x - i * i);
            sum[C](polynomial) + mean[C](ladder)
        }
    }

    /// Several centres a class.
    centres {
        /// Sub-centre softmax: the nearest of K centres speaks for its class (Deng et al. 2020).
        pub SubCentres(x: [N, D], w: [C, K, D], y: [N] in C, s: scalar = 16) {
            let c = max[K](dot[D](unit[D](x), unit[D](w)));
            lse[C](s * c) - s * c[C = y]
        }
    }

    /// A loss inside a loss.
    nested {
        /// Cross-entropy at a temperature.
        pub Inner(z: [N, C], y: [N] in C, t: scalar = 1 where t > 0) {
            -log_softmax[C](z / t)[C = y]
        }

        /// Two temperatures of it, of the logits of a linear map.
        pub Outer(x: [N, D], w: [C, D], y: [N] in C, share: scalar = 0.3) {
            let z = dot[D](x, w);
            share * Inner(z, y; t = 3) + (1 - share) * Inner(z, y)
        }
    }

    /// A loss that is one number.
    scalar {
        /// Uniformity on the sphere (Wang & Isola 2020), and the decorrelation of two features.
        pub Uniform(x: [N, D]) {
            axis M like N;
            let u = unit[D](x);
            let apart = sum[D](square(u - u[N -> M]));
            lse[N, M](-2 * apart) + square(mean[N](x[D = 0] * x[D = 1]))
        }
    }

    /// Functions of one number.
    elementwise {
        /// Every function of the language at arguments in its domain.
        // sinh(x / 2) / cosh(x) for the functions' sake: ∞ / ∞ from x = 178 on.
        #[acknowledge(overflow)]
        pub Elementwise(x: [N, C], hard: flag = false) {
            fn positive(u) { 0.25 + square(u) }
            fn inside(u) { 0.9 * tanh(u) }
            let exponential = exp(x / 4) + expm1(x / 3) + sigmoid(x) + log_sigmoid(x) + softplus(-x) + sinh(x / 2) / cosh(x);
            let logarithm = ln(positive(x)) + log1p(square(x)) + log2(positive(x)) + log10(positive(x)) + log1mexp(-positive(x));
            let angle = sin(x) + cos(2 * x) + tan(inside(x)) + asin(inside(x)) + acos(inside(x)) + atan(x);
            let other = sqrt(positive(x)) + recip(positive(x)) + pow(positive(x), 1.5) + erf(x) + xlogy(positive(x), positive(x));
            let step = floor(x) + ceil(x) + round(x) + sign(x) * abs(x);
            sum[C](exponential + logarithm + angle + other + if hard { step } else { relu(x) })
        }
    }

    /// No gradient through part of the value.
    stopped {
        /// Cross-entropy whose focal weight is data.
        pub Modulated(z: [N, C], y: [N] in C, gamma: scalar = 2 where gamma >= 0) {
            let p = softmax[C](z)[C = y];
            detach(pow(1 - p, gamma)) * -ln(p)
        }
    }

    /// The forms that textbooks print, which overflow if computed as written.
    textbook {
        /// Softmax cross-entropy, binary cross-entropy and a distance.
        pub Textbook(z: [N, C], y: [N] in C, t: const [N, C]) {
            let softmax_part = -ln(exp(z[C = y]) / sum[C](exp(z)));
            let p = 1 / (1 + exp(-z));
            let binary = -sum[C](t * ln(p) + (1 - t) * ln(1 - p));
            softmax_part + binary + ln(1 + exp(z[C = y]))
        }
    }

    /// A sum over labels of what is stored in another order of two axes of one dimension.
    spread {
        /// How far apart the samples' values are at a sample's label.
        pub Spread(x: [N, C], y: [N] in C) {
            axis M like N;
            let there = x[N -> M][C = y];
            sum[M](square(there)) / size[M] - square(mean[M](there))
        }
    }

    /// The slope of a scalar that learns, which the gradient of an array is made of.
    shift {
        /// The mean of shifted values.
        pub Shift(bias: learn scalar = 0.5, x: [N]) {
            axis M like N;
            mean[M](bias + x[N -> M])
        }
    }

    /// Angular margins.
    angular {
        /// A-Softmax: the angle to the label's centre doubled, continued monotonically (Liu et al. 2017).
        pub Sphere(x: [N, D], w: [C, D], y: [N] in C, k: static int = 2) {
            let c = dot[D](unit[D](x), unit[D](w));
            let angle = acos(c[C = y]);
            let turns = floor(k * angle / pi);
            let phi = (1 - 2 * (turns - 2 * floor(turns / 2))) * cos(k * angle) - 2 * turns;
            let z = norm[D](x) * if C == y { phi } else { c };
            lse[C](z) - z[C = y]
        }
    }
}

/// `$check(&subject)` as a test for every loss of this file, in a module `written`.
macro_rules! for_each_written {
    ($check:ident) => {
        $crate::written::for_each_written! {
            $check
            pairs InfoNce,
            neighbours Neighbours,
            memory Memory,
            learning SigLip,
            kinks Kinks,
            grid Tokens,
            weighted Reporting,
            unrolled Unrolled,
            centres SubCentres,
            nested Outer,
            scalar Uniform,
            elementwise Elementwise,
            stopped Modulated,
            textbook Textbook,
            spread Spread,
            shift Shift,
            angular Sphere,
        }
    };
    ($check:ident $($module:ident $loss:ident,)*) => {
        mod written {
            $(
                #[test]
                fn $module() {
                    use $crate::written::$module;
                    use loss_tests::support::any::AnyLoss;
                    use loss_tests::support::subject::Subject;
                    let block = $module::SOURCE.parse().expect("tokens");
                    let subject = Subject::in_block(block, AnyLoss::of::<$module::$loss>());
                    super::$check(&subject);
                }
            )*
        }
    };
}
pub(crate) use for_each_written;
