//! From a call to its value and gradients, for any loss.
//!
//! ```text
//! inputs ──bind──▶ Bound ──▶ Call ──kernel──▶ losses ──reduce──▶ Value
//!                                └──────────▶ gradients ──release──▶ targets
//! ```
//! [`bind`] makes every check and fails before anything is written; what follows cannot fail. With
//! uₙ the sample weights and Z the normaliser, the kernel is given ∂total/∂ℓₙ = uₙ/Z (times
//! the upstream gradient), 0 where n is ignored, so that reductions never appear in a kernel.

mod agree;
mod array;
mod bind;
mod bound;
mod ignored;
mod labels;
mod reduce;
mod target;
#[cfg(test)]
mod tests;

use core::marker::PhantomData;

use ndarray::ArrayD;

pub(crate) use bound::Bound;

use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::loss::Loss;
use crate::rt::{Call, Float, Losses, gradient_like, on_worker};
use crate::saved::Saved;
use crate::spec::Spec;
use crate::value::{GradientTargets, Gradients, Upstream, Value};
use agree::Request;
use reduce::Scaling;

pub(crate) fn evaluate<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
) -> Result<Value<F>, Error> {
    let bound = bind::bind(loss, inputs, &request("value"), None)?;
    let call = bound.call(loss, inputs, &[]);
    Ok(forward(loss, &bound, &call, &mut []))
}

pub(crate) fn evaluate_auxiliary<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
) -> Result<(Value<F>, Vec<ArrayD<F>>), Error> {
    let bound = bind::bind(loss, inputs, &request("auxiliary"), None)?;
    Ok(with_auxiliary(loss, inputs, &bound))
}

fn with_auxiliary<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    bound: &Bound<F>,
) -> (Value<F>, Vec<ArrayD<F>>) {
    let call = bound.call(loss, inputs, &[]);
    let outputs = L::spec().auxiliary;
    let mut auxiliary: Vec<Vec<F>> = outputs
        .iter()
        .map(|output| vec![F::ZERO; bound.len(output.axes)])
        .collect();
    let value = forward(loss, bound, &call, &mut auxiliary);
    let arrays = outputs
        .iter()
        .zip(auxiliary)
        .map(|(output, values)| bound.array(output.axes, values));
    (value, arrays.collect())
}

pub(crate) fn step<L: Loss, F: Float>(loss: &mut L, inputs: &Inputs<'_, F>) -> Result<(), Error> {
    let bound = bind::bind(loss, inputs, &request("step"), None)?;
    if bound.is_empty() {
        return Ok(());
    }
    let (_, outputs) = with_auxiliary(loss, inputs, &bound);
    let mut stepped = loss.clone();
    for (spec, output) in L::spec().auxiliary.iter().zip(&outputs) {
        if let (Some(name), Some(value)) = (spec.next, output.first()) {
            stepped.set_scalar(name, value.to_f64());
        }
    }
    bind::check_scalars(L::spec(), &stepped.scalar_values())?;
    *loss = stepped;
    Ok(())
}

pub(crate) fn differentiate<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
) -> Result<(Value<F>, Gradients<F>), Error> {
    let bound = bind::bind(loss, inputs, &request("gradients"), None)?;
    let mut gradients = blank_gradients(L::spec(), inputs);
    let value = backward(loss, inputs, &bound, None, gradients.targets());
    Ok((value, gradients))
}

pub(crate) fn differentiate_into<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    targets: GradientTargets<'_, F>,
) -> Result<Value<F>, Error> {
    let bound = bind::bind(loss, inputs, &request("gradients"), Some(&targets))?;
    Ok(backward(loss, inputs, &bound, None, targets))
}

#[allow(clippy::type_complexity, reason = "a result of a pair, used once")]
pub(crate) fn save<'a, L: Loss, F: Float, D>(
    loss: &L,
    inputs: Inputs<'a, F>,
) -> Result<(Value<F>, Saved<'a, L, F, D>), Error> {
    let bound = bind::bind(loss, &inputs, &request("save"), None)?;
    let value = forward(loss, &bound, &bound.call(loss, &inputs, &[]), &mut []);
    Ok((
        value,
        Saved {
            loss: loss.clone(),
            inputs,
            bound,
            dimensions: PhantomData,
        },
    ))
}

pub(crate) fn pull_back<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    bound: &Bound<F>,
    upstream: &Upstream<'_, F>,
    targets: GradientTargets<'_, F>,
) -> Result<(), Error> {
    let checked = reduce::check_upstream(loss.options(), bound, upstream)
        .and_then(|()| target::check(L::spec(), inputs, &targets));
    bind::agree_again(loss, inputs, bound, upstream, checked)?;
    backward(loss, inputs, bound, Some(upstream), targets);
    Ok(())
}

/// Gradients of Σ upstream · value, in one pass.
pub(crate) fn differentiate_from<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    upstream: &Upstream<'_, F>,
    targets: GradientTargets<'_, F>,
) -> Result<Value<F>, Error> {
    let request = Request {
        method: "gradients from",
        upstream: Some(upstream),
    };
    let bound = bind::bind(loss, inputs, &request, Some(&targets))?;
    // The same on all ranks, which have agreed on it.
    reduce::check_upstream(loss.options(), &bound, upstream)?;
    Ok(backward(loss, inputs, &bound, Some(upstream), targets))
}

fn request<F>(method: &'static str) -> Request<'static, 'static, F> {
    Request {
        method,
        upstream: None,
    }
}

/// Zero gradients in the shapes and memory orders of the inputs.
pub(crate) fn blank_gradients<F: Float>(
    spec: &'static Spec,
    inputs: &Inputs<'_, F>,
) -> Gradients<F> {
    let count = spec.differentiable().count();
    Gradients::new(
        spec,
        (0..count)
            .map(|index| blank_gradient(spec, inputs, index))
            .collect(),
    )
}

/// A zero gradient of the differentiable tensor number `index`.
pub(crate) fn blank_gradient<F: Float>(
    spec: &Spec,
    inputs: &Inputs<'_, F>,
    index: usize,
) -> ArrayD<F> {
    match differentiable_inputs(spec, inputs).nth(index) {
        Some(Input::Real(array)) => gradient_like(array),
        Some(Input::F16(array)) => gradient_like(array),
        Some(Input::Bf16(array)) => gradient_like(array),
        _ => unreachable!("a bound call has real arrays for its differentiable tensors"),
    }
}

/// The inputs that are differentiated, in order.
pub(crate) fn differentiable_inputs<'i, 'a, F>(
    spec: &Spec,
    inputs: &'i Inputs<'a, F>,
) -> impl Iterator<Item = &'i Input<'a, F>>
where
    F: Float,
{
    let parameters = spec.arrays().zip(inputs.as_slice());
    parameters.filter_map(|(parameter, input)| parameter.is_differentiable().then_some(input))
}

/// The forward pass of a checked call.
fn forward<L: Loss, F: Float>(
    loss: &L,
    bound: &Bound<F>,
    call: &Call<'_, F>,
    auxiliary: &mut [Vec<F>],
) -> Value<F> {
    let scaling = Scaling::of(loss, bound, call);
    // Outputs without the batch axis have a value even where there are no samples.
    let idle = (bound.is_empty() || bound.all_ignored()) && auxiliary.is_empty();
    valued(bound, &scaling, idle, |losses| {
        among_workers(loss, bound, || L::forward_kernel(call, losses, auxiliary));
    })
}

/// The backward pass of a checked call; `upstream` is 1 if it is not given.
fn backward<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    bound: &Bound<F>,
    upstream: Option<&Upstream<'_, F>>,
    targets: GradientTargets<'_, F>,
) -> Value<F> {
    let spec = L::spec();
    let cleaned = ignored::cleaned_tensors(spec, bound, inputs);
    let mut call = bound.call(loss, inputs, &cleaned);
    let scaling = Scaling::of(loss, bound, &call);
    if bound.is_empty() || bound.all_ignored() || scaling.vanishes() {
        target::fill_zero(targets);
        return valued(bound, &scaling, true, |_| {});
    }
    call.cotangent = scaling.cotangent(bound, upstream);
    let mut buffers = target::buffers(spec, bound, targets.tensors);
    let mut gradients: Vec<_> = buffers.iter_mut().map(target::Buffer::tensor).collect();
    let mut learn = vec![0.0; targets.scalars.len()];
    let value = valued(bound, &scaling, false, |losses| {
        among_workers(loss, bound, || {
            L::gradient_kernel(&call, losses, &mut gradients, &mut learn);
        });
    });
    ignored::clear(spec, bound, &mut gradients);
    drop(gradients);
    buffers.into_iter().for_each(target::Buffer::release);
    for (slot, slope) in targets.scalars.into_iter().zip(learn) {
        *slot = F::from_f64(slope);
    }
    value
}

/// Elements that a kernel goes over, at least, so that it has work for several threads.
const SHARED_WORK: usize = 1 << 22;

/// Runs a kernel that has work for several threads on one of them. A kernel of many steps has work to share in each, and a thread
/// that is none of the pool's would wait for a worker to wake up each time.
fn among_workers<L: Loss, F: Float>(loss: &L, bound: &Bound<F>, kernel: impl FnOnce() + Send) {
    let may_move = loss
        .spread_axis()
        .is_none_or(|axis| axis.ranks.on_any_thread());
    if may_move && bound.work() >= SHARED_WORK {
        on_worker(kernel);
    } else {
        kernel();
    }
}

/// The value of the losses that `kernel` writes; of zeros if it is `idle`, and not called.
fn valued<F: Float>(
    bound: &Bound<F>,
    scaling: &Scaling<'_>,
    idle: bool,
    kernel: impl FnOnce(Losses<'_, F>),
) -> Value<F> {
    if scaling.is_of_total(bound) {
        let mut total = 0.0;
        if !idle {
            kernel(Losses::Total(&mut total));
        }
        return scaling.of_total(total);
    }
    let mut losses = vec![F::ZERO; bound.positions()];
    if !idle {
        kernel(Losses::Each(&mut losses));
    }
    scaling.reduce(bound, losses)
}
