//! The tests' own tools: reference values read as they were written, layouts hold the same elements, errors are seen.

use ndarray::{ArrayD, IxDyn};

use loss_dsl::Input;
use loss_tests::support::arrays::{Array, Arrays, Layout};
use loss_tests::support::golden::{array_error, load};
use loss_tests::support::library::FILES;

#[test]
fn every_file_reads_and_is_consistent() {
    for &(_, file) in FILES {
        let golden = load(file);
        assert!(golden.cases.len() >= 5, "{file}");
        for case in &golden.cases {
            let sum: f64 = case.value.iter().sum();
            let allowed = 1e-14 * case.value.iter().map(|v| v.abs()).sum::<f64>();
            assert!(
                (sum - case.totals["sum"]).abs() <= allowed,
                "{file}: {}",
                case.name
            );
            for gradient in case.gradients.values() {
                let inputs: Vec<&String> = gradient.keys().collect();
                let mut expected: Vec<&String> = golden.differentiable.iter().collect();
                expected.sort();
                assert_eq!(inputs, expected, "{file}: {}", case.name);
            }
        }
    }
}

#[test]
fn real_inputs_are_exact_in_f32() {
    for &(_, file) in FILES {
        for case in load(file).cases {
            for (name, tensor) in &case.tensors {
                let exact = tensor.iter().all(|&t| f64::from(t as f32) == t);
                assert!(exact, "{file}: {}, {name}", case.name);
            }
        }
    }
}

#[test]
fn numbers_round_trip() {
    for text in ["2.2204460492503131e-16", "34.199999999999996"] {
        let number: serde_json::Value = serde_json::from_str(text).expect("a number");
        assert_eq!(number.as_f64(), text.parse().ok());
    }
}

#[test]
fn errors_are_relative_to_the_array_and_nan_never_passes() {
    let array = |data: Vec<f64>| ArrayD::from_shape_vec(IxDyn(&[data.len()]), data).unwrap();
    let expected = array(vec![4.0, 0.5]);
    assert_eq!(array_error(&array(vec![4.0, 1.5]), &expected), 0.25);
    assert_eq!(
        array_error(&array(vec![f64::NAN, 0.5]), &expected),
        f64::INFINITY
    );
    assert_eq!(array_error(&array(vec![4.0]), &expected), f64::INFINITY);
}

#[test]
fn layouts_hold_the_same_elements() {
    let array = ArrayD::from_shape_fn(IxDyn(&[2, 3, 4]), |i| (i[0] * 12 + i[1] * 4 + i[2]) as f64);
    let laid_out = |layout| {
        let arrays = Arrays::new(vec![Array::Real(array.clone())]).relaid(layout);
        arrays.number::<f64>(&array)
    };
    for layout in [Layout::RowMajor, Layout::ColumnMajor, Layout::Gaps] {
        assert_eq!(laid_out(layout), array);
        let arrays = Arrays::new(vec![Array::Real(array.clone())]).relaid(layout);
        match &arrays.inputs::<f64>().as_slice()[0] {
            Input::Real(found) => assert_eq!(found.view(), array.view()),
            other => panic!("{other:?} is not real"),
        }
    }
    let gaps = laid_out(Layout::Gaps);
    assert!(gaps.as_slice_memory_order().is_none());
    assert!(gaps.strides()[2] < 0);
    assert_eq!(laid_out(Layout::ColumnMajor).strides()[0], 1);
}
