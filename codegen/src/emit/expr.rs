//! Expressions to tokens.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::scope::Scope;
use crate::ir::{AxisId, BinaryOp, CompareOp, ParamId, UnaryOp};
use crate::schedule::low::{Index, LowId, Op};
use crate::support::rational::Rational;

impl Scope<'_> {
    /// The value of a node where the code stands.
    pub(super) fn expr(&mut self, id: LowId) -> TokenStream {
        if let Some(lanes) = self.lanes.get(&id) {
            return quote!(#lanes[i]);
        }
        if let Some(name) = self.bound.get(&id) {
            return quote!(#name);
        }
        if let Some(read) = self.plan.read(id).cloned()
            && self.reads_buffer(id)
        {
            let buffer = self.buffer(read.buffer);
            let index: Vec<_> = read
                .index
                .into_iter()
                .map(Index::Axis)
                .enumerate()
                .collect();
            let offset = self.offset_within(&buffer, &index);
            return quote!(#buffer.get(#offset));
        }
        match self.low().op(id).clone() {
            Op::Const(value) => constant(value),
            Op::Pi => quote!(F::from_f64(::core::f64::consts::PI)),
            Op::NegInfinity => quote!(F::NEG_INFINITY),
            Op::Lowest => quote!((-F::MAX)),
            Op::Smallest => quote!(F::MIN_POSITIVE),
            Op::Bool(value) => quote!(#value),
            Op::Place(place) => quote!(#place),
            Op::Scalar(param) => self.scalar(param),
            Op::Flag(param) => self.flag(param),
            Op::Size(dim) => {
                let size = self.total(dim);
                quote!(F::from_usize(#size))
            }
            Op::Load(param, index) => {
                let tensor = self.tensor(param);
                self.element(&tensor, &index)
            }
            Op::Label(param, index) => {
                let label = self.flat(param);
                let at = self.flat_offset(param, &index);
                quote!((#label[#at] as u32))
            }
            Op::Mask(param, index) => {
                let mask = self.flat(param);
                let at = self.flat_offset(param, &index);
                quote!(#mask[#at])
            }
            Op::Position(axis) => {
                if self.lane_axis != Some(axis) {
                    let position = self.position(axis);
                    return match self.first(axis) {
                        Some(first) => quote!(((#first + #position) as u32)),
                        None => quote!((#position as u32)),
                    };
                }
                // In 32 bits from the start: as many lanes as a float has.
                match self.first(axis) {
                    Some(first) => quote!(((#first + from) as u32 + i as u32)),
                    None => quote!((from as u32 + i as u32)),
                }
            }
            Op::Number(a) => {
                let a = self.expr(a);
                quote!(F::from_usize(#a as usize))
            }
            Op::Add(a, b) => self.infix(a, quote!(+), b),
            Op::Sub(a, b) => self.infix(a, quote!(-), b),
            Op::Mul(a, b) => self.infix(a, quote!(*), b),
            Op::Div(a, b) => self.infix(a, quote!(/), b),
            Op::Neg(a) => {
                let a = self.expr(a);
                quote!((-#a))
            }
            Op::Powi(a, n) => {
                let a = self.expr(a);
                quote!(#a.powi(isa, #n))
            }
            Op::Unary(UnaryOp::Exp, a) if self.low().is_below_maximum(a) => {
                let a = self.expr(a);
                quote!(#a.decay(isa))
            }
            Op::Unary(op, a) => {
                let a = self.expr(a);
                unary(op, &a)
            }
            Op::Binary(op, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                match op {
                    BinaryOp::Pow => quote!(#a.powf(isa, #b)),
                    BinaryOp::Min => quote!(#a.min(isa, #b)),
                    BinaryOp::Max => quote!(#a.max(isa, #b)),
                    BinaryOp::Xlogy => quote!(#a.xlogy(isa, #b)),
                }
            }
            Op::Compare(op, a, b) => {
                let op = match op {
                    CompareOp::Eq => quote!(==),
                    CompareOp::Lt => quote!(<),
                    CompareOp::Le => quote!(<=),
                };
                self.infix(a, op, b)
            }
            Op::Not(a) => {
                let a = self.expr(a);
                quote!((!#a))
            }
            Op::And(a, b) => self.infix(a, quote!(&), b),
            Op::Select(c, a, b) => {
                let (c, a, b) = (self.expr(c), self.expr(a), self.expr(b));
                quote!(::loss_dsl::__rt::select(#c, #a, #b))
            }
            Op::Local(a) => {
                let (a, shard) = (self.expr(a), self.shard());
                quote!(#shard.local(#a))
            }
            Op::Owned(a) => {
                let (a, shard) = (self.expr(a), self.shard());
                quote!(#shard.owns(#a))
            }
            // Until the ranks' are added.
            Op::Join(a) => self.expr(a),
            Op::Reduce(..) | Op::Contract { .. } => {
                unreachable!("reductions and products are variables or buffers where they are used")
            }
        }
    }

    fn infix(&mut self, a: LowId, op: TokenStream, b: LowId) -> TokenStream {
        let (a, b) = (self.expr(a), self.expr(b));
        quote!((#a #op #b))
    }

    /// Whether a stored node is read here rather than being what the nest computes.
    pub(super) fn reads_buffer(&self, id: LowId) -> bool {
        !self.computed_here.contains(&id)
    }

    /// The position on an axis, or within its tile, a `usize`.
    pub(super) fn position(&mut self, axis: AxisId) -> TokenStream {
        self.positions[&axis].clone()
    }

    /// A position given by an index, a `usize`.
    pub(super) fn place(&mut self, index: Index) -> TokenStream {
        match index {
            Index::Axis(axis) => {
                let position = self.position(axis);
                match self.start(axis) {
                    Some(start) => quote!((#start + #position)),
                    None => position,
                }
            }
            Index::At(id) => {
                let at = self.expr(id);
                quote!(#at as usize)
            }
        }
    }

    /// The offset of an element of a strided tensor.
    pub(super) fn offset(&mut self, tensor: &Ident, index: &[(usize, Index)]) -> TokenStream {
        let terms: Vec<_> = index
            .iter()
            .map(|&(dim, i)| {
                let place = self.place(i);
                quote!(#tensor.at(#dim, #place))
            })
            .collect();
        sum_of(&terms)
    }

    /// The offset of an element of a buffer, which has one tile of the tiled axis.
    pub(super) fn offset_within(
        &mut self,
        buffer: &Ident,
        index: &[(usize, Index)],
    ) -> TokenStream {
        let terms: Vec<_> = index
            .iter()
            .map(|&(dim, i)| {
                let place = match i {
                    Index::Axis(axis) => self.position(axis),
                    Index::At(_) => self.place(i),
                };
                quote!(#buffer.at(#dim, #place))
            })
            .collect();
        sum_of(&terms)
    }

    fn element(&mut self, tensor: &Ident, index: &[Index]) -> TokenStream {
        let index: Vec<_> = index.iter().copied().enumerate().collect();
        let offset = self.offset(tensor, &index);
        quote!(#tensor.get(#offset))
    }

    /// The offset of an element of a label or mask: row-major over its declared axes.
    pub(super) fn flat_offset(&mut self, param: ParamId, index: &[Index]) -> TokenStream {
        let axes = self.graph.param(param).axes.clone();
        let mut offset: Option<TokenStream> = None;
        for (&axis, &i) in axes.iter().zip(index) {
            let place = self.place(i);
            offset = Some(match offset {
                None => place,
                Some(offset) => {
                    let size = self.size(self.graph.axis(axis).dim);
                    quote!((#offset) * #size + #place)
                }
            });
        }
        offset.unwrap_or(quote!(0))
    }
}

fn sum_of(terms: &[TokenStream]) -> TokenStream {
    if terms.is_empty() {
        quote!(0)
    } else {
        quote!(#(#terms)+*)
    }
}

fn unary(op: UnaryOp, a: &TokenStream) -> TokenStream {
    match op {
        UnaryOp::Exp => quote!(#a.exp(isa)),
        UnaryOp::Ln => quote!(#a.ln(isa)),
        UnaryOp::Log1p => quote!(#a.log1p(isa)),
        UnaryOp::Expm1 => quote!(#a.expm1(isa)),
        UnaryOp::Sqrt => quote!(#a.sqrt(isa)),
        UnaryOp::Abs => quote!(#a.abs(isa)),
        UnaryOp::Sign => quote!(#a.sign(isa)),
        UnaryOp::Tanh => quote!(#a.tanh(isa)),
        UnaryOp::Sigmoid => quote!(#a.sigmoid(isa)),
        UnaryOp::Softplus => quote!(#a.softplus(isa)),
        UnaryOp::SoftplusOverSigmoid => quote!(::loss_dsl::__rt::softplus_over_sigmoid(#a, isa)),
        UnaryOp::Sin => quote!(#a.sin(isa)),
        UnaryOp::Cos => quote!(#a.cos(isa)),
        UnaryOp::Tan => quote!(#a.tan(isa)),
        UnaryOp::Asin => quote!(#a.asin(isa)),
        UnaryOp::Acos => quote!(#a.acos(isa)),
        UnaryOp::Atan => quote!(#a.atan(isa)),
        UnaryOp::Sinh => quote!(#a.sinh(isa)),
        UnaryOp::Cosh => quote!(#a.cosh(isa)),
        UnaryOp::LnCosh => quote!(::loss_dsl::__rt::ln_cosh(#a, isa)),
        UnaryOp::Erf => quote!(#a.erf(isa)),
        UnaryOp::Floor => quote!(#a.floor(isa)),
        UnaryOp::Ceil => quote!(#a.ceil(isa)),
        UnaryOp::Round => quote!(#a.round(isa)),
        UnaryOp::Log1mExp => quote!(#a.log1mexp(isa)),
        UnaryOp::RecipOrZero => quote!(#a.recip_or_zero(isa)),
    }
}

fn constant(value: Rational) -> TokenStream {
    if value.is_zero() {
        return quote!(F::ZERO);
    }
    if value.is_one() {
        return quote!(F::ONE);
    }
    let value = value.to_f64();
    quote!(F::from_f64(#value))
}
