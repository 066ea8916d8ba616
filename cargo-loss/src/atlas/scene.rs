//! A small world for a loss: extents, inputs, and the one number of them that a plot moves.
//!
//! What is moved follows from the signature. A label that picks from logits `[N, C]`: the label's logit. A label that picks from centres
//! `[C, D]` beside features `[N, D]`, or two arrays of vectors: the angle between feature and centre, all of length 1, in three dimensions.
//! Otherwise: the first element of the first differentiated input.

use loss_codegen::compile::Compiled;
use loss_codegen::ir::eval::point::{Points, Random, inputs};
use loss_codegen::ir::eval::{Environment, Value, eval, eval_all};
use loss_codegen::ir::{DimId, Gradient, Graph, NodeId, Param, ParamId, Role};

/// The dimensions of features and centres.
const SPACE: usize = 3;

/// What a plot moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moved {
    /// The logit at the label of the first sample.
    Logit(ParamId),
    /// The direction of the first feature, from that of its centre or partner.
    Angle {
        /// The features.
        of: ParamId,
        /// What the angle is measured from.
        from: ParamId,
    },
    /// The first element.
    Element(ParamId),
}

/// The world.
#[derive(Clone, Debug)]
pub(crate) struct Scene<'c> {
    gradient: &'c Gradient,
    pub(crate) env: Environment,
    pub(crate) moved: Moved,
}

/// The value of the first loss, and its gradient by the array that is moved.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) value: f64,
    pub(crate) slope: Vec<f64>,
}

impl<'c> Scene<'c> {
    /// The world of a loss; `None` if it has no array that is differentiated.
    pub(crate) fn new(loss: &'c Compiled) -> Option<Self> {
        let gradient = &loss.simplified.kernel;
        let graph = &gradient.loss.graph;
        let moved = moved(graph, &gradient.loss.batch)?;
        let batch: Vec<DimId> = gradient
            .loss
            .batch
            .iter()
            .map(|&a| graph.axis(a).dim)
            .collect();
        let paired = |dim| graph.axes().iter().filter(|axis| axis.dim == dim).count() > 1;
        let classes: Vec<DimId> = graph.params().iter().filter_map(label_of).collect();
        let space = match moved {
            Moved::Angle { of, .. } => graph.param(of).axes.last().map(|&a| graph.axis(a).dim),
            Moved::Logit(_) | Moved::Element(_) => None,
        };
        let extent = |dim: DimId| match dim {
            _ if space == Some(dim) => SPACE,
            _ if classes.contains(&dim) => 2,
            _ if batch.contains(&dim) && !paired(dim) => 1,
            _ => 2,
        };
        let dims: Vec<usize> = (0..graph.dim_count() as u8)
            .map(|dim| extent(DimId(dim)))
            .collect();
        let mut env = inputs(&gradient.loss, &dims, Points::General, &mut Random::new(11));
        for id in graph.param_ids() {
            let len = env.len_of(graph, id);
            let value = match graph.param(id).role {
                Role::Scalar { default, .. } => Value::Scalar(default),
                Role::Flag(default) => Value::Flag(default),
                Role::Label(_) => Value::Label(vec![0; len]),
                Role::Mask => Value::Mask(vec![true; len]),
                Role::Cotangent => Value::Real(vec![1.0; len]),
                _ => continue,
            };
            env.set(id, value);
        }
        let mut scene = Scene {
            gradient,
            env,
            moved,
        };
        match moved {
            Moved::Logit(param) => {
                let len = scene.env.len_of(graph, param);
                scene.env.set(param, Value::Real(vec![0.0; len]));
            }
            Moved::Angle { of, from } => {
                scene.point(of, 1);
                scene.point(from, 1);
            }
            Moved::Element(_) => {}
        }
        Some(scene)
    }

    /// Lets the vectors of a sample or class point along an axis of the space: those of the first along the first axis, all
    /// others along that of number `others`.
    fn point(&mut self, param: ParamId, others: usize) {
        let graph = self.graph();
        let len = self.env.len_of(graph, param);
        let first = graph.param(param).axes.first();
        let each = len / first.map_or(1, |&axis| self.env.extent(graph, axis).max(1));
        let element = |i: usize| {
            let axis = if i < each { 0 } else { others };
            f64::from(u8::from(i % SPACE == axis))
        };
        self.env
            .set(param, Value::Real((0..len).map(element).collect()));
    }

    /// Turns the other centre out of the plane in which the feature moves: they are at right angles from then on.
    pub(crate) fn lift_others(&mut self) {
        if let Moved::Angle { from, .. } = self.moved {
            self.point(from, 2);
        }
    }

    fn graph(&self) -> &'c Graph {
        &self.gradient.loss.graph
    }

    /// Sets a scalar or flag, if there is one of that name: flags are on above 0.
    pub(crate) fn set(&mut self, name: &str, value: f64) {
        let graph = self.graph();
        for id in graph.param_ids().filter(|&id| graph.param(id).name == name) {
            match graph.param(id).role {
                Role::Scalar { .. } => self.env.set(id, Value::Scalar(value)),
                Role::Flag(_) => self.env.set(id, Value::Flag(value > 0.0)),
                _ => {}
            }
        }
    }

    /// The array that is moved.
    pub(crate) fn array(&self) -> ParamId {
        match self.moved {
            Moved::Logit(param) | Moved::Element(param) => param,
            Moved::Angle { of, .. } => of,
        }
    }

    /// Which elements of the array a plane shows: the first two.
    pub(crate) fn has_plane(&self) -> bool {
        self.env.len_of(self.graph(), self.array()) >= 2
    }

    /// Between what the number is moved.
    pub(crate) fn range(&self) -> (f64, f64) {
        let declared = self.graph().param(self.array()).range;
        match self.moved {
            Moved::Logit(_) => (-8.0, 8.0),
            Moved::Angle { .. } => (0.0, std::f64::consts::PI),
            Moved::Element(_) => {
                let inside = |end: f64, open: bool, step: f64| if open { end + step } else { end };
                let lo = inside(declared.lo, declared.lo_open, 1e-3).max(-4.0);
                let hi = inside(declared.hi, declared.hi_open, -1e-3).min(4.0);
                (lo, hi)
            }
        }
    }

    /// What the moved number is called.
    pub(crate) fn called(&self) -> String {
        let name = |id| self.graph().param(id).name.clone();
        match self.moved {
            Moved::Logit(param) => format!("{} at the label", name(param)),
            Moved::Angle { of, from } => {
                format!("angle between {} and {}, in radians", name(of), name(from))
            }
            Moved::Element(param) => name(param),
        }
    }

    /// The value, and its slope in the moved number, where that is `at`.
    pub(crate) fn along(&mut self, at: f64) -> (f64, f64) {
        let array = self.array();
        match self.moved {
            Moved::Logit(_) | Moved::Element(_) => {
                self.put(array, &[at]);
                let seen = self.look();
                (seen.value, seen.slope[0])
            }
            Moved::Angle { .. } => {
                self.put(array, &[at.cos(), at.sin()]);
                let seen = self.look();
                // The chain rule along the circle.
                let slope = seen.slope[1] * at.cos() - seen.slope[0] * at.sin();
                (seen.value, slope)
            }
        }
    }

    /// The value and the gradient with the first elements of the array at a point.
    pub(crate) fn at(&mut self, point: [f64; 2]) -> Seen {
        let array = self.array();
        self.put(array, &point);
        self.look()
    }

    /// The value alone, which takes a fraction of the time.
    pub(crate) fn value_at(&mut self, point: [f64; 2]) -> f64 {
        let array = self.array();
        self.put(array, &point);
        let (graph, loss) = (self.graph(), &self.gradient.loss);
        let value = eval::<f64>(graph, &self.env, loss.value);
        value.laid_out(graph, &self.env, &loss.batch).iter().sum()
    }

    /// Gives every label this class.
    pub(crate) fn label(&mut self, class: usize) {
        let graph = self.graph();
        for id in graph.param_ids() {
            if let Role::Label(_) = graph.param(id).role {
                let len = self.env.len_of(graph, id);
                self.env.set(id, Value::Label(vec![class; len]));
            }
        }
    }

    fn put(&mut self, param: ParamId, first: &[f64]) {
        let mut elements = self.env.real(param).to_vec();
        for (element, &value) in elements.iter_mut().zip(first) {
            *element = value;
        }
        self.env.set(param, Value::Real(elements));
    }

    fn look(&self) -> Seen {
        let (graph, loss) = (self.graph(), &self.gradient.loss);
        let array = self.array();
        let slope = self.gradient.gradients.iter().find(|g| g.0 == array);
        let slope: NodeId = slope.expect("a differentiated input").1;
        let values = eval_all::<f64>(graph, &self.env, &[loss.value, slope]);
        let losses = values[0].laid_out(graph, &self.env, &loss.batch);
        Seen {
            value: losses.iter().sum(),
            slope: values[1].laid_out(graph, &self.env, &graph.param(array).axes),
        }
    }
}

fn label_of(param: &Param) -> Option<DimId> {
    match param.role {
        Role::Label(dim) => Some(dim),
        _ => None,
    }
}

fn is_differentiated(param: &Param) -> bool {
    param.role
        == Role::Tensor {
            differentiable: true,
        }
}

fn moved(graph: &Graph, batch: &[loss_codegen::ir::AxisId]) -> Option<Moved> {
    let arrays: Vec<ParamId> = graph
        .param_ids()
        .filter(|&id| is_differentiated(graph.param(id)))
        .collect();
    let dims = |id: ParamId| -> Vec<DimId> {
        graph
            .param(id)
            .axes
            .iter()
            .map(|&axis| graph.axis(axis).dim)
            .collect()
    };
    let samples: Vec<DimId> = batch.iter().map(|&axis| graph.axis(axis).dim).collect();
    let label = graph.params().iter().find_map(label_of);
    if let Some(classes) = label {
        let of_classes = |id: &&ParamId| dims(**id).contains(&classes);
        let chosen = arrays.iter().find(of_classes).copied();
        if let Some(chosen) = chosen {
            let own = dims(chosen);
            if samples.iter().all(|dim| own.contains(dim)) && own.last() == Some(&classes) {
                return Some(Moved::Logit(chosen));
            }
            let beside = |id: &&ParamId| **id != chosen && dims(**id).last() == own.last();
            if own.len() >= 2
                && own.first() == Some(&classes)
                && let Some(&of) = arrays.iter().find(beside)
            {
                return Some(Moved::Angle { of, from: chosen });
            }
        }
    }
    if let [of, from, ..] = arrays[..]
        && dims(of).len() == 2
        && dims(of).last() == dims(from).last()
        && dims(from).len() == 2
    {
        return Some(Moved::Angle { of, from });
    }
    let whole = arrays.iter().find(|id| !dims(**id).is_empty());
    whole.copied().map(Moved::Element)
}
