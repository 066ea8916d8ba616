//! What the macro writes for a loss with two differentiable tensors, a label and a learned scalar,
//! by hand. Only the bodies of the kernels are not like generated ones: plain loops.
//!
//! ```text
//! pub Head(x: [N, D], w: [C, D], y: [N] in C, t: learn scalar = 1.0 where t > 0) {
//!     pub let z = dot[D](x, w) / t;
//!     lse[C](z) - z[C = y]
//! }
//! ```
//! The names of generics: `F` is the number type, `L…` the integer type of a label, `M…` the element
//! type of a mask, `D…` the dimension of any array, each followed by the parameter's name.

/// Softmax cross-entropy of a linear classifier with a temperature.
///
/// *(formulas, conventions and shapes from the compiler)*
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct Head {
    /// `t`: learned scalar in (0, inf), default 1.
    pub t: f64,
    /// Reduction, normaliser, ignored label and sample weights.
    pub options: ::loss_dsl::Options,
}

impl ::core::default::Default for Head {
    fn default() -> Self {
        Self {
            t: 1.0,
            options: ::core::default::Default::default(),
        }
    }
}

/// Gradients of [`Head`].
#[allow(non_camel_case_types)]
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
pub struct HeadGradients<
    F,
    Dx: ::loss_dsl::__rt::Dimension = ::loss_dsl::__rt::Ix2,
    Dw: ::loss_dsl::__rt::Dimension = ::loss_dsl::__rt::Ix2,
> {
    /// By `x`, in its shape.
    pub x: ::loss_dsl::__rt::Array<F, Dx>,
    /// By `w`, in its shape.
    pub w: ::loss_dsl::__rt::Array<F, Dw>,
    /// By `t`.
    pub t: F,
}

#[allow(non_camel_case_types)]
impl<F: ::loss_dsl::Float, Dx: ::loss_dsl::__rt::Dimension, Dw: ::loss_dsl::__rt::Dimension>
    HeadGradients<F, Dx, Dw>
{
    /// Zeros in the shapes and memory orders of the inputs.
    pub fn like(
        x: &::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &::loss_dsl::__rt::ArrayRef<F, Dw>,
    ) -> Self {
        Self {
            x: ::loss_dsl::__rt::gradient_like(x),
            w: ::loss_dsl::__rt::gradient_like(w),
            t: F::ZERO,
        }
    }

    fn targets(&mut self) -> ::loss_dsl::GradientTargets<'_, F> {
        ::loss_dsl::GradientTargets::new()
            .tensor(&mut self.x)
            .tensor(&mut self.w)
            .scalar(&mut self.t)
    }
}

/// Auxiliary outputs of [`Head`].
#[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
pub struct HeadAuxiliary<F> {
    /// `z`, axes [N, C].
    pub z: ::loss_dsl::__rt::ArrayD<F>,
}

#[allow(
    non_camel_case_types,
    clippy::too_many_arguments,
    clippy::type_complexity
)]
impl Head {
    /// The value.
    ///
    /// # Errors
    /// If shapes, labels, scalars or options don't fit the definition.
    pub fn forward<
        F: ::loss_dsl::Float,
        Ly: ::loss_dsl::Label,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
        Dy: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        x: &::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &::loss_dsl::__rt::ArrayRef<F, Dw>,
        y: &::loss_dsl::__rt::ArrayRef<Ly, Dy>,
    ) -> ::core::result::Result<::loss_dsl::Value<F>, ::loss_dsl::Error> {
        let inputs = ::loss_dsl::Inputs::new().real(x).real(w).labels(y);
        ::loss_dsl::Loss::evaluate(self, &inputs)
    }

    /// The value and its gradients.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn value_and_grad<
        F: ::loss_dsl::Float,
        Ly: ::loss_dsl::Label,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
        Dy: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        x: &::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &::loss_dsl::__rt::ArrayRef<F, Dw>,
        y: &::loss_dsl::__rt::ArrayRef<Ly, Dy>,
    ) -> ::core::result::Result<(::loss_dsl::Value<F>, HeadGradients<F, Dx, Dw>), ::loss_dsl::Error>
    {
        let mut gradients = HeadGradients::like(x, w);
        let value = self.value_and_grad_into(x, w, y, &mut gradients)?;
        ::core::result::Result::Ok((value, gradients))
    }

    /// The value and its gradients, which overwrite `gradients`.
    ///
    /// # Errors
    /// As [`forward`](Self::forward), and if `gradients` has other shapes than the inputs; then it is
    /// untouched.
    pub fn value_and_grad_into<
        F: ::loss_dsl::Float,
        Ly: ::loss_dsl::Label,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
        Dy: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        x: &::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &::loss_dsl::__rt::ArrayRef<F, Dw>,
        y: &::loss_dsl::__rt::ArrayRef<Ly, Dy>,
        gradients: &mut HeadGradients<F, Dx, Dw>,
    ) -> ::core::result::Result<::loss_dsl::Value<F>, ::loss_dsl::Error> {
        let inputs = ::loss_dsl::Inputs::new().real(x).real(w).labels(y);
        ::loss_dsl::Loss::differentiate_into(self, &inputs, gradients.targets())
    }

    /// The value, and what [`backward`](Self::backward) needs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_saved<
        'a,
        F: ::loss_dsl::Float,
        Ly: ::loss_dsl::Label,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
        Dy: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        x: &'a ::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &'a ::loss_dsl::__rt::ArrayRef<F, Dw>,
        y: &'a ::loss_dsl::__rt::ArrayRef<Ly, Dy>,
    ) -> ::core::result::Result<
        (
            ::loss_dsl::Value<F>,
            ::loss_dsl::Saved<'a, Self, F, (Dx, Dw)>,
        ),
        ::loss_dsl::Error,
    > {
        let inputs = ::loss_dsl::Inputs::new().real(x).real(w).labels(y);
        ::loss_dsl::Loss::save(self, inputs)
    }

    /// The gradients of Σ upstream · value, for the call that made `saved`.
    ///
    /// # Errors
    /// If `upstream` is not shaped like the value.
    pub fn backward<
        F: ::loss_dsl::Float,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        saved: &::loss_dsl::Saved<'_, Self, F, (Dx, Dw)>,
        upstream: ::loss_dsl::Upstream<'_, F>,
    ) -> ::core::result::Result<HeadGradients<F, Dx, Dw>, ::loss_dsl::Error> {
        let mut gradients = HeadGradients {
            x: saved.gradient_like(0),
            w: saved.gradient_like(1),
            t: F::ZERO,
        };
        saved.pull_back_into(upstream, gradients.targets())?;
        ::core::result::Result::Ok(gradients)
    }

    /// The auxiliary outputs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn auxiliary<
        F: ::loss_dsl::Float,
        Ly: ::loss_dsl::Label,
        Dx: ::loss_dsl::__rt::Dimension,
        Dw: ::loss_dsl::__rt::Dimension,
        Dy: ::loss_dsl::__rt::Dimension,
    >(
        &self,
        x: &::loss_dsl::__rt::ArrayRef<F, Dx>,
        w: &::loss_dsl::__rt::ArrayRef<F, Dw>,
        y: &::loss_dsl::__rt::ArrayRef<Ly, Dy>,
    ) -> ::core::result::Result<HeadAuxiliary<F>, ::loss_dsl::Error> {
        let inputs = ::loss_dsl::Inputs::new().real(x).real(w).labels(y);
        let (_, [z]) = ::loss_dsl::__rt::auxiliary(self, &inputs)?;
        ::core::result::Result::Ok(HeadAuxiliary { z })
    }

    /// The formulas.
    pub fn derivation() -> &'static ::loss_dsl::Derivation {
        <Self as ::loss_dsl::Loss>::derivation()
    }
}

impl ::loss_dsl::Loss for Head {
    const NAME: &'static str = "Head";

    fn spec() -> &'static ::loss_dsl::Spec {
        static SPEC: ::loss_dsl::Spec = ::loss_dsl::Spec {
            name: "Head",
            dims: &[
                ::loss_dsl::DimSpec {
                    name: "N",
                    batch: true,
                },
                ::loss_dsl::DimSpec {
                    name: "D",
                    batch: false,
                },
                ::loss_dsl::DimSpec {
                    name: "C",
                    batch: false,
                },
            ],
            parameters: &[
                ::loss_dsl::ParameterSpec {
                    name: "x",
                    kind: ::loss_dsl::ParameterKind::Tensor {
                        differentiable: true,
                    },
                    axes: &[0, 1],
                },
                ::loss_dsl::ParameterSpec {
                    name: "w",
                    kind: ::loss_dsl::ParameterKind::Tensor {
                        differentiable: true,
                    },
                    axes: &[2, 1],
                },
                ::loss_dsl::ParameterSpec {
                    name: "y",
                    kind: ::loss_dsl::ParameterKind::Label { range: 2 },
                    axes: &[0],
                },
                ::loss_dsl::ParameterSpec {
                    name: "t",
                    kind: ::loss_dsl::ParameterKind::Scalar {
                        default: 1.0,
                        learn: true,
                        domain: ::core::option::Option::Some(::loss_dsl::Domain {
                            low: 0.0,
                            high: f64::INFINITY,
                            low_open: true,
                            high_open: true,
                        }),
                    },
                    axes: &[],
                },
            ],
            value_axes: &[0],
            auxiliary: &[::loss_dsl::AuxiliarySpec {
                next: ::core::option::Option::None,
                name: "z",
                axes: &[0, 2],
            }],
            splittable: false,
            coupled: false,
        };
        &SPEC
    }

    fn derivation() -> &'static ::loss_dsl::Derivation {
        &formulas::DERIVATION
    }

    fn scalar_values(&self) -> ::std::vec::Vec<f64> {
        ::std::vec![self.t]
    }

    fn flag_values(&self) -> ::std::vec::Vec<bool> {
        ::std::vec![]
    }

    fn set_scalar(&mut self, name: &str, value: f64) -> bool {
        match name {
            "t" => self.t = value,
            _ => return false,
        }
        true
    }

    fn set_flag(&mut self, name: &str, value: bool) -> bool {
        let _ = (name, value);
        false
    }

    fn options(&self) -> &::loss_dsl::Options {
        &self.options
    }

    fn options_mut(&mut self) -> &mut ::loss_dsl::Options {
        &mut self.options
    }

    fn forward_kernel<F: ::loss_dsl::Float>(
        call: &::loss_dsl::__rt::Call<'_, F>,
        losses: ::loss_dsl::__rt::Losses<'_, F>,
        auxiliary: &mut [::std::vec::Vec<F>],
    ) {
        let mut losses = losses.whole(call.dims[0]);
        for (n, loss) in losses.iter_mut().enumerate() {
            let z = kernels::logits(call, n);
            *loss = F::from_f64(kernels::lse(&z) - z[call.labels[0][n]]);
            for output in auxiliary.iter_mut() {
                output[n * z.len()..]
                    .iter_mut()
                    .zip(&z)
                    .for_each(|(to, from)| *to = F::from_f64(*from));
            }
        }
        losses.finish();
    }

    fn gradient_kernel<F: ::loss_dsl::Float>(
        call: &::loss_dsl::__rt::Call<'_, F>,
        losses: ::loss_dsl::__rt::Losses<'_, F>,
        gradients: &mut [::loss_dsl::__rt::TensorMut<'_, F>],
        learn: &mut [f64],
    ) {
        Self::forward_kernel(call, losses, &mut []);
        kernels::gradients(call, gradients, learn);
    }

    fn weight_kernel<F: ::loss_dsl::Float>(
        _call: &::loss_dsl::__rt::Call<'_, F>,
        _weights: &mut [F],
    ) -> bool {
        false
    }
}

mod formulas;
mod kernels;
mod use_of_the_expansion;
