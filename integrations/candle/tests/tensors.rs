//! Layouts, element types, settings, and what is refused.

mod support;

use candle_core::{DType, Device, IndexOp, Result, Tensor, Var};
use loss_candle::CandleLoss;
use loss_dsl::losses::{Dice, NormFace, SoftmaxCrossEntropy};
use loss_dsl::{Loss, Reduction};
use support::{assert_close, labels, tensor, values, variable};

/// The gradient that arrives at a variable through a view of it, and through a copy of the view.
fn through(view: impl Fn(&Var) -> Result<Tensor>, base: &Var, y: &Tensor) -> Result<()> {
    let loss = SoftmaxCrossEntropy::default();
    let seen = view(base)?;
    let copied = (&seen.contiguous()? * 1.0)?;
    let (value, expected) = (loss.apply(&[&seen, y])?, loss.apply(&[&copied, y])?);
    assert_close(&value, &expected, 1e-15);
    let (gradients, expected) = (value.backward()?, expected.backward()?);
    assert_close(
        gradients.get(base).expect("a gradient"),
        expected.get(base).expect("a gradient"),
        1e-15,
    );
    Ok(())
}

#[test]
fn views_are_read_where_they_are() -> Result<()> {
    let base = variable(1, (8, 6), DType::F64)?;
    through(|b| b.t(), &base, &labels(6, 8)?)?;
    through(|b| b.narrow(0, 2, 5), &base, &labels(5, 6)?)?;
    through(|b| b.i((1..7, 2..5)), &base, &labels(6, 3)?)?;
    through(|b| b.narrow(1, 1, 4)?.t(), &base, &labels(4, 8)?)?;
    through(
        |b| b.narrow(0, 3, 1)?.broadcast_as((5, 6)),
        &base,
        &labels(5, 6)?,
    )?;
    let cube = variable(2, (3, 4, 5), DType::F64)?;
    through(
        |b| b.permute((2, 1, 0))?.i((.., .., 1)),
        &cube,
        &labels(5, 4)?,
    )
}

#[test]
fn labels_may_be_slices_of_any_integer_type() -> Result<()> {
    let z = tensor(1, (6, 5), DType::F32)?;
    let y = labels(12, 5)?;
    let loss = SoftmaxCrossEntropy::default();
    let expected = loss.apply(&[&z, &y.narrow(0, 6, 6)?.copy()?])?;
    for dtype in [DType::U8, DType::U32, DType::I16, DType::I32, DType::I64] {
        let y = y.to_dtype(dtype)?.narrow(0, 6, 6)?;
        assert_close(&loss.apply(&[&z, &y])?, &expected, 0.0);
    }
    Ok(())
}

#[test]
fn masks_may_be_bytes_or_numbers() -> Result<()> {
    let x = variable(1, (2, 1, 3, 3), DType::F32)?;
    let mask = tensor(2, (2, 1, 3, 3), DType::F32)?.gt(0.0)?;
    let loss = Dice::default();
    let expected = loss.apply(&[&x, &mask])?;
    assert!(expected.to_scalar::<f32>()? > 0.0);
    for dtype in [DType::F32, DType::I64, DType::U32] {
        assert_close(&loss.apply(&[&x, &mask.to_dtype(dtype)?])?, &expected, 0.0);
    }
    Ok(())
}

/// The kernel computes in f32 what numbers of 16 bits hold, and rounds gradients to them once.
#[test]
fn sixteen_bits() -> Result<()> {
    let y = labels(6, 5)?;
    let loss = SoftmaxCrossEntropy::default();
    for (dtype, unit) in [(DType::F16, 1e-3), (DType::BF16, 8e-3)] {
        let z = variable(1, (6, 5), dtype)?;
        let wide = Var::from_tensor(&z.to_dtype(DType::F32)?)?;
        let (value, expected) = (loss.apply(&[&z, &y])?, loss.apply(&[&wide, &y])?);
        assert_eq!(value.dtype(), DType::F32);
        assert_close(&value, &expected, 0.0);
        let gradient = value.backward()?.get(&z).expect("a gradient").clone();
        assert_eq!(gradient.dtype(), dtype);
        let expected = expected
            .backward()?
            .get(&wide)
            .expect("a gradient")
            .to_dtype(dtype)?;
        assert_close(&gradient, &expected, unit / 1e3);
    }
    Ok(())
}

/// What is too small for 16 bits is not when the loss is scaled up.
#[test]
fn loss_scaling_saves_small_gradients() -> Result<()> {
    let z = Var::from_tensor(&Tensor::new(&[[18f32, 0.0]], &Device::Cpu)?.to_dtype(DType::F16)?)?;
    let y = Tensor::new(&[0u32], &Device::Cpu)?;
    let value = SoftmaxCrossEntropy::default().apply(&[&z, &y])?;
    let gradient = (value * 65536.0)?
        .backward()?
        .get(&z)
        .expect("a gradient")
        .clone();
    let expected = 65536.0 * (-18f64).exp();
    assert!((values(&gradient)[1] / expected - 1.0).abs() < 1e-3);
    Ok(())
}

#[test]
fn learned_scalars_get_their_gradient() -> Result<()> {
    let (x, w, y) = (
        variable(1, (6, 3), DType::F64)?,
        variable(2, (4, 3), DType::F64)?,
        labels(6, 4)?,
    );
    let inputs = [x.as_tensor(), w.as_tensor(), &y];
    let at = |s: f64| {
        let loss = NormFace {
            s,
            ..NormFace::default()
        };
        loss.apply(&inputs)?.to_scalar::<f64>()
    };
    for shape in [vec![], vec![1], vec![1, 1]] {
        let s = Var::from_vec(vec![7f32], shape, &Device::Cpu)?;
        let value = NormFace::default().call(&inputs).learned("s", &s).run()?;
        assert_eq!(value.to_scalar::<f64>()?, at(7.0)?);
        let gradients = (value * 2.0)?.backward()?;
        let gradient = gradients.get(&s).expect("a gradient");
        assert_eq!((gradient.dims(), gradient.dtype()), (s.dims(), DType::F32));
        let slope = 2.0 * (at(7.0 + 1e-4)? - at(7.0 - 1e-4)?) / 2e-4;
        assert!((values(gradient)[0] - slope).abs() < 1e-6 * slope.abs());
        assert!(gradients.get(&x).is_some() && gradients.get(&w).is_some());
    }
    Ok(())
}

#[test]
fn reductions_weights_and_ignored_labels() -> Result<()> {
    let (z, y) = (variable(1, (6, 4), DType::F64)?, labels(6, 4)?);
    let loss = SoftmaxCrossEntropy::default();
    let each = values(
        &loss
            .clone()
            .with_reduction(Reduction::None)
            .apply(&[&z, &y])?,
    );
    let one = |value: &Tensor| value.to_scalar::<f64>();
    let close =
        |a: f64, b: f64| assert!((a - b).abs() < 1e-14 * b.abs().max(1.0), "{a} is not {b}");
    close(
        one(&loss
            .clone()
            .with_reduction(Reduction::Sum)
            .apply(&[&z, &y])?)?,
        each.iter().sum(),
    );
    close(
        one(&loss.apply(&[&z, &y])?)?,
        each.iter().sum::<f64>() / 6.0,
    );
    let weights = Tensor::new(&[1f32, 0.0, 2.0, 0.5, 3.0, 1.5], &Device::Cpu)?;
    let weighted: f64 = values(&weights).iter().zip(&each).map(|(w, l)| w * l).sum();
    let summed = loss.clone().with_reduction(Reduction::Sum);
    let value = summed.call(&[&z, &y]).sample_weights(&weights).run()?;
    close(one(&value)?, weighted);
    let gradient = value.backward()?.get(&z).expect("a gradient").i(1)?;
    assert!(values(&gradient).iter().all(|&g| g == 0.0));
    let ignoring = summed.with_ignore_index(3);
    let kept = values(&y).into_iter().zip(&each).filter(|(y, _)| *y != 3.0);
    close(
        one(&ignoring.apply(&[&z, &y])?)?,
        kept.map(|(_, l)| l).sum(),
    );
    Ok(())
}

#[test]
fn mistakes_are_named() -> Result<()> {
    let z = tensor(1, (6, 4), DType::F32)?;
    let y = labels(6, 4)?;
    let loss = SoftmaxCrossEntropy::default();
    let message = |result: Result<Tensor>| result.expect_err("a mistake").to_string();
    let all = [
        loss.apply(&[&z]),
        loss.apply(&[&y, &y]),
        loss.apply(&[&z, &labels(5, 4)?]),
        loss.apply(&[&z, &(&y + Tensor::full(1u32, 6, &Device::Cpu)?)?]),
        loss.apply(&[&z, &z]),
        loss.call(&[&z, &y]).learned("s", &z).run(),
        NormFace::default()
            .call(&[&z, &z, &y])
            .learned("s", &z)
            .run(),
        NormFace::default().apply(&[&z, &z.to_dtype(DType::F64)?, &y]),
        loss.call(&[&z, &y]).sample_weights(&z).run(),
    ];
    let told: Vec<String> = all
        .into_iter()
        .map(|result| {
            let text = message(result);
            text.lines().next().unwrap_or_default().to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    Ok(())
}
