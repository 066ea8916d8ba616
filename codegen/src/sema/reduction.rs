//! Reductions over axes, with and without a condition.
//!
//! With `c` the condition and `A` the axes:
//!
//! ```text
//! sum[A, c](x)   = Σ_A if c { x } else { 0 }            0 over nothing
//! mean[A, c](x)  = sum[A, c](x) / count[A, c]           0 over nothing
//! max[A, c](x)   = max_A if c { x } else { −∞ }         −∞ over nothing
//! min[A, c](x)   = −max[A, c](−x)                       +∞ over nothing
//! lse[A, c](x)   = ln Σ_A if c { e^x } else { 0 }       −∞ over nothing
//! softmax, log_softmax: 0 and −∞ where c does not hold; unit: 0 there
//! ```

use super::block::plural;
use super::function::synonym;
use super::loss::Analysis;
use super::scope::Scope;
use super::value::Value;
use crate::ir::{AxisId, AxisSet, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Expression, Name};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reduction {
    Sum,
    Mean,
    Max,
    Min,
    Lse,
    Softmax,
    LogSoftmax,
    Dot,
    Norm,
    Unit,
    Count,
}

const REDUCTIONS: [(&str, Reduction); 11] = [
    ("sum", Reduction::Sum),
    ("mean", Reduction::Mean),
    ("max", Reduction::Max),
    ("min", Reduction::Min),
    ("lse", Reduction::Lse),
    ("softmax", Reduction::Softmax),
    ("log_softmax", Reduction::LogSoftmax),
    ("dot", Reduction::Dot),
    ("norm", Reduction::Norm),
    ("unit", Reduction::Unit),
    ("count", Reduction::Count),
];

/// What other notations call them.
const SYNONYMS: [(&str, &str); 8] = [
    ("logsumexp", "lse"),
    ("log_sum_exp", "lse"),
    ("logsoftmax", "log_softmax"),
    ("average", "mean"),
    ("avg", "mean"),
    ("inner", "dot"),
    ("normalize", "unit"),
    ("l2_norm", "norm"),
];

/// Whether a reduction has the name.
pub(super) fn is_reduction(name: &str) -> bool {
    REDUCTIONS.iter().any(|(known, _)| *known == name)
}

/// How a reduction is written, where only its name is.
pub(super) fn usage(name: &Name, scope: &Scope<'_>) -> String {
    let axes: Vec<_> = scope.axis_names().collect();
    match axes.as_slice() {
        [] => format!("`{name}` is a reduction: `{name}[AXIS](…)`"),
        [axis] => format!("`{name}` is a reduction: `{name}[{axis}](…)`"),
        axes => {
            let axes = axes.join(", ");
            format!("`{name}` is a reduction: `{name}[AXIS](…)` over one or more of {axes}")
        }
    }
}

impl Reduction {
    /// Whether the result keeps the axes.
    fn keeps_axes(self) -> bool {
        matches!(
            self,
            Reduction::Softmax | Reduction::LogSoftmax | Reduction::Unit
        )
    }

    fn arity(self) -> usize {
        match self {
            Reduction::Count => 0,
            Reduction::Dot => 2,
            Reduction::Sum
            | Reduction::Mean
            | Reduction::Max
            | Reduction::Min
            | Reduction::Lse
            | Reduction::Softmax
            | Reduction::LogSoftmax
            | Reduction::Norm
            | Reduction::Unit => 1,
        }
    }
}

impl<'a> Analysis<'a> {
    /// `sum[A, c](x)` and its like.
    pub(super) fn reduction(
        &mut self,
        scope: &Scope<'a>,
        name: &Name,
        axes: &'a [Name],
        filter: Option<&'a Expression>,
        arguments: &'a [Expression],
        range: SourceRange,
    ) -> Option<Value> {
        let reduction = self.find_reduction(scope, name);
        let (axes, mask) = split_mask(scope, axes, filter.is_some());
        let closed = self.closed(scope, axes);
        let filter = match (filter, mask) {
            (Some(filter), _) => Some((self.expression(scope, filter), filter.range)),
            (None, Some(mask)) => Some((scope.value(&mask.text).flatten(), mask.range)),
            (None, None) => None,
        };
        let filter =
            filter.map(|(value, place)| value.and_then(|value| self.condition(value, place)));
        let values = self.expressions(scope, arguments);
        let reduction = reduction?;
        if values.len() != reduction.arity() {
            return self.wrong_arity(name, reduction, values.len(), range);
        }
        if reduction == Reduction::Count && filter.is_none() {
            let message = "`count` needs a condition";
            let help = "`count[AXIS, condition]`; `size[AXIS]` is how many positions there are";
            return self.refuse_with(range, message, help);
        }
        let mut reals = Vec::new();
        for (value, argument) in values.iter().zip(arguments) {
            reals.push(value.and_then(|value| self.real(value, argument.range)));
        }
        let reals: Vec<Value> = reals.into_iter().collect::<Option<_>>()?;
        let filter = match filter {
            Some(value) => Some(value?),
            None => None,
        };
        let closed = closed?;
        self.present(name, axes, &closed, reduction, &reals, filter)?;
        let set: AxisSet = closed.into_iter().collect();
        let node = self.reduce(reduction, set, &reals, filter)?;
        let mut all = Self::all_axes(&reals);
        if let Some(filter) = filter {
            all = all.union(filter.axes);
        }
        let axes = if reduction.keeps_axes() {
            all
        } else {
            all.minus(set)
        };
        Some(Value { node, axes })
    }

    fn find_reduction(&mut self, scope: &Scope<'a>, name: &Name) -> Option<Reduction> {
        let known = REDUCTIONS.iter().find(|(known, _)| *known == name.text);
        if let Some((_, reduction)) = known {
            return Some(*reduction);
        }
        let help = if name.text == "prod" {
            Some("a product over an axis is `exp(sum[AXIS](ln(x)))`; `prod[k in 0..m](…)` runs over integers".to_owned())
        } else if super::function::is_function(&name.text) {
            Some(format!("`{name}` is a function: it takes no axes"))
        } else if scope.function(&name.text).is_some() {
            Some(format!("`{name}` is a local function: it takes no axes"))
        } else {
            synonym(&name.text, &SYNONYMS)
                .or_else(|| nearest_name(&name.text, REDUCTIONS.iter().map(|(name, _)| *name)))
                .map(|nearest| format!("did you mean `{nearest}`?"))
        };
        let message = format!("no reduction is called `{name}`");
        self.diagnostics.error_with(name.range, message, help);
        None
    }

    /// The axes that are closed, each once.
    fn closed(&mut self, scope: &Scope<'a>, axes: &'a [Name]) -> Option<Vec<AxisId>> {
        let mut closed = Some(Vec::new());
        for (i, name) in axes.iter().enumerate() {
            let axis = self.axis(scope, name);
            if axes[..i].iter().any(|other| other.text == name.text) {
                closed = self.refuse(name.range, format!("axis `{name}` is named twice"));
            }
            match (&mut closed, axis) {
                (Some(list), Some(axis)) => list.push(axis),
                _ => closed = None,
            }
        }
        closed
    }

    fn wrong_arity(
        &mut self,
        name: &Name,
        reduction: Reduction,
        found: usize,
        range: SourceRange,
    ) -> Option<Value> {
        let expected = plural(reduction.arity(), "argument");
        let message = format!("`{name}` takes {expected}, found {found}");
        if reduction == Reduction::Count {
            let help = "`count[AXIS, condition]` counts the positions where the condition holds";
            return self.refuse_with(range, message, help);
        }
        self.refuse(range, message)
    }

    /// Every axis must be one of the value or of the condition; of both vectors of a product.
    fn present(
        &mut self,
        name: &Name,
        names: &[Name],
        closed: &[AxisId],
        reduction: Reduction,
        values: &[Value],
        filter: Option<Value>,
    ) -> Option<()> {
        let mut fine = Some(());
        for (axis, written) in closed.iter().zip(names) {
            let filtered = filter.is_some_and(|filter| filter.axes.contains(*axis));
            if filtered && (reduction != Reduction::Dot) {
                continue;
            }
            let lacking = values.iter().find(|value| !value.axes.contains(*axis));
            if reduction == Reduction::Count {
                let message = format!("the condition of this `count` has no axis `{written}`");
                fine = self.refuse_with(
                    written.range,
                    message,
                    format!("`size[{written}]` is how many positions there are"),
                );
            } else if let Some(value) = lacking {
                let message = format!(
                    "`{name}` over axis `{written}`, but the value has {}",
                    self.axes_text(value.axes)
                );
                let help = format!("`size[{written}]` is how many positions there are");
                fine = match reduction {
                    Reduction::Sum => self.refuse_with(written.range, message, help),
                    _ => self.refuse(written.range, message),
                };
            }
        }
        fine
    }

    fn reduce(
        &mut self,
        reduction: Reduction,
        axes: AxisSet,
        values: &[Value],
        filter: Option<Value>,
    ) -> Option<NodeId> {
        let condition = filter.map(|filter| filter.node);
        let first = values.first().map(|value| value.node);
        let graph = &mut self.graph;
        let node = match (reduction, first) {
            (Reduction::Count, _) => self.count(axes, condition?),
            (_, None) => return None,
            (Reduction::Sum, Some(x)) => {
                let x = self.or_zero(condition, x);
                self.graph.reduce(Reducer::Sum, axes, x)
            }
            (Reduction::Mean, Some(x)) => self.mean(axes, condition, x),
            (Reduction::Max, Some(x)) => {
                let x = self.or_neg_infinity(condition, x);
                self.graph.reduce(Reducer::Max, axes, x)
            }
            (Reduction::Min, Some(x)) => {
                let minus = graph.neg(x);
                let minus = self.or_neg_infinity(condition, minus);
                let max = self.graph.reduce(Reducer::Max, axes, minus);
                self.graph.neg(max)
            }
            (Reduction::Lse, Some(x)) => {
                let x = self.or_neg_infinity(condition, x);
                self.graph.reduce(Reducer::Lse, axes, x)
            }
            (Reduction::Softmax, Some(x)) => self.softmax(SoftmaxForm::Prob, axes, condition, x),
            (Reduction::LogSoftmax, Some(x)) => self.softmax(SoftmaxForm::Log, axes, condition, x),
            (Reduction::Dot, Some(x)) => {
                let product = graph.mul(x, values[1].node);
                let product = self.or_zero(condition, product);
                self.graph.reduce(Reducer::Sum, axes, product)
            }
            (Reduction::Norm, Some(x)) => {
                let x = self.or_zero(condition, x);
                self.graph.reduce(Reducer::Norm, axes, x)
            }
            (Reduction::Unit, Some(x)) => {
                let x = self.or_zero(condition, x);
                self.graph.unit(axes, x)
            }
        };
        Some(node)
    }

    fn or_zero(&mut self, condition: Option<NodeId>, x: NodeId) -> NodeId {
        match condition {
            Some(condition) => {
                let zero = self.graph.zero();
                self.graph.select(condition, x, zero)
            }
            None => x,
        }
    }

    fn or_neg_infinity(&mut self, condition: Option<NodeId>, x: NodeId) -> NodeId {
        match condition {
            Some(condition) => {
                let outside = self.graph.neg_infinity();
                self.graph.select(condition, x, outside)
            }
            None => x,
        }
    }

    fn count(&mut self, axes: AxisSet, condition: NodeId) -> NodeId {
        let one = self.graph.one();
        let counted = self.or_zero(Some(condition), one);
        self.graph.reduce(Reducer::Sum, axes, counted)
    }

    fn mean(&mut self, axes: AxisSet, condition: Option<NodeId>, x: NodeId) -> NodeId {
        let x = self.or_zero(condition, x);
        let sum = self.graph.reduce(Reducer::Sum, axes, x);
        let share = match condition {
            Some(condition) => {
                let count = self.count(axes, condition);
                self.graph.unary(UnaryOp::RecipOrZero, count)
            }
            None => {
                let sizes: Vec<(NodeId, i32)> = axes
                    .iter()
                    .map(|axis| (self.graph.size(self.graph.axis(axis).dim), -1))
                    .collect();
                self.graph.product(&sizes)
            }
        };
        self.graph.mul(sum, share)
    }

    fn softmax(
        &mut self,
        form: SoftmaxForm,
        axes: AxisSet,
        condition: Option<NodeId>,
        x: NodeId,
    ) -> NodeId {
        let Some(condition) = condition else {
            return self.graph.softmax(Softmax {
                form,
                axes,
                body: x,
                value: x,
                hit: None,
            });
        };
        let inside = self.or_neg_infinity(Some(condition), x);
        let lse = self.graph.reduce(Reducer::Lse, axes, inside);
        let log = self.graph.sub(x, lse);
        if form == SoftmaxForm::Log {
            self.or_neg_infinity(Some(condition), log)
        } else {
            let share = self.graph.unary(UnaryOp::Exp, log);
            self.or_zero(Some(condition), share)
        }
    }
}

/// The last of the names is a condition if it is a value and no axis: `sum[N, keep](x)`.
fn split_mask<'n>(
    scope: &Scope<'_>,
    axes: &'n [Name],
    filtered: bool,
) -> (&'n [Name], Option<&'n Name>) {
    match axes.split_last() {
        Some((last, rest))
            if !filtered
                && !rest.is_empty()
                && scope.axis(&last.text).is_none()
                && scope.value(&last.text).is_some() =>
        {
            (rest, Some(last))
        }
        _ => (axes, None),
    }
}
