//! Reads the reference values in `tests/golden/*.json`.
//!
//! A file is one loss, a [`Case`] one call of it: inputs, the loss per sample, totals, and gradients of two roots (the mean
//! and a fixed cotangent per sample). The fields, their conventions and how exact the numbers are stand in
//! `tests/golden/README.md`. Everything here panics with the file, the case and the field in question: a golden that does
//! not read is a broken test, not a result.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use serde_json::{Map, Value};

/// The reference values of one loss.
#[derive(Debug, Clone)]
pub struct Golden {
    /// The loss's name in the library, `ArcFace`.
    pub loss: String,
    /// What has gradients: tensors in the order of the declaration, then learned scalars.
    pub differentiable: Vec<String>,
    /// Allowed error in f32, relative to the largest element of an array.
    pub single: f64,
    /// The calls.
    pub cases: Vec<Case>,
}

/// One call of a loss with everything that is known about its result.
#[derive(Debug, Clone)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// Run-time flags by name; those not named have their defaults.
    pub flags: BTreeMap<String, bool>,
    /// The label that marks an ignored sample.
    pub ignore_index: Option<i64>,
    /// Run-time scalars by name.
    pub scalars: BTreeMap<String, f64>,
    /// Real inputs by name, differentiable or not.
    pub tensors: BTreeMap<String, ArrayD<f64>>,
    /// Label inputs by name.
    pub labels: BTreeMap<String, ArrayD<i64>>,
    /// 0-1 inputs by name.
    pub masks: BTreeMap<String, ArrayD<bool>>,
    /// The loss per sample; of no axes for a loss that is one number.
    pub value: ArrayD<f64>,
    /// Auxiliary outputs by name.
    pub auxiliary: BTreeMap<String, ArrayD<f64>>,
    /// `sum`, `mean` and, for losses that declare a weight, `weighted_mean`.
    pub totals: BTreeMap<String, f64>,
    /// One number a sample, in the shape of `value`.
    pub cotangent: ArrayD<f64>,
    /// Root (`mean`, `cotangent`, `weighted_mean`) → input or learned scalar → gradient in its shape.
    pub gradients: BTreeMap<String, BTreeMap<String, ArrayD<f64>>>,
}

/// Reads `tests/golden/{name}.json`, for example `load("arc_face")`.
///
/// # Panics
/// If the file is missing or any field of it is not as the README says.
pub fn load(name: &str) -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.json"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let root = Field::new(name, &document);
    Golden {
        loss: root.get("loss").text(),
        differentiable: root.get("differentiable").each(|f| f.text()),
        single: root.get("single").number(),
        cases: root.get("cases").each(read_case),
    }
}

/// The largest error of `found` against `expected`, relative to the largest element of `expected` (absolute if that is 0).
/// NaN or a shape that differs gives infinity, so that no comparison passes by accident.
pub fn array_error(found: &ArrayD<f64>, expected: &ArrayD<f64>) -> f64 {
    if found.shape() != expected.shape() {
        return f64::INFINITY;
    }
    let scale = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
    let mut worst = 0.0_f64;
    for (f, e) in found.iter().zip(expected) {
        let error = (f - e).abs();
        if error.is_nan() {
            return f64::INFINITY;
        }
        worst = worst.max(error);
    }
    if scale > 0.0 { worst / scale } else { worst }
}

fn read_case(at: &Field<'_>) -> Case {
    let tensors = at.get("tensors").table(|f| f.array(Field::number));
    let scalars = at.get("scalars").table(Field::number);
    let value = at.get("value").array(Field::number);
    let cotangent = at.get("cotangent").shaped(value.shape(), Field::number);
    let gradients = at.get("gradients").table(|root| {
        root.entries()
            .map(|(input, f)| {
                let shape = match tensors.get(&input) {
                    Some(tensor) => tensor.shape(),
                    None if scalars.contains_key(&input) => &[],
                    None => f.fail("has no input of its name"),
                };
                let gradient = f.shaped(shape, Field::number);
                (input, gradient)
            })
            .collect()
    });
    Case {
        name: at.get("name").text(),
        flags: at.find_table("flags", Field::boolean),
        ignore_index: at.find("ignore_index").map(|f| f.integer()),
        auxiliary: at.find_table("auxiliary", |f| f.array(Field::number)),
        labels: at.get("labels").table(|f| f.array(Field::integer)),
        masks: at.get("masks").table(|f| f.array(|bit| bit.integer() != 0)),
        totals: at.get("totals").table(Field::number),
        tensors,
        scalars,
        value,
        cotangent,
        gradients,
    }
}

/// A JSON value and the way to it, for messages.
struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    fn new(path: &str, value: &'a Value) -> Self {
        Self {
            path: path.to_owned(),
            value,
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("tests/golden: {} {what}", self.path)
    }

    fn child(&self, key: &str, value: &'a Value) -> Field<'a> {
        let mut path = self.path.clone();
        write!(path, ".{key}").expect("a String takes any text");
        Field { path, value }
    }

    fn object(&self) -> &'a Map<String, Value> {
        self.value
            .as_object()
            .unwrap_or_else(|| self.fail("is not an object"))
    }

    fn find(&self, key: &str) -> Option<Field<'a>> {
        self.object().get(key).map(|value| self.child(key, value))
    }

    fn get(&self, key: &str) -> Field<'a> {
        self.find(key)
            .unwrap_or_else(|| self.child(key, self.value).fail("is missing"))
    }

    fn entries(&self) -> impl Iterator<Item = (String, Field<'a>)> {
        self.object()
            .iter()
            .map(|(key, value)| (key.clone(), self.child(key, value)))
    }

    fn table<T>(&self, read: impl Fn(&Field<'a>) -> T) -> BTreeMap<String, T> {
        self.entries()
            .map(|(key, field)| (key, read(&field)))
            .collect()
    }

    /// A table that may be missing, which means that it is empty.
    fn find_table<T>(&self, key: &str, read: impl Fn(&Field<'a>) -> T) -> BTreeMap<String, T> {
        self.find(key)
            .map_or_else(BTreeMap::new, |field| field.table(read))
    }

    fn each<T>(&self, read: impl Fn(&Field<'a>) -> T) -> Vec<T> {
        let list = self
            .value
            .as_array()
            .unwrap_or_else(|| self.fail("is not a list"));
        let items = list.iter().enumerate();
        items
            .map(|(i, value)| read(&self.child(&i.to_string(), value)))
            .collect()
    }

    fn text(&self) -> String {
        self.value
            .as_str()
            .unwrap_or_else(|| self.fail("is not a string"))
            .to_owned()
    }

    fn number(&self) -> f64 {
        self.value
            .as_f64()
            .unwrap_or_else(|| self.fail("is not a number"))
    }

    fn boolean(&self) -> bool {
        self.value
            .as_bool()
            .unwrap_or_else(|| self.fail("is not a boolean"))
    }

    fn integer(&self) -> i64 {
        self.value
            .as_i64()
            .unwrap_or_else(|| self.fail("is not an integer"))
    }

    fn array<T>(&self, read: impl Fn(&Field<'a>) -> T) -> ArrayD<T> {
        let extent =
            |f: &Field<'a>| usize::try_from(f.integer()).unwrap_or_else(|_| f.fail("is negative"));
        let shape = self.get("shape").each(extent);
        self.get("data").shaped(&shape, read)
    }

    fn shaped<T>(&self, shape: &[usize], read: impl Fn(&Field<'a>) -> T) -> ArrayD<T> {
        ArrayD::from_shape_vec(IxDyn(shape), self.each(read))
            .unwrap_or_else(|_| self.fail(&format!("does not have the shape {shape:?}")))
    }
}
