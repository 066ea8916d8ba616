//! Margins: 3 to 8.

use std::f64::consts::PI;

use loss_tests::support::call::Call;

use super::{all_close, close, cross_entropy, differs, head, softmax};

/// The label's centre at angle 0, another one at 2.
const CENTRES: [(f64, f64); 2] = [(1.0, 0.0), (1.0, 2.0)];

fn with_margin(name: &str, s: f64, m: f64, theta: f64) -> Call {
    head(name, &[("s", s), ("m", m)], &[(1.0, theta)], &CENTRES, &[0])
}

/// ∂cos(θ + m)/∂c = sin(θ + m)/sin θ is infinite at θ = 0, and the projection that it multiplies is 0: implementations that take acos, or
/// divide by √(1 − c²), have NaN at a feature that is its centre. End to end the slope is s·sin(θ + m)·u/‖x‖.
#[test]
fn n03_arc_face_is_finite_where_feature_and_centre_are_aligned() {
    let (s, m) = (8.0, 0.5_f64);
    for theta in [0.0_f64, 1e-9, 1e-5, 0.3, PI - m - 0.01] {
        let call = with_margin("ArcFace", s, m, theta);
        let z = [s * (theta + m).cos(), s * (2.0 - theta).cos()];
        close(call.value()[0], cross_entropy(&z, 0));
        let p = softmax(&z);
        // Along the circle, away from the label's centre; at the centre itself that direction is undefined and taken as 0.
        let turned = if theta == 0.0 {
            0.0
        } else {
            -s * (theta + m).sin()
        };
        let tangent = (p[0] - 1.0) * turned + p[1] * s * (2.0 - theta).sin();
        let slopes = call.gradient("x");
        let found = slopes[[0, 1]] * theta.cos() - slopes[[0, 0]] * theta.sin();
        assert!(
            (found - tangent).abs() < 1e-6 * tangent.abs(),
            "{theta}: {found} {tangent}"
        );
    }
    let c = 1.0_f64;
    let slope = (c.acos() + m).sin() / (1.0 - c * c).sqrt();
    let projected = 1.0 - c * 1.0;
    assert!((slope * projected).is_nan());
}

/// The classic fall-back beyond θ = π − m is cos θ − m sin m: at the switch it jumps from −1 down to −1 − (m sin m − (1 − cos m)). It is no
/// Taylor expansion; −2 − cos(θ + m) is what continues the curve.
#[test]
fn n03_the_fall_back_jumps() {
    let (s, m) = (4.0, 0.5_f64);
    let phi = |name: &str, theta: f64| {
        // The logit of the label from the loss: z_y = z_other − ln(e^L − 1).
        let loss = with_margin(name, s, m, theta).value()[0];
        (2.0 - theta).cos() - loss.exp_m1().ln() / s
    };
    let (before, after) = (PI - m - 1e-7, PI - m + 1e-7);
    assert!((phi("ArcFace", before) + 1.0).abs() < 1e-6);
    assert!((phi("ArcFace", after) + 1.117_295).abs() < 1e-5);
    assert!((phi("ArcFaceContinuous", after) + 1.0).abs() < 1e-6);
    close(phi("ArcFaceContinuous", 2.9), -2.0 - (2.9 + m).cos());
    close(phi("ArcFace", 2.9), 2.9_f64.cos() - m * m.sin());
    // As printed in the paper the curve turns back up.
    close(phi("ArcFacePlain", 2.9), (2.9 + m).cos());
    assert!(phi("ArcFacePlain", 3.0) > phi("ArcFacePlain", 2.7));
}

/// The easy margin is not monotone: −sin m just before a right angle, 0 after it.
#[test]
fn n03_the_easy_margin_rises_at_a_right_angle() {
    let (s, m) = (4.0, 0.5_f64);
    let loss = |theta: f64| with_margin("ArcFaceEasy", s, m, theta).value()[0];
    let other = |theta: f64| s * (2.0 - theta).cos();
    let (before, after) = (PI / 2.0 - 1e-6, PI / 2.0 + 1e-6);
    assert!((loss(before) - cross_entropy(&[-s * m.sin(), other(before)], 0)).abs() < 1e-5);
    assert!((loss(after) - cross_entropy(&[0.0, other(after)], 0)).abs() < 1e-5);
    assert!(loss(after) < loss(before) - 0.5);
}

/// pytorch-metric-learning has its margin in degrees, 28.6, which is 0.49916 and not ½; given as radians 28.6 is another angle.
#[test]
fn n03_margins_are_in_radians() {
    let loss = |m: f64| with_margin("ArcFacePlain", 8.0, m, 0.7).value()[0];
    close(
        loss(28.6_f64.to_radians()),
        cross_entropy(
            &[
                8.0 * (0.7 + 28.6_f64.to_radians()).cos(),
                8.0 * 1.3_f64.cos(),
            ],
            0,
        ),
    );
    differs(loss(28.6_f64.to_radians()), loss(0.5), 1e-4);
    differs(loss(28.6), loss(0.5), 0.1);
}

/// ψ(θ) = (−1)ᵏ cos mθ − 2k, monotone from 1 to 1 − 2m. Without the −2k it goes up and down; cos from its Taylor series
/// (clcarwin's `myphi`, whose ninth power should be a tenth as well) is off by orders of magnitude at mθ = 4π.
#[test]
fn n04_psi_is_continued() {
    let apart = 3.0;
    for (m, name) in [(2.0, "ASoftmax2"), (3.0, "ASoftmax3"), (4.0, "ASoftmax")] {
        let mut last = 1.0 + 1e-9;
        for step in 0..=60 {
            let theta = PI * f64::from(step) / 60.0;
            let call = head(
                name,
                &[],
                &[(1.0, theta)],
                &[(1.0, 0.0), (1.0, apart)],
                &[0],
            );
            let psi = (apart - theta).cos() - call.value()[0].exp_m1().ln();
            let k = (m * theta / PI + 1e-12).floor().min(m - 1.0);
            let sign = if k % 2.0 == 0.0 { 1.0 } else { -1.0 };
            let right = sign * (m * theta).cos() - 2.0 * k;
            assert!(
                (psi - right).abs() < 1e-12 * m * m,
                "{name} at {theta}: {psi} {right}"
            );
            assert!(psi < last, "{name} falls");
            last = psi;
            if k > 0.0 {
                differs((m * theta).cos() * sign, right, 0.1);
            }
        }
        assert!((last - (1.0 - 2.0 * m)).abs() < 1e-9);
    }
    let x = 4.0 * PI;
    let taylor = 1.0 - x.powi(2) / 2.0 + x.powi(4) / 24.0 - x.powi(6) / 720.0 + x.powi(8) / 40320.0
        - x.powi(9) / 362_880.0;
    differs(taylor, x.cos(), 100.0);
}

/// At the ends of the pieces, where k computed by acos and a rounded π may be either: ψ is continuous with slope 0, so that both are
/// right, and nothing is infinite.
#[test]
fn n04_psi_at_the_ends_of_its_pieces() {
    for (m, name) in [(2.0, "ASoftmax2"), (3.0, "ASoftmax3"), (4.0, "ASoftmax")] {
        for k in 0..=m as usize {
            let theta = PI * k as f64 / m;
            let call = head(name, &[], &[(1.0, theta)], &CENTRES, &[0]);
            let z = [1.0 - 2.0 * k as f64, (2.0 - theta).cos()];
            close(call.value()[0], cross_entropy(&z, 0));
            let p = softmax(&z);
            // The label's logit moves with the length only; the other's as a cosine.
            let radial = (p[0] - 1.0) * z[0] + p[1] * z[1];
            let tangent = p[1] * (2.0 - theta).sin();
            let expected = [
                radial * theta.cos() - tangent * theta.sin(),
                radial * theta.sin() + tangent * theta.cos(),
            ];
            let found = call.gradient("x");
            for d in 0..2 {
                assert!(
                    (found[[0, d]] - expected[d]).abs() < 1e-6,
                    "{name}, {k}: {found} {expected:?}"
                );
            }
        }
    }
}

/// λ blends at the label only, (λ‖w‖‖x‖cos θ + ‖w‖‖x‖ψ)/(1 + λ); the other logits stay as they are.
#[test]
fn n05_annealing_leaves_the_other_logits() {
    let (theta, lambda, length) = (0.5_f64, 5.0, 3.0);
    let call = head(
        "LSoftmax2",
        &[("lambda", lambda)],
        &[(length, theta)],
        &CENTRES,
        &[0],
    );
    let psi = (2.0 * theta).cos();
    let target = length * (lambda * theta.cos() + psi) / (1.0 + lambda);
    let other = length * (2.0 - theta).cos();
    let right = cross_entropy(&[target, other], 0);
    close(call.value()[0], right);
    differs(
        cross_entropy(&[target, other / (1.0 + lambda)], 0),
        right,
        0.05,
    );
    differs(
        cross_entropy(&[length * (lambda * theta.cos() + psi), other], 0),
        right,
        0.05,
    );
}

/// SphereFace's released layer divides the gradient of the label's logit by its own size, and gives the centres the gradient of a
/// plain inner product, without margin, λ or the constraint to the sphere.
#[test]
fn n06_a_softmax_has_the_gradient_of_its_value() {
    let (m, theta, length) = (4.0_f64, 1.0_f64, 20.0);
    let call = head("ASoftmax", &[], &[(length, theta)], &CENTRES, &[0]);
    // θ is in the second piece: ψ = −cos 4θ − 2.
    let (psi, slope) = (-(m * theta).cos() - 2.0, m * (m * theta).sin());
    let z = [length * psi, length * (2.0 - theta).cos()];
    let p = softmax(&z);
    close(call.value()[0], cross_entropy(&z, 0));
    let radial = (p[0] - 1.0) * psi + p[1] * (2.0 - theta).cos();
    let tangent = (p[0] - 1.0) * slope + p[1] * (2.0 - theta).sin();
    let expected = [
        radial * theta.cos() - tangent * theta.sin(),
        radial * theta.sin() + tangent * theta.cos(),
    ];
    all_close(&call.gradient("x"), &expected);
    // The released cut: both parts of the label's slope over the length of its coefficients.
    let (a, b) = (slope / theta.sin(), -slope / theta.tan() - psi);
    let cut = (a * a + b * b).sqrt();
    assert!(cut > 3.0);
    differs((p[0] - 1.0) * psi / cut, (p[0] - 1.0) * psi, 0.5);
    // The centre of the label is turned with the slope of ψ and not moved outwards; released: along the feature.
    let found = call.gradient("w");
    close(found[[0, 0]], 0.0);
    close(found[[0, 1]], (p[0] - 1.0) * length * -slope);
    differs((p[0] - 1.0) * length * theta.sin(), found[[0, 1]], 0.1);
}

/// AM-Softmax's released layer subtracts its margin only where cos θ > m, with a jump of m there.
#[test]
fn n07_the_margin_does_not_depend_on_the_cosine() {
    for theta in [0.3_f64, 1.3, 2.5] {
        for name in ["AmSoftmax", "CosFace"] {
            let call = with_margin(name, 8.0, 0.35, theta);
            let z = |m: f64| [8.0 * (theta.cos() - m), 8.0 * (2.0 - theta).cos()];
            close(call.value()[0], cross_entropy(&z(0.35), 0));
            if theta.cos() <= 0.35 {
                differs(cross_entropy(&z(0.0), 0), call.value()[0], 0.1);
            }
        }
    }
}

/// Since December 2022 insightface's ArcFace turns the angle under `no_grad`: value as before, slope of the cosine 1 in place of
/// sin(θ + m)/sin θ. Here that is a loss of its own.
#[test]
fn n08_straight_through_is_another_loss() {
    let (s, m, theta) = (8.0, 0.5_f64, 0.9_f64);
    let p = softmax(&[s * (theta + m).cos(), s * (2.0 - theta).cos()]);
    let tangent = |slope: f64| (p[0] - 1.0) * -s * slope + p[1] * s * (2.0 - theta).sin();
    let of = |name: &str| with_margin(name, s, m, theta);
    let along = |call: &Call| {
        let slopes = call.gradient("x");
        slopes[[0, 1]] * theta.cos() - slopes[[0, 0]] * theta.sin()
    };
    close(of("ArcFace").value()[0], of("ArcFaceDetached").value()[0]);
    close(along(&of("ArcFace")), tangent((theta + m).sin()));
    close(along(&of("ArcFaceDetached")), tangent(theta.sin()));
    differs(tangent(theta.sin()), tangent((theta + m).sin()), 0.1);
}

/// insightface's CombinedMarginLoss takes m₃ alone where it is above 0: its preset (1, 0.3, 0.2) is CosFace with 0.2.
#[test]
fn n08_all_three_margins_count() {
    let (s, theta) = (8.0, 0.9_f64);
    let margins = [("s", s), ("m1", 1.0), ("m2", 0.3), ("m3", 0.2)];
    let call = head("CombinedMargin", &margins, &[(1.0, theta)], &CENTRES, &[0]);
    let right = cross_entropy(
        &[s * ((theta + 0.3).cos() - 0.2), s * (2.0 - theta).cos()],
        0,
    );
    close(call.value()[0], right);
    differs(with_margin("CosFace", s, 0.2, theta).value()[0], right, 0.1);
}
