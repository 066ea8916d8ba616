//! Candle's tensors as inputs of a loss, without copies.

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor, bail};
use half::{bf16, f16};
use loss_dsl::{Element, Float, HalfElement, Input, Inputs, Loss, ParameterKind};
use ndarray::{ArrayViewD, IxDyn, ShapeBuilder, StrideShape};

/// A number type that kernels compute in and candle stores.
pub(crate) trait Real: Float + Element<Self> + candle_core::WithDType {}
impl Real for f32 {}
impl Real for f64 {}

/// The tensor, copied if it is not there as often as it has elements: kernels read strides, but not those of 0.
pub(crate) fn unrolled(tensor: &Tensor) -> Result<Tensor> {
    let layout = tensor.layout();
    let mut extents = layout.dims().iter().zip(layout.stride());
    if extents.any(|(&extent, &stride)| stride == 0 && extent > 1) {
        tensor.contiguous()
    } else {
        Ok(tensor.clone())
    }
}

/// Whether the call is computed in `f64`.
///
/// # Errors
/// If the loss cannot take the tensors by their number, device or types.
pub(crate) fn is_double<L: Loss>(tensors: &[Tensor]) -> Result<bool> {
    let parameters: Vec<_> = L::spec().arrays().collect();
    let names: Vec<_> = parameters.iter().map(|p| p.name).collect();
    let order = names.join(", ");
    if parameters.len() != tensors.len() {
        let learned: Vec<_> = L::spec().learned().map(|p| p.name).collect();
        let hint = if learned.is_empty() {
            String::new()
        } else {
            let learned = learned.join(", ");
            format!("; what is learned ({learned}) is given with `call(…).learned(name, …)`")
        };
        let (given, wanted) = (tensors.len(), names.len());
        bail!(
            "{}: {given} tensors, where it takes {wanted}: {order}{hint}",
            L::NAME
        );
    }
    let mut reals = vec![];
    for (parameter, tensor) in parameters.iter().zip(tensors) {
        let (name, dtype) = (parameter.name, tensor.dtype());
        if !tensor.device().is_cpu() {
            let device = tensor.device().location();
            bail!(
                "{}: `{name}` is on {device:?}, and there are kernels for the CPU alone",
                L::NAME
            );
        }
        let is_real = matches!(dtype, DType::F32 | DType::F64 | DType::F16 | DType::BF16);
        let expected = match parameter.kind {
            ParameterKind::Tensor { .. } if !is_real => "F32, F64, F16 or BF16",
            ParameterKind::Label { .. } | ParameterKind::Identity if is_real => {
                "U8, U32, I16, I32 or I64"
            }
            _ => "",
        };
        if !expected.is_empty() {
            bail!(
                "{}: `{name}` is {dtype:?}, where {expected} is expected; it takes {order}",
                L::NAME
            );
        }
        if matches!(parameter.kind, ParameterKind::Tensor { .. }) {
            reals.push((name, dtype));
        }
    }
    let double = reals.iter().find(|real| real.1 == DType::F64);
    let other = reals.iter().find(|real| real.1 != DType::F64);
    match (double, other) {
        (Some((double, _)), Some((name, other))) => {
            bail!(
                "{}: `{double}` is F64 and `{name}` is {other:?}, where all are F64 or none is: convert one with `to_dtype`",
                L::NAME,
            )
        }
        (double, _) => Ok(double.is_some()),
    }
}

/// The inputs that tensors are, to a function.
///
/// # Errors
/// If a type has no meaning for its parameter, and whatever the function says.
pub(crate) fn with_inputs<L: Loss, F: Real, T>(
    tensors: &[Tensor],
    apply: impl FnOnce(Inputs<'_, F>) -> Result<T>,
) -> Result<T> {
    let guards: Vec<_> = tensors.iter().map(Tensor::storage_and_layout).collect();
    let mut inputs = Inputs::new();
    for (parameter, (storage, layout)) in L::spec().arrays().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else {
            bail!("{}: `{}` is not on the CPU", L::NAME, parameter.name)
        };
        let input = input(storage, layout);
        let context = || format!("{}: `{}`", L::NAME, parameter.name);
        inputs = inputs.with(input.map_err(|error| error.context(context()))?);
    }
    apply(inputs)
}

/// An array as what its elements are: integers are labels, or a mask where one is declared.
fn input<'a, F: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<Input<'a, F>> {
    Ok(match storage {
        CpuStorage::U8(data) => u8::wrap_input(view(data, layout)?),
        CpuStorage::U32(data) => u32::wrap_input(view(data, layout)?),
        CpuStorage::I16(data) => i16::wrap_input(view(data, layout)?),
        CpuStorage::I32(data) => i32::wrap_input(view(data, layout)?),
        CpuStorage::I64(data) => i64::wrap_input(view(data, layout)?),
        CpuStorage::F16(data) => f16::wrap_half(view(data, layout)?),
        CpuStorage::BF16(data) => bf16::wrap_half(view(data, layout)?),
        _ => F::wrap_input(view(F::cpu_storage_as_slice(storage)?, layout)?),
    })
}

/// What a tensor holds, where candle keeps it.
fn view<'a, T>(data: &'a [T], layout: &Layout) -> Result<ArrayViewD<'a, T>> {
    let shape = IxDyn(layout.dims());
    let shape: StrideShape<IxDyn> = if layout.dims().contains(&0) {
        // Strides that step over nothing would be out of bounds.
        shape.into()
    } else {
        shape.strides(IxDyn(layout.stride()))
    };
    let data = data.get(layout.start_offset()..).unwrap_or_default();
    ArrayViewD::from_shape(shape, data).map_err(candle_core::Error::wrap)
}
