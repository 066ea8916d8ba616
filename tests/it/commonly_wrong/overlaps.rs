//! Sets that are empty and maxima that are tied: 20, 21.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::call;
use ndarray::Array3;

use super::{all_close, close, cross_entropy, differs, directions, labels, reals, softmax};

/// lse over no partners is −∞, and −∞ − (−∞) or its softmax is NaN: samples whose class is alone in the batch have no loss and no slope.
#[test]
fn n20_samples_without_partners() {
    let x = directions(&[(1.0, 0.0), (2.0, 0.5), (1.5, 2.0)]);
    let y = labels(&[0, 0, 1]);
    let lone = [f64::NEG_INFINITY; 0]
        .iter()
        .fold(f64::NEG_INFINITY, |a: f64, b| a.max(*b));
    assert!((lone - lone).is_nan());
    for name in ["SupCon", "NtXent"] {
        let call = call(name, &[("temperature", 0.5)], &[("x", &x), ("y", &y)]);
        let value = call.value();
        // 0 and 1 are partners, 2 is the other of both.
        let similarity = |a: f64, b: f64| (a - b).cos() / 0.5;
        let pair = |a: f64, b: f64| cross_entropy(&[similarity(a, b), similarity(a, 2.0)], 0);
        all_close(&value, &[pair(0.0, 0.5), pair(0.5, 0.0), 0.0]);
        assert!(call.gradient("x").iter().all(|slope| slope.is_finite()));
        // Alone in the batch altogether.
        let alone = super::call(
            name,
            &[],
            &[("x", &directions(&[(1.0, 0.3)])), ("y", &labels(&[4]))],
        );
        assert_eq!(alone.value()[0], 0.0);
        assert!(alone.gradient("x").iter().all(|&slope| slope == 0.0));
    }
}

/// Where several elements are the largest, frameworks give the slope to the first, to all of them or to none. Here they share it equally, so
/// that it is that of a mean of maxima nearby, whatever the order.
#[test]
fn n21_ties_share_the_slope() {
    // Two sub-centres of the label at equal angles to either side of the feature.
    let (s, apart) = (8.0, 0.6_f64);
    let polar = [(1.0, apart), (1.0, -apart), (1.0, 2.0), (1.0, 2.5)];
    let Array::Real(w) = directions(&polar) else {
        unreachable!()
    };
    let w = w
        .into_shape_with_order((2, 2, 2))
        .expect("two centres a class")
        .into_dyn();
    let (x, y) = (reals(&[1, 2], &[1.0, 0.0]), labels(&[0]));
    let call = call(
        "SubCenterArcFace",
        &[("s", s), ("m", 0.0)],
        &[("x", &x), ("w", &Array::Real(w)), ("y", &y)],
    );
    let z = [s * apart.cos(), s * 2.0_f64.cos()];
    close(call.value()[0], cross_entropy(&z, 0));
    let p = softmax(&z);
    let slopes: Array3<f64> = call.gradient("w").into_dimensionality().expect("[C, K, D]");
    // Each of the two takes half of the turn towards the feature.
    let turn = (p[0] - 1.0) * s * apart.sin();
    for (k, side) in [(0, 1.0), (1, -1.0)] {
        let tangent = [-apart.sin(), apart.cos() * side];
        for d in 0..2 {
            close(slopes[[0, k, d]], -0.5 * turn * tangent[d]);
        }
        differs(turn, -0.5 * turn, 0.1);
    }
    // The centre that is not the nearest has no slope.
    assert!((0..2).all(|d| slopes[[1, 1, d]] == 0.0));
}

/// The hardest positive of a batch, of which there are two.
#[test]
fn n21_tied_triplets_share_the_slope() {
    // A line: the anchor at 0, its partners at ±1, a stranger at 1.5.
    let x = reals(&[4, 2], &[0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.5, 0.0]);
    let y = labels(&[0, 0, 0, 1]);
    let arrays = [("x", &x), ("y", &y)];
    let of = |name: &str| call(name, &[("margin", 1.0)], &arrays);
    let value = of("BatchHardTriplet").value();
    // Farthest partner less the stranger, and the margin; the stranger has no partner.
    for (n, expected) in [0.5, 2.5, 0.5].into_iter().enumerate() {
        close(value[n], expected);
    }
    // The anchor is pulled both ways by halves, which leaves the push from the stranger.
    let slopes = of("BatchHardTriplet").gradient("x");
    assert!(slopes.iter().all(|slope| slope.is_finite()));
}
