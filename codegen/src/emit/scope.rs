//! Names in generated code, and what each stands for.
//!
//! A kernel is read by people: a variable is called after the parameter or the operation
//! that it holds, with a number where one name is needed twice.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::ir::{AxisId, DimId, Graph, ParamId, Role};
use crate::schedule::low::{Fold, Low, LowId, Op};
use crate::schedule::plan::{BufferId, Output, Plan};

/// Variables of one nest.
#[derive(Clone)]
pub(super) struct Scope<'p> {
    pub(super) graph: &'p Graph,
    pub(super) plan: &'p Plan,
    /// Nodes that are variables.
    pub(super) bound: BTreeMap<LowId, Ident>,
    /// Nodes that are elements of blocks of lanes.
    pub(super) lanes: BTreeMap<LowId, Ident>,
    /// Positions on axes.
    pub(super) positions: BTreeMap<AxisId, TokenStream>,
    /// Stored nodes that this nest computes rather than reads.
    pub(super) computed_here: BTreeSet<LowId>,
    /// The axis whose positions are lanes where the code stands.
    pub(super) lane_axis: Option<AxisId>,
    /// Whether the code stands in a loop within a row.
    pub(super) is_within_loop: bool,
    /// The axis of which there is only a tile, if the nest stands in a walk.
    pub(super) tile: Option<AxisId>,
    /// Slices along an axis that are in scope.
    pub(super) slices: BTreeMap<(AxisId, LowId), Ident>,
    /// Buffers that the nest reads.
    pub(super) used_buffers: BTreeSet<BufferId>,
    taken: BTreeSet<String>,
    /// Run-time values that the nest reads once at its start.
    pub(super) prelude: BTreeMap<String, TokenStream>,
}

impl<'p> Scope<'p> {
    pub(super) fn new(graph: &'p Graph, plan: &'p Plan, tile: Option<AxisId>) -> Self {
        Scope {
            graph,
            plan,
            tile,
            bound: BTreeMap::new(),
            lanes: BTreeMap::new(),
            positions: BTreeMap::new(),
            computed_here: BTreeSet::new(),
            lane_axis: None,
            is_within_loop: false,
            slices: BTreeMap::new(),
            used_buffers: BTreeSet::new(),
            taken: BTreeSet::new(),
            prelude: BTreeMap::new(),
        }
    }

    pub(super) fn low(&self) -> &'p Low {
        &self.plan.low
    }

    /// A name that no other variable of the nest has.
    pub(super) fn fresh(&mut self, hint: &str) -> Ident {
        let mut name = format!("{hint}_");
        let mut count = 1;
        if !is_reserved(hint) && self.taken.insert(hint.to_owned()) {
            return ident(hint);
        }
        loop {
            count += 1;
            name.truncate(hint.len() + 1);
            name.push_str(&count.to_string());
            if self.taken.insert(name.clone()) {
                return ident(&name);
            }
        }
    }

    /// A variable for a node.
    pub(super) fn bind(&mut self, node: LowId) -> Ident {
        let name = self.fresh(&self.hint(node));
        self.bound.insert(node, name.clone());
        name
    }

    /// What a node would be called.
    pub(super) fn hint(&self, node: LowId) -> String {
        if let Some(read) = self.plan.read(node) {
            return buffer_name(self.graph, self.plan, read.buffer);
        }
        match self.low().op(node) {
            Op::Load(param, _) | Op::Label(param, _) | Op::Mask(param, _) => {
                format!("{}_here", plain(&self.graph.param(*param).name))
            }
            Op::Unary(op, _) => op.name().to_owned(),
            Op::Binary(op, ..) => op.name().to_owned(),
            Op::Reduce(Fold::Sum, ..) => "sum".to_owned(),
            Op::Reduce(Fold::Max, ..) => "largest".to_owned(),
            Op::Contract { .. } => "product".to_owned(),
            Op::Compare(..) | Op::Not(_) | Op::And(..) => "holds".to_owned(),
            Op::Select(..) => "chosen".to_owned(),
            Op::Add(..) | Op::Sub(..) | Op::Neg(_) => "t".to_owned(),
            Op::Mul(..) | Op::Div(..) | Op::Powi(..) => "u".to_owned(),
            _ => "v".to_owned(),
        }
    }

    /// The number of positions that loops along an axis have: its extent, or that of the tile; a variable of the nest.
    pub(super) fn extent(&mut self, axis: AxisId) -> TokenStream {
        if self.tile != Some(axis) {
            return self.size(self.graph.axis(axis).dim);
        }
        let name = format_ident!("tile_{}", plain(&self.graph.axis(axis).name));
        self.prelude
            .insert(name.to_string(), quote!(let #name = self.tile.len;));
        quote!(#name)
    }

    /// The first position of the tile of an axis, if there is one: what is added to a position within the tile.
    pub(super) fn start(&mut self, axis: AxisId) -> Option<TokenStream> {
        if self.tile != Some(axis) {
            return None;
        }
        let name = format_ident!("start_{}", plain(&self.graph.axis(axis).name));
        self.prelude
            .insert(name.to_string(), quote!(let #name = self.tile.start;));
        Some(quote!(#name))
    }

    /// The position of the tile's first on the whole axis: what is added to a position within the tile to compare it with
    /// labels. Elsewhere than [`start`](Self::start) where the axis is sharded.
    pub(super) fn first(&mut self, axis: AxisId) -> Option<TokenStream> {
        if self.plan.sharded() != Some(axis) {
            return self.start(axis);
        }
        let name = format_ident!("first_{}", plain(&self.graph.axis(axis).name));
        self.prelude
            .insert(name.to_string(), quote!(let #name = self.tile.first;));
        Some(quote!(#name))
    }

    /// The own part of the sharded axis, as a variable of the nest.
    pub(super) fn shard(&mut self) -> TokenStream {
        self.prelude
            .insert("shard".to_owned(), quote!(let shard = self.call.shard();));
        quote!(shard)
    }

    /// The extent of a dimension, on all ranks together.
    pub(super) fn total(&mut self, dim: DimId) -> TokenStream {
        let sharded = self.plan.sharded();
        if sharded.is_some_and(|axis| self.graph.axis(axis).dim == dim) {
            let shard = self.shard();
            return quote!(#shard.total);
        }
        self.size(dim)
    }

    /// The extent of a dimension, as a variable of the nest.
    pub(super) fn size(&mut self, dim: DimId) -> TokenStream {
        let name = extent_name(self.graph, dim);
        let index = usize::from(dim.0);
        self.prelude.insert(
            name.to_string(),
            quote!(let #name = self.call.dims[#index];),
        );
        quote!(#name)
    }

    /// A run-time scalar, as a variable of the nest.
    pub(super) fn scalar(&mut self, param: ParamId) -> TokenStream {
        let name = format_ident!("scalar_{}", plain(&self.graph.param(param).name));
        let index = ordinal(self.graph, param);
        self.prelude.insert(
            name.to_string(),
            quote!(let #name = self.call.scalars[#index];),
        );
        quote!(#name)
    }

    /// A run-time flag, as a variable of the nest.
    pub(super) fn flag(&mut self, param: ParamId) -> TokenStream {
        let name = format_ident!("flag_{}", plain(&self.graph.param(param).name));
        let index = ordinal(self.graph, param);
        self.prelude.insert(
            name.to_string(),
            quote!(let #name = self.call.flags[#index];),
        );
        quote!(#name)
    }

    /// A real tensor parameter, as a variable of the nest.
    pub(super) fn tensor(&mut self, param: ParamId) -> Ident {
        let role = &self.graph.param(param).role;
        if *role == Role::Cotangent {
            let name = ident("cotangent");
            self.prelude
                .insert("cotangent".into(), quote!(let cotangent = &self.cotangent;));
            return name;
        }
        let name = format_ident!("tensor_{}", plain(&self.graph.param(param).name));
        let index = ordinal(self.graph, param);
        self.prelude.insert(
            name.to_string(),
            quote!(let #name = &self.call.tensors[#index];),
        );
        name
    }

    /// A label or mask parameter, as a variable of the nest.
    pub(super) fn flat(&mut self, param: ParamId) -> Ident {
        let of = &self.graph.param(param);
        let (kind, field) = match of.role {
            Role::Mask => ("mask", quote!(masks)),
            _ => ("label", quote!(labels)),
        };
        let name = format_ident!("{kind}_{}", plain(&of.name));
        let index = ordinal(self.graph, param);
        self.prelude.insert(
            name.to_string(),
            quote!(let #name = &self.call.#field[#index];),
        );
        name
    }

    /// A buffer that an earlier step filled, as a variable of the nest.
    pub(super) fn buffer(&mut self, buffer: BufferId) -> Ident {
        let name = format_ident!("buffer_{}", buffer_name(self.graph, self.plan, buffer));
        let field = buffer_field(buffer);
        self.used_buffers.insert(buffer);
        self.prelude
            .insert(name.to_string(), quote!(let #name = &self.#field;));
        name
    }
}

/// The place of a parameter among those of its kind.
pub(super) fn ordinal(graph: &Graph, param: ParamId) -> usize {
    let class = |role: &Role| match role {
        Role::Tensor { .. } => 0,
        Role::Label(_) | Role::Identity => 1,
        Role::Mask => 2,
        Role::Scalar { .. } => 3,
        Role::Flag(_) => 4,
        Role::Static(_) => 5,
        Role::Cotangent => 6,
    };
    let of = class(&graph.param(param).role);
    graph.params()[..usize::from(param.0)]
        .iter()
        .filter(|p| class(&p.role) == of)
        .count()
}

/// The field of a kernel that holds a buffer.
pub(super) fn buffer_field(buffer: BufferId) -> Ident {
    format_ident!("buffer_{}", buffer.0)
}

/// A name for a buffer.
pub(super) fn buffer_name(graph: &Graph, plan: &Plan, buffer: BufferId) -> String {
    let b = plan.buffer(buffer);
    match b.output {
        Some(Output::Losses) => "losses".to_owned(),
        Some(Output::Weights) => "weights".to_owned(),
        Some(output @ (Output::Gradient(_) | Output::Learn(_))) => {
            format!("d_{}", plain(output.parameter(graph).unwrap_or_default()))
        }
        Some(Output::Auxiliary(i)) => format!("output_{i}"),
        None => {
            let axes: String = b.axes.iter().map(|&a| plain(&graph.axis(a).name)).collect();
            let axes = if axes.is_empty() {
                "scalar".to_owned()
            } else {
                axes
            };
            format!("kept_{}_{axes}", buffer.0)
        }
    }
}

/// The variable for an extent.
pub(super) fn extent_name(graph: &Graph, dim: DimId) -> Ident {
    format_ident!("len_{}", plain(graph.dim_name(dim)))
}

/// A name in lower case, without primes.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase()
        .replace('\'', "p")
        .trim_start_matches("r#")
        .to_owned()
}

pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "in" | "as"
            | "fn"
            | "if"
            | "let"
            | "for"
            | "mod"
            | "use"
            | "abs"
            | "rows"
            | "out"
            | "isa"
            | "row"
    )
}

/// The words of Rust that only a raw identifier may be.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The identifier of a field or argument, as the user wrote it.
pub(super) fn raw_ident(name: &str) -> Ident {
    let word = name.trim_start_matches("r#");
    if word != name || KEYWORDS.contains(&word) {
        Ident::new_raw(word, Span::call_site())
    } else {
        ident(word)
    }
}
