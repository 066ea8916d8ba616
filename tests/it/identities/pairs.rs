//! Losses of pairs: symmetric ones made of directed ones, and limits.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, Axis};
use proptest::prelude::*;

use super::{cases, close, equal, normal};

const SAMPLES: usize = 4;
const FEATURES: usize = 3;

fn pair(seed: u64) -> (Array, Array) {
    (
        normal(&[SAMPLES, FEATURES], seed),
        normal(&[SAMPLES, FEATURES], seed ^ 1),
    )
}

fn between(name: &str, scalars: &[(&str, f64)], a: &Array, b: &Array) -> Call {
    call(name, scalars, &[("a", a), ("b", b)])
}

proptest! {
    #![proptest_config(cases(44))]

    /// CLIP is the mean of both directions at the temperature e⁻ᵗ.
    #[test]
    fn clip_is_both_directions(seed: u64, t in 0.0..3.0_f64) {
        let (a, b) = pair(seed);
        let temperature = [("temperature", (-t).exp())];
        let there = between("InfoNce", &temperature, &a, &b);
        let back = between("InfoNce", &temperature, &b, &a);
        let clip = between("Clip", &[("t", t)], &a, &b);
        close(&clip.value(), &((there.value() + back.value()) / 2.0));
        close(&clip.gradient("a"), &((there.gradient("a") + back.gradient("b")) / 2.0));
        close(&clip.gradient("b"), &((there.gradient("b") + back.gradient("a")) / 2.0));
    }

    /// Whose columns are whose does not matter to CLIP and SigLIP.
    #[test]
    fn symmetric_losses(seed: u64) {
        let (a, b) = pair(seed);
        for name in ["Clip", "SigLip"] {
            let (there, back) = (between(name, &[], &a, &b), between(name, &[], &b, &a));
            close(&there.gradient("a"), &back.gradient("b"));
            assert!((there.value().sum() - back.value().sum()).abs() < 1e-12 * there.value().sum().abs());
        }
    }

    /// Every sample of a class of its own but for one partner: supervised contrastive is then InfoNCE among all others.
    #[test]
    fn one_partner_each(seed: u64, temperature in 0.1..2.0) {
        let x = normal(&[2 * SAMPLES, FEATURES], seed);
        let y = Array::Labels(ArrayD::from_shape_fn(vec![2 * SAMPLES], |at| (at[0] / 2) as i64));
        let of = |name: &str| call(name, &[("temperature", temperature)], &[("x", &x), ("y", &y)]);
        equal(&of("SupCon"), &of("NtXent"));
    }

    /// Contrastive loss of pairs that all belong together is half the squared distance.
    #[test]
    fn partners_are_pulled_by_the_squared_distance(seed: u64) {
        let (Array::Real(a), Array::Real(b)) = pair(seed) else { unreachable!() };
        let same = Array::Mask(ArrayD::from_elem(vec![SAMPLES], true));
        let expected = (&a - &b).mapv(|e| e * e).sum_axis(Axis(1)) / 2.0;
        let contrastive = call("Contrastive", &[], &[("a", &Array::Real(a.clone())), ("b", &Array::Real(b.clone())), ("same", &same)]);
        close(&contrastive.value(), &expected);
        close(&contrastive.gradient("a"), &(a - b));
    }

    /// A triplet whose negative is the positive has only its margin.
    #[test]
    fn a_triplet_without_a_difference(seed: u64, margin in 0.1..2.0) {
        let (anchor, other) = pair(seed);
        let arrays = [("anchor", &anchor), ("positive", &other), ("negative", &other)];
        let triplet = call("TripletMargin", &[("margin", margin)], &arrays);
        assert!(triplet.value().iter().all(|&value| (value - margin).abs() < 1e-14));
        assert!(triplet.gradient("anchor").iter().all(|&slope| slope.abs() < 1e-14));
    }
}
