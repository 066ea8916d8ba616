//! Every kernel is accurate in `f32` at inputs drawn to hurt: against arbitrary precision, in units of the results' natural scale.

use loss_tests::support::accuracy::{bound, read};
use loss_tests::support::library::names;
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

/// What the atlas shows was measured of these losses and outputs, and is within what is allowed here.
#[test]
fn the_record_is_of_the_library() {
    let record = read();
    let recorded: Vec<&String> = record.keys().collect();
    assert_eq!(recorded, names().iter().collect::<Vec<_>>());
    for (name, outputs) in &record {
        let subject = Subject::built_in(name);
        let outputs = outputs.as_array().expect("a list");
        let gradients = subject.loss.derivation().gradients.len();
        assert_eq!(outputs.len(), 1 + gradients, "{name}");
        for output in outputs {
            let worst = output["kernel"]["worst"].as_f64().expect("a number");
            assert!(worst <= bound(name), "{name}: {output}");
        }
    }
}
