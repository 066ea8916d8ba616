//! Every kernel is accurate in `f32` at inputs drawn to hurt: against arbitrary precision, in units of the results' natural scale.

use loss_tests::support::accuracy::bound;
use loss_tests::support::subject::Subject;

fn is_accurate(subject: &Subject) {
    let audit = subject.loss.audit();
    let kernel = audit.kernel();
    let allowed = bound(subject.loss.name());
    assert!(kernel.worst <= allowed && kernel.lost == 0, "{audit}");
    // Something was measured, in every output.
    for output in &audit.outputs {
        assert!(output.kernel.measured() >= 14, "{}: {audit}", output.name);
    }
}

loss_tests::for_each_built_in!(is_accurate);
