//! A loss under test: its compiled form beside its generated type.

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::ir::eval::{Environment, Held, Number, Tensor, Value, eval_adjusted};
use loss_codegen::ir::{AxisId, Gradient, Graph, Loss as Definition, NodeId, Range, Role};
use ndarray::{ArrayD, IxDyn};
use proc_macro2::TokenStream;

use super::any::AnyLoss;
use super::arrays::{Array, Arrays};
use super::library;
use super::outcome::Outcome;
use super::random::Random;

/// A loss as the compiler library sees it, and as the macro made it.
pub struct Subject {
    /// All stages' results.
    pub compiled: Compiled,
    /// The generated type at its defaults.
    pub loss: AnyLoss,
}

impl Subject {
    /// A generated type, and the definitions among which its own is.
    ///
    /// # Panics
    /// If the block has mistakes or no such loss.
    pub fn in_block(block: TokenStream, loss: AnyLoss) -> Self {
        let name = loss.name();
        let losses = compile(block).unwrap_or_else(|mistakes| {
            let texts: Vec<String> = mistakes.iter().map(|mistake| mistake.text()).collect();
            panic!("{name}: {}", texts.join("\n"))
        });
        let found = losses.into_iter().find(|loss| loss.header.name == name);
        let compiled = found.unwrap_or_else(|| panic!("no {name} in the block"));
        Self { compiled, loss }
    }

    /// The built-in loss `name`.
    ///
    /// # Panics
    /// If there is none.
    pub fn built_in(name: &str) -> Self {
        let loss = library::loss(name);
        let block = loss
            .source()
            .parse()
            .expect("the macro has read these tokens");
        Self::in_block(block, loss)
    }

    /// The loss as written.
    pub fn definition(&self) -> &Definition {
        &self.compiled.literal.loss
    }

    /// The names of the dimensions.
    pub fn dims(&self) -> Vec<String> {
        let graph = &self.definition().graph;
        let ids = (0..graph.dim_count()).map(|i| loss_codegen::ir::DimId(i as u8));
        ids.map(|id| graph.dim_name(id).to_owned()).collect()
    }

    /// The elements of the largest tensor in the literal derivation, with an extent for each dimension.
    pub fn largest_tensor(&self, extents: &[usize]) -> usize {
        let graph = &self.definition().graph;
        let size = |id| {
            let axes = graph.free(id).iter();
            let extent = |axis| extents[usize::from(graph.axis(axis).dim.0)];
            axes.map(extent).product()
        };
        let ids = (0..graph.len()).map(|i| loss_codegen::ir::NodeId(i as u32));
        ids.map(size).max().unwrap_or(1)
    }

    /// Random arrays of the extents `extent(dimension)`: reals about normal (within their declared range), labels and
    /// masks uniform.
    pub fn sample(&self, extent: impl Fn(&str) -> usize, seed: u64) -> Arrays {
        let mut random = Random::new(seed);
        let graph = &self.definition().graph;
        let dims: Vec<usize> = self.dims().iter().map(|name| extent(name)).collect();
        let list = graph.params().iter().filter_map(|param| {
            let shape: Vec<usize> = param
                .axes
                .iter()
                .map(|&axis| dims[usize::from(graph.axis(axis).dim.0)])
                .collect();
            let shape = IxDyn(&shape);
            Some(match param.role {
                Role::Tensor { .. } => Array::Real(ArrayD::from_shape_simple_fn(shape, || {
                    within(param.range, random.normal())
                })),
                Role::Label(dim) => {
                    let classes = dims[usize::from(dim.0)];
                    Array::Labels(ArrayD::from_shape_simple_fn(shape, || {
                        random.below(classes) as i64
                    }))
                }
                // Of any size and sign, few of them.
                Role::Identity => Array::Labels(ArrayD::from_shape_simple_fn(shape, || {
                    [-1, i64::MAX, 7][random.below(3)]
                })),
                Role::Mask => {
                    Array::Mask(ArrayD::from_shape_simple_fn(shape, || random.below(2) == 1))
                }
                Role::Scalar { .. } | Role::Flag(_) | Role::Static(_) | Role::Cotangent => {
                    return None;
                }
            })
        });
        Arrays::new(list.collect())
    }

    /// A random cotangent for the loss of each sample.
    pub fn cotangent(&self, arrays: &Arrays, seed: u64) -> ArrayD<f64> {
        let definition = self.definition();
        let dims = extents(&definition.graph, arrays);
        let mut random = Random::new(seed);
        let shape = shape(&definition.graph, &dims, &definition.batch);
        ArrayD::from_shape_simple_fn(IxDyn(&shape), || random.normal())
    }

    /// What the interpreter makes of `gradient` (one of this loss's), in f64, at the inputs and settings as numbers of
    /// `single` precision hold them.
    pub fn interpreted(
        &self,
        gradient: &Gradient,
        loss: &AnyLoss,
        arrays: &Arrays,
        cotangent: &ArrayD<f64>,
        single: bool,
    ) -> Outcome {
        self.interpreted_adjusted::<f64>(gradient, loss, arrays, cotangent, single, &mut |_, _| {})
    }

    /// The same, computed with numbers `T`, and with the value of every node as `adjust` leaves it before others see it.
    pub fn interpreted_adjusted<T: Number>(
        &self,
        gradient: &Gradient,
        loss: &AnyLoss,
        arrays: &Arrays,
        cotangent: &ArrayD<f64>,
        single: bool,
        adjust: &mut dyn FnMut(NodeId, &mut Tensor<T>),
    ) -> Outcome {
        let definition = &gradient.loss;
        let graph = &definition.graph;
        let env = environment(graph, loss, arrays, cotangent, single);
        let mut roots = vec![(
            "value".to_owned(),
            definition.value,
            definition.batch.clone(),
        )];
        for output in &definition.auxiliary {
            roots.push((output.name.clone(), output.node, output.axes.clone()));
        }
        for &(param, node) in &gradient.gradients {
            let param = graph.param(param);
            roots.push((format!("d{}", param.name), node, param.axes.clone()));
        }
        // Gradients of tensors come before those of scalars at run time.
        let learned = |name: &str| {
            loss.spec()
                .learned()
                .any(|p| format!("d{}", p.name) == name)
        };
        roots.sort_by_key(|(name, ..)| learned(name));
        let nodes: Vec<_> = roots.iter().map(|(_, node, _)| *node).collect();
        let seed = |_, _, value| T::from_f64(value);
        let values = eval_adjusted(graph, &env, &nodes, &Held::nothing(), &seed, adjust);
        let list = roots
            .into_iter()
            .zip(values)
            .map(|((name, _, axes), value)| {
                let shape = shape(graph, &env.dims, &axes);
                let elements = value.laid_out(graph, &env, &axes);
                let elements = elements.iter().map(T::to_f64).collect();
                let array = ArrayD::from_shape_vec(IxDyn(&shape), elements);
                (name, array.expect("as many elements as points"))
            });
        Outcome {
            arrays: list.collect(),
        }
    }
}

/// A number within a range, from one that is about normal.
fn within(range: Range, normal: f64) -> f64 {
    match (range.lo.is_finite(), range.hi.is_finite()) {
        (true, true) => range.lo + (range.hi - range.lo) / (1.0 + normal.exp()),
        (true, false) => range.lo + normal.abs(),
        (false, true) => range.hi - normal.abs(),
        (false, false) => normal,
    }
}

/// What the interpreter is given for a call; reals as numbers of `single` precision hold them.
pub(super) fn environment(
    graph: &Graph,
    loss: &AnyLoss,
    arrays: &Arrays,
    cotangent: &ArrayD<f64>,
    single: bool,
) -> Environment {
    let precise = |x: f64| if single { f64::from(x as f32) } else { x };
    let mut env = Environment::new(graph, &extents(graph, arrays));
    let mut given = arrays.list.iter();
    let (mut scalars, mut flags) = (
        loss.scalar_values().into_iter(),
        loss.flag_values().into_iter(),
    );
    for id in graph.param_ids() {
        let value = match graph.param(id).role {
            Role::Tensor { .. } | Role::Label(_) | Role::Identity | Role::Mask => {
                match given.next().expect("an array per parameter") {
                    Array::Real(array) => Value::Real(array.iter().map(|&x| precise(x)).collect()),
                    Array::Labels(array) => {
                        Value::Label(array.iter().map(|&label| label as usize).collect())
                    }
                    Array::Mask(array) => Value::Mask(array.iter().copied().collect()),
                }
            }
            Role::Scalar { .. } => Value::Scalar(precise(scalars.next().expect("a scalar"))),
            Role::Flag(_) => Value::Flag(flags.next().expect("a flag")),
            Role::Cotangent => Value::Real(cotangent.iter().map(|&x| precise(x)).collect()),
            Role::Static(_) => continue,
        };
        env.set(id, value);
    }
    env
}

fn extents(graph: &Graph, arrays: &Arrays) -> Vec<usize> {
    let mut dims = vec![0; graph.dim_count()];
    let params = graph.params().iter().filter(|param| param.role.is_array());
    for (param, array) in params.zip(&arrays.list) {
        for (&axis, &extent) in param.axes.iter().zip(array.shape()) {
            dims[usize::from(graph.axis(axis).dim.0)] = extent;
        }
    }
    dims
}

fn shape(graph: &Graph, dims: &[usize], axes: &[AxisId]) -> Vec<usize> {
    let extent = |&axis| dims[usize::from(graph.axis(axis).dim.0)];
    axes.iter().map(extent).collect()
}
