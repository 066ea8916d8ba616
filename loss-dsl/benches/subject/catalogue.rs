//! The losses that are measured, by name, and what their inputs look like.

use loss_dsl::Loss;
use loss_dsl::losses::{
    ArcFace, BinaryFocal, CosFace, Distillation, Focal, LSoftmax, LSoftmax1, LabelSmoothing,
    NormFace, SoftmaxCrossEntropy,
};
use ndarray::{ArrayD, IxDyn};

use super::own::{HardestNegative, LearnedMargins, TemperedTsallis};
use super::{Array, Prepared, Size, Subject, random};

/// All names.
pub(crate) const NAMES: [&str; 13] = [
    "softmax",
    "label_smoothing",
    "focal",
    "sigmoid_focal",
    "distillation",
    "tempered_tsallis",
    "hardest_negative",
    "linear_softmax",
    "norm_face",
    "cos_face",
    "arc_face",
    "l_softmax",
    "learned_margins",
];

/// Whether the loss is a head: it has features and class weights, and matrix products.
pub(crate) fn has_features(name: &str) -> bool {
    NAMES[7..].contains(&name)
}

/// How an array is filled.
#[derive(Clone, Copy)]
enum Fill {
    Normal(&'static str, f64),
    Positive(&'static str),
    Labels,
    Mask,
}
use Fill::{Labels, Mask, Normal, Positive};

/// Deviation of the logits: confident, not certain.
const LOGITS: Fill = Normal("NC", 2.0);
const FEATURES: Fill = Normal("ND", 1.0);
/// Small enough for inner products of order one.
const CENTRES: Fill = Normal("CD", 0.05);

impl Fill {
    /// The array number `index` of a call.
    fn array(self, index: usize, size: Size) -> Array {
        let index = index as u64;
        let shape = |axes: &str| {
            let extent = |axis| match axis {
                'N' => size.n,
                'C' => size.c,
                _ => size.d,
            };
            axes.chars().map(extent).collect::<Vec<usize>>()
        };
        match self {
            Normal(axes, deviation) => {
                let shape = shape(axes);
                let values = random::normal(index, shape.iter().product(), deviation);
                Array::Real(shaped(&shape, values))
            }
            Positive(axes) => {
                let shape = shape(axes);
                let values = random::positive(index, shape.iter().product());
                Array::Real(shaped(&shape, values))
            }
            Labels => Array::Labels(shaped(&[size.n], random::labels(index, size.n, size.c))),
            Mask => Array::Mask(shaped(
                &[size.n, size.c],
                random::mask(index, size.n * size.c),
            )),
        }
    }
}

fn shaped<T>(shape: &[usize], values: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape has")
}

fn prepared<L: Loss + Default + 'static>(size: Size, fills: &[Fill]) -> Box<dyn Subject> {
    let arrays = fills.iter().enumerate();
    Box::new(Prepared::<L>::new(
        arrays.map(|(i, fill)| fill.array(i, size)).collect(),
    ))
}

/// The loss `name` with inputs of the given size, if there is one of that name.
pub(crate) fn prepare(name: &str, size: Size) -> Option<Box<dyn Subject>> {
    let head = [FEATURES, CENTRES, Labels];
    Some(match name {
        "softmax" => prepared::<SoftmaxCrossEntropy>(size, &[LOGITS, Labels]),
        "label_smoothing" => prepared::<LabelSmoothing>(size, &[LOGITS, Labels]),
        "focal" => prepared::<Focal>(size, &[LOGITS, Labels]),
        "sigmoid_focal" => prepared::<BinaryFocal>(size, &[LOGITS, Mask]),
        "distillation" => prepared::<Distillation>(size, &[LOGITS, LOGITS, Labels]),
        "tempered_tsallis" => prepared::<TemperedTsallis>(size, &[LOGITS, Positive("C"), Labels]),
        "hardest_negative" => prepared::<HardestNegative>(size, &[LOGITS, Labels]),
        "linear_softmax" => prepared::<LSoftmax1>(size, &head),
        "norm_face" => prepared::<NormFace>(size, &head),
        "cos_face" => prepared::<CosFace>(size, &head),
        "arc_face" => prepared::<ArcFace>(size, &head),
        "l_softmax" => prepared::<LSoftmax>(size, &head),
        "learned_margins" => prepared::<LearnedMargins>(
            size,
            &[
                FEATURES,
                CENTRES,
                Normal("C", 1.0),
                Normal("C", 1.0),
                Labels,
            ],
        ),
        _ => return None,
    })
}
