//! The plan of a kernel: buffers and the steps that fill them.
//!
//! Every step writes whole buffers; a step reads only buffers of earlier steps. A [`Nest`]
//! runs over rows (the batch, or the first axis of what it computes) that are independent of each
//! other and may go to any thread. Nothing here knows about vector widths or memory: that is
//! the business of `emit`.
//!
//! A plan may be *tiled* along an axis (the classes of a head): the steps that have the axis stand in [`Walk`]s, loops over
//! tiles of its positions, so that what is a matrix of batch and classes exists for one tile at a time.

use std::collections::BTreeSet;

use super::low::{Fold, Low, LowId, Op};
use crate::ir::{AxisId, Graph, Role};

/// A buffer of a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BufferId(pub u16);

/// What of the caller's a buffer is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Output {
    /// The loss per batch position.
    Losses,
    /// The declared weight per batch position.
    Weights,
    /// The gradient of the differentiable tensor with this ordinal.
    Gradient(usize),
    /// The gradient of the learnt scalar with this ordinal.
    Learn(usize),
    /// The auxiliary output with this ordinal.
    Auxiliary(usize),
}

impl Output {
    /// The name of the parameter whose gradient it is.
    pub fn parameter(self, graph: &Graph) -> Option<&str> {
        let is_differentiable = |role: &Role| {
            let differentiable = true;
            *role == Role::Tensor { differentiable }
        };
        let is_learnt = |role: &Role| matches!(role, Role::Scalar { learn: true, .. });
        let params = graph.params().iter();
        let param = match self {
            Output::Gradient(i) => params.filter(|p| is_differentiable(&p.role)).nth(i),
            Output::Learn(i) => params.filter(|p| is_learnt(&p.role)).nth(i),
            Output::Losses | Output::Weights | Output::Auxiliary(_) => return None,
        };
        param.map(|p| p.name.as_str())
    }
}

/// An array that steps fill and read, row-major over `axes`.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// What it holds.
    pub node: LowId,
    /// Its axes in array order.
    pub axes: Vec<AxisId>,
    /// The caller's array that it is, or memory of the kernel's own.
    pub output: Option<Output>,
    /// How it grows from tile to tile, if it does.
    pub running: Option<Running>,
}

/// How a buffer without the tiled axis grows from tile to tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Running {
    /// A sum or maximum over the axis, element by element: the total so far.
    Fold(Fold),
    /// A sum of `e^(f − shift)`, where the shift is a function of maxima so far: when it grows, the total so far
    /// shrinks by `e^(old − new)`.
    Rescaled {
        /// The buffer of the shift.
        shift: BufferId,
    },
    /// A function of maxima so far, the shift of [`Rescaled`](Running::Rescaled) sums.
    Shift,
    /// A matrix product over the axis.
    Product,
}

/// A stored value as an expression sees it: a buffer under an order of axes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The buffer.
    pub buffer: BufferId,
    /// The axis that indexes each of its array axes.
    pub index: Vec<AxisId>,
}

/// An operand of a matrix product: a stored value or a tensor parameter as it came.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The expression.
    pub node: LowId,
    /// Its axes that appear in the result, in the result's order.
    pub outer: Vec<AxisId>,
}

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Loops over rows.
    Nest(Nest),
    /// A matrix product.
    Contract {
        /// Where the result goes; its axes are those of `left.outer`, then `right.outer`.
        out: BufferId,
        /// Left operand.
        left: Operand,
        /// Right operand.
        right: Operand,
        /// The axes summed over, in the order in which both operands are flattened.
        over: Vec<AxisId>,
    },
    /// `out[index[n], …] += source[n, …]`, from zero.
    Scatter {
        /// Where the result goes.
        out: BufferId,
        /// The label.
        index: LowId,
        /// What is added up.
        source: LowId,
    },
    /// A loop over tiles of an axis.
    Walk(Walk),
}

impl Step {
    /// The buffers that the step fills; those of a walk are its steps' own.
    pub fn outputs(&self) -> Vec<BufferId> {
        match self {
            Step::Nest(nest) => nest.targets.iter().map(|t| t.buffer).collect(),
            Step::Contract { out, .. } | Step::Scatter { out, .. } => vec![*out],
            Step::Walk(_) => vec![],
        }
    }
}

/// The steps that are carried out for a tile of the plan's tiled axis before the next tile comes.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The steps, none of them a walk.
    pub steps: Vec<WalkStep>,
    /// The shifts of rescaled sums from the maxima of all ranks, after the walk, where the axis is sharded.
    pub shifts: Vec<Nest>,
}

/// A step of a [`Walk`].
#[derive(Clone, Debug)]
pub struct WalkStep {
    /// What is done.
    pub step: Step,
    /// Whether an earlier walk did the same, so that nothing is to be done if there is a single tile.
    pub again: bool,
}

/// A loop nest over rows.
#[derive(Clone, Debug)]
pub struct Nest {
    /// The axes of the rows; none: a single row.
    pub rows: Vec<AxisId>,
    /// What it computes.
    pub targets: Vec<Target>,
    /// What is done for a row.
    pub body: Vec<Stmt>,
}

/// What a nest computes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The buffer.
    pub buffer: BufferId,
    /// `None`: a chunk of the buffer per row. Otherwise the whole buffer, folded over the rows.
    pub fold: Option<Fold>,
    /// The axes within the chunk, or of the whole.
    pub axes: Vec<AxisId>,
}

/// A statement; expressions are ids of lowered nodes, and a node of the scope's axes is a variable
/// once it is bound.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// Binds a node to a variable.
    Let(LowId),
    /// Writes an element of a row of a target.
    Store {
        /// Which target.
        target: usize,
        /// The value.
        value: LowId,
    },
    /// Adds to (or takes the maximum with) an element of a folded target.
    Fold {
        /// Which target.
        target: usize,
        /// The value.
        value: LowId,
        /// The element, if it is not that of the loops' positions.
        at: Option<LowId>,
    },
    /// A loop with statements of its own.
    Loop(Loop),
    /// A loop of elementwise work.
    Vector(Vector),
}

/// A reduction that a loop carries out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accumulator {
    /// The reduction that the result stands for.
    pub result: LowId,
    /// How.
    pub fold: Fold,
    /// What is folded.
    pub value: LowId,
}

/// A loop whose body has inner loops.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The axis.
    pub axis: AxisId,
    /// Reductions over it.
    pub accumulators: Vec<Accumulator>,
    /// The body.
    pub body: Vec<Stmt>,
}

/// A loop of elementwise work along one axis.
#[derive(Clone, Debug)]
pub struct Vector {
    /// The axis.
    pub axis: AxisId,
    /// Reductions over it.
    pub accumulators: Vec<Accumulator>,
    /// Elements of rows of targets.
    pub stores: Vec<(usize, LowId)>,
    /// Elements of folded targets.
    pub folds: Vec<(usize, LowId)>,
    /// Values that a later loop over the axis uses again, kept in scratch.
    pub saves: Vec<LowId>,
    /// Values that an earlier loop kept.
    pub saved: Vec<LowId>,
}

impl Vector {
    /// What it accumulates and writes, but for what it keeps.
    pub fn values(&self) -> impl Iterator<Item = LowId> {
        let accumulated = self.accumulators.iter().map(|a| a.value);
        let written = self.stores.iter().chain(&self.folds).map(|s| s.1);
        accumulated.chain(written)
    }
}

/// A kernel as a sequence of steps.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The expressions.
    pub low: Low,
    /// The buffers.
    pub buffers: Vec<Buffer>,
    /// Where stored values are read from.
    pub reads: Vec<(LowId, Read)>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The axis of tiles, if the plan has any.
    pub tile: Option<AxisId>,
    /// What of that axis is here.
    pub tiling: Tiling,
    /// Totals over a sharded axis that remain a rank's part: what they are added to is joined.
    pub partial: BTreeSet<LowId>,
    /// A matrix product of a tile that a later walk needs again, and the gradient in whose memory it is kept until then.
    pub parked: Option<Parked>,
}

/// What of the tiled axis a kernel sees, and in how many tiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tiling {
    /// All of it, tile by tile.
    Local,
    /// A shard, tile by tile. After each walk, totals are joined over the ranks that have the others.
    Sharded,
    /// A shard as a single tile.
    ShardedWhole,
}

impl Tiling {
    /// Whether other ranks have positions of the axis.
    pub fn is_sharded(self) -> bool {
        self != Tiling::Local
    }
}

/// A matrix that waits in the memory of a gradient which is not written yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parked {
    /// The matrix: for each tile, its rows by the positions of the tile.
    pub matrix: BufferId,
    /// The gradient, whose first axis is the tiled one.
    pub gradient: BufferId,
}

impl Plan {
    /// The axis whose positions are spread over ranks.
    pub fn sharded(&self) -> Option<AxisId> {
        self.tile.filter(|_| self.tiling.is_sharded())
    }

    /// Whether a buffer is joined after the walk that fills it.
    pub fn is_joined(&self, id: BufferId) -> bool {
        let buffer = self.buffer(id);
        buffer.running.is_some() && !self.partial.contains(&buffer.node)
    }

    /// Whether a buffer holds what owners of positions contribute, 0 elsewhere, until the ranks' are added.
    pub fn is_contribution(&self, id: BufferId) -> bool {
        let buffer = self.buffer(id);
        buffer.output.is_none() && matches!(self.low.op(buffer.node), Op::Join(_))
    }

    /// Whether a buffer exists for one tile at a time.
    pub fn is_tile(&self, id: BufferId) -> bool {
        let buffer = self.buffer(id);
        buffer.output.is_none() && self.tile.is_some_and(|axis| buffer.axes.contains(&axis))
    }

    /// All steps, those within walks among them, in order; a step that is repeated once for each time.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(|step| match step {
            Step::Walk(walk) => walk.steps.iter().map(|s| &s.step).collect(),
            step => vec![step],
        })
    }

    /// The buffer with this id.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[usize::from(id.0)]
    }

    /// Where the value of a node is stored.
    pub fn read(&self, node: LowId) -> Option<&Read> {
        self.reads.iter().find(|r| r.0 == node).map(|r| &r.1)
    }
}
