//! Norms: 9, 10.

use super::{close, cross_entropy, differs, head, softmax};

/// NormFace's and A-Softmax's released layers overwrite W by its normalised rows and then go back as through an inner product: the
/// gradient has a part along w, which no step that keeps ‖w‖ can take.
#[test]
fn n09_gradient_of_centres_is_projected() {
    let (s, x, w) = (8.0, [(2.0, 0.4)], [(1.0, 0.0), (1.0, 1.1)]);
    for (name, scalars, cosines) in [
        ("NormFace", vec![("s", s)], [0.4_f64.cos(), 0.7_f64.cos()]),
        (
            "CosFace",
            vec![("s", s), ("m", 0.35)],
            [0.4_f64.cos() - 0.35, 0.7_f64.cos()],
        ),
    ] {
        let call = head(name, &scalars, &x, &w, &[0]);
        let z = cosines.map(|c| s * c);
        close(call.value()[0], cross_entropy(&z, 0));
        let found = call.gradient("w");
        let p = softmax(&z);
        for (c, (slope, angle)) in [(p[0] - 1.0, 0.0_f64), (p[1], 1.1)].into_iter().enumerate() {
            let unit = [angle.cos(), angle.sin()];
            let feature = [0.4_f64.cos(), 0.4_f64.sin()];
            let plain = feature.map(|e| s * slope * e);
            let along = plain[0] * unit[0] + plain[1] * unit[1];
            for d in 0..2 {
                close(found[[c, d]], plain[d] - along * unit[d]);
            }
            assert!(
                along.abs() > 0.1,
                "what the released layers do not take out"
            );
        }
    }
}

/// √(‖x‖² + ε) with ε = 1e-7 (Caffe_Long), 1e-6 or 1e-12 by the device (caffe-windows), max(‖x‖, 1e-12) (torch): all but the last change
/// the cosine of a short feature. Here the length has no effect at all.
#[test]
fn n10_length_does_not_matter_however_short() {
    let (s, w) = (8.0, [(1.0, 0.0), (1.0, 1.1)]);
    let of = |length: f64| head("NormFace", &[("s", s)], &[(length, 0.4)], &w, &[0]);
    let right = cross_entropy(&[s * 0.4_f64.cos(), s * 0.7_f64.cos()], 0);
    for length in [1e-150, 1e-30, 1e-13, 1e-4, 1.0, 1e30, 1e150] {
        close(of(length).value()[0], right);
        for epsilon in [1e-7, 1e-6, 1e-12] {
            let shrunk = (length * length / (length * length + epsilon)).sqrt();
            if length <= 1e-4 && epsilon > length * length {
                let z = [0.4_f64, 0.7].map(|angle| s * shrunk * angle.cos());
                differs(cross_entropy(&z, 0), right, 0.05);
            }
        }
    }
}

/// Below torch's ε the function is linear, x/ε, with the slope 1/ε and no projection; a gradient with the projection belongs to x/‖x‖. Here
/// it is the latter everywhere: at right angles to x, and 1/‖x‖ in size.
#[test]
fn n10_gradient_of_a_short_feature_is_projected() {
    let (s, w) = (8.0, [(1.0, 0.0), (1.0, 1.1)]);
    let p = softmax(&[s * 0.4_f64.cos(), s * 0.7_f64.cos()]);
    // Both centres pull along the circle: −sin(0.4) towards the one, sin(0.7) towards the other.
    let tangent = s * ((p[0] - 1.0) * -(0.4_f64.sin()) + p[1] * 0.7_f64.sin());
    for length in [1e-14, 1e-3, 10.0] {
        let slopes = head("NormFace", &[("s", s)], &[(length, 0.4)], &w, &[0]).gradient("x");
        close(slopes[[0, 0]] * length, -tangent * 0.4_f64.sin());
        close(slopes[[0, 1]] * length, tangent * 0.4_f64.cos());
        // Without the projection.
        let radial = s * ((p[0] - 1.0) * 0.4_f64.cos() + p[1] * 0.7_f64.cos());
        differs(
            radial * 0.4_f64.cos() - tangent * 0.4_f64.sin(),
            slopes[[0, 0]] * length,
            0.05,
        );
    }
}
