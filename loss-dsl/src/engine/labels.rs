//! Labels become positions, once, and mark the positions to ignore. Identities become small numbers
//! that are equal where they are.

use ndarray::{ArrayViewD, IxDyn};

use super::array::Grouping;
use crate::error::Error;
use crate::label::{Label, LabelView, Labels, with_labels};
use crate::spec::{ParameterSpec, Spec};

/// The axis that labels index.
pub(super) struct Range {
    /// Name of the label parameter.
    pub(super) input: &'static str,
    /// Name of the axis.
    pub(super) axis: &'static str,
    /// Its extent.
    pub(super) extent: usize,
}

/// What labels may be.
pub(super) enum Known<'a> {
    /// Positions on an axis.
    Positions(Range),
    /// Any of these integers, which ascend.
    Identities(&'a [i128]),
}

impl Known<'_> {
    #[inline(always)]
    fn number<L: Label>(&self, label: L) -> Option<usize> {
        match self {
            Self::Positions(range) => label.position(range.extent),
            Self::Identities(known) => known.binary_search(&label.value()).ok(),
        }
    }
}

/// All integers in some arrays of identities, ascending.
pub(super) fn identities<'r, 'l: 'r>(arrays: impl Iterator<Item = &'r Labels<'l>>) -> Vec<i128> {
    let mut known = Vec::new();
    for labels in arrays {
        with_labels!(labels, view => known.extend(view.iter().map(|label| label.value())));
    }
    known.sort_unstable();
    known.dedup();
    known
}

/// Labels as numbers in flat order.
pub(super) struct Resolved {
    /// The numbers, 0 for ignored labels that are positions; none if the array itself holds them.
    pub(super) numbers: Option<Vec<usize>>,
    /// Which labels are ignored, by place in flat order, ascending.
    pub(super) ignored: Vec<usize>,
}

/// Checks and converts labels.
pub(super) fn resolve(
    labels: &Labels<'_>,
    grouping: &Grouping,
    ignore: Option<i64>,
    known: &Known<'_>,
) -> Result<Resolved, Error> {
    if let (Known::Positions(range), LabelView::Usize(view), None) = (known, &labels.0, ignore)
        && grouping
            .batch
            .is_none_or(|batch| batch + 1 == grouping.declared)
        && view
            .as_slice()
            .is_some_and(|all| all.iter().all(|&label| label < range.extent))
    {
        return Ok(Resolved {
            numbers: None,
            ignored: Vec::new(),
        });
    }
    with_labels!(labels, view => convert(view, grouping, ignore, known))
}

fn convert<L: Label>(
    view: &ArrayViewD<'_, L>,
    grouping: &Grouping,
    ignore: Option<i64>,
    known: &Known<'_>,
) -> Result<Resolved, Error> {
    let order = grouping.flat_order(view.ndim());
    let flat = view.view().permuted_axes(IxDyn(&order));
    // Positions first and checks afterwards, so that this loop has no branches.
    let number = |label: &L| known.number(*label).unwrap_or(usize::MAX);
    let mut numbers: Vec<usize> = match flat.as_slice() {
        Some(labels) => labels.iter().map(number).collect(),
        None => flat.iter().map(number).collect(),
    };
    let mut ignored = Vec::new();
    if let Some(ignore) = ignore {
        let places = flat
            .iter()
            .enumerate()
            .filter(|(_, label)| label.equals(ignore));
        ignored.extend(places.map(|(place, _)| place));
        if let Known::Positions(_) = known {
            ignored.iter().for_each(|&place: &usize| numbers[place] = 0);
        }
    }
    let outside = numbers.iter().position(|&number| number == usize::MAX);
    match (known, outside) {
        (Known::Positions(range), Some(place)) => {
            Err(out_of_range(&flat.view(), place, &order, range))
        }
        _ => Ok(Resolved {
            numbers: Some(numbers),
            ignored,
        }),
    }
}

/// The message about the label at `place` of the flat order.
fn out_of_range<L: Label>(
    flat: &ArrayViewD<'_, L>,
    place: usize,
    order: &[usize],
    range: &Range,
) -> Error {
    let flat_index = unravel(place, flat.shape());
    let mut position = vec![0; order.len()];
    order
        .iter()
        .zip(&flat_index)
        .for_each(|(&axis, &index)| position[axis] = index);
    Error::LabelOutOfRange {
        input: range.input,
        position,
        value: flat[IxDyn(&flat_index)].value(),
        axis: range.axis,
        classes: range.extent,
    }
}

/// Whether each batch position is ignored, by any label; empty if none is. A label without some of
/// the batch axes marks all positions along these.
pub(super) fn ignored_positions(
    spec: &Spec,
    dims: &[usize],
    marked: &[(&'static ParameterSpec, Vec<usize>)],
) -> Vec<bool> {
    if marked.iter().all(|(_, places)| places.is_empty()) {
        return Vec::new();
    }
    let shape: Vec<usize> = spec.value_axes.iter().map(|&dim| dims[dim]).collect();
    let mut ignored = vec![false; shape.iter().product()];
    for (parameter, places) in marked {
        if parameter.axes == spec.value_axes {
            places.iter().for_each(|&place| ignored[place] = true);
            continue;
        }
        let strides = broadcast_strides(spec, dims, parameter.axes);
        for (position, ignored) in ignored.iter_mut().enumerate() {
            let index = unravel(position, &shape);
            let place: usize = index
                .iter()
                .zip(&strides)
                .map(|(i, stride)| i * stride)
                .sum();
            *ignored |= places.binary_search(&place).is_ok();
        }
    }
    ignored
}

/// For each batch axis, the stride in a row-major array with `axes`; 0 if it lacks the axis.
fn broadcast_strides(spec: &Spec, dims: &[usize], axes: &[usize]) -> Vec<usize> {
    let stride_of = |dim: &usize| {
        axes.iter().position(|own| own == dim).map_or(0, |at| {
            axes[at + 1..].iter().map(|&dim| dims[dim]).product()
        })
    };
    spec.value_axes.iter().map(stride_of).collect()
}

/// The index of the element at `place` of a row-major array.
pub(super) fn unravel(place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut rest = place;
    for (slot, &extent) in index.iter_mut().zip(shape).rev() {
        *slot = rest % extent;
        rest /= extent;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{DimSpec, ParameterKind};

    const LABEL: ParameterKind = ParameterKind::Label { range: 2 };
    static SPEC: Spec = Spec {
        name: "TwoLabels",
        dims: &[
            DimSpec {
                name: "N",
                batch: true,
            },
            DimSpec {
                name: "H",
                batch: true,
            },
            DimSpec {
                name: "C",
                batch: false,
            },
        ],
        parameters: &[
            ParameterSpec {
                name: "a",
                kind: LABEL,
                axes: &[0, 1],
            },
            ParameterSpec {
                name: "b",
                kind: LABEL,
                axes: &[0],
            },
            ParameterSpec {
                name: "c",
                kind: LABEL,
                axes: &[1],
            },
        ],
        value_axes: &[0, 1],
        auxiliary: &[],
        splittable: false,
        coupled: false,
    };

    /// Numbered together, whatever their types; an ignored one keeps its number.
    #[test]
    fn identities_are_equal_where_their_integers_are() {
        let a = ndarray::array![i64::MIN, -1, 7, -1].into_dyn();
        let b = ndarray::array![7_u8, 200].into_dyn();
        let arrays = [Label::wrap(a.view()), Label::wrap(b.view())];
        let integers = identities(arrays.iter());
        assert_eq!(integers, [i128::from(i64::MIN), -1, 7, 200]);
        let grouping = Grouping {
            declared: 1,
            batch: Some(0),
            splittable: true,
        };
        let known = Known::Identities(&integers);
        let first = resolve(&arrays[0], &grouping, Some(-1), &known).unwrap();
        assert_eq!(first.numbers.unwrap(), [0, 1, 2, 1]);
        assert_eq!(first.ignored, [1, 3]);
        let second = resolve(&arrays[1], &grouping, None, &known).unwrap();
        assert_eq!(second.numbers.unwrap(), [2, 3]);
    }

    #[test]
    fn a_position_is_ignored_if_any_label_says_so() {
        let marked = [vec![1], vec![1], vec![2]];
        let marked: Vec<_> = SPEC.parameters.iter().zip(marked).collect();
        let ignored = ignored_positions(&SPEC, &[2, 3, 5], &marked);
        assert_eq!(ignored, [false, true, true, true, true, true]);
        assert!(ignored_positions(&SPEC, &[2, 3, 5], &[]).is_empty());
    }
}
