//! Expressions: one rule per form. Operators, indices, functions and reductions are in the modules
//! named for them.

use super::loss::Analysis;
use super::scope::{Entity, Scope};
use super::value::Value;
use crate::ir::{AxisSet, Kind};
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Block, Expression, ExpressionKind, Name};

/// Most iterations of one unrolled loop.
const MAX_UNROLLED: i64 = 256;

impl<'a> Analysis<'a> {
    /// The value of an expression; `None` if there is a mistake in it, which has been reported.
    pub(super) fn expression(
        &mut self,
        scope: &Scope<'a>,
        expression: &'a Expression,
    ) -> Option<Value> {
        self.spend(expression.range)?;
        let value = self.form(scope, expression);
        // Operands come first, so this is the smallest expression that is too much.
        if self.graph.overflowed() && !std::mem::replace(&mut self.overflow_reported, true) {
            let message = "this constant is too large or too fine for exact arithmetic";
            return self.refuse(expression.range, message);
        }
        value
    }

    fn form(&mut self, scope: &Scope<'a>, expression: &'a Expression) -> Option<Value> {
        let range = expression.range;
        match &expression.kind {
            ExpressionKind::Number { value, .. } => {
                Some(Value::scalar(self.graph.rational(*value)))
            }
            ExpressionKind::Boolean(value) => Some(Value::scalar(self.graph.truth(*value))),
            ExpressionKind::Pi => Some(Value::scalar(self.graph.pi())),
            ExpressionKind::Name(name) => self.name(scope, name),
            ExpressionKind::Size(axis) => {
                let axis = self.axis(scope, axis)?;
                let dim = self.graph.axis(axis).dim;
                Some(Value::scalar(self.graph.size(dim)))
            }
            ExpressionKind::Unary { operator, operand } => {
                let value = self.expression(scope, operand)?;
                self.prefix(*operator, value, operand.range)
            }
            ExpressionKind::Binary {
                operator,
                left,
                right,
            } => {
                let a = self.expression(scope, left);
                let b = self.expression(scope, right);
                self.infix(*operator, (a?, left.range), (b?, right.range), range)
            }
            ExpressionKind::If {
                condition,
                then,
                otherwise,
            } => self.conditional(scope, condition, then, otherwise),
            ExpressionKind::Index { base, indices } => self.index(scope, base, indices),
            ExpressionKind::Call {
                function,
                arguments,
                settings,
            } => self.call(scope, function, arguments, settings, range),
            ExpressionKind::Reduce {
                reduction,
                axes,
                filter,
                arguments,
            } => self.reduction(scope, reduction, axes, filter.as_deref(), arguments, range),
            ExpressionKind::Unroll {
                reduction,
                variable,
                from,
                to,
                inclusive,
                body,
            } => {
                let bounds = self.bounds(scope, from, to, *inclusive);
                self.unrolled(scope, reduction, variable, bounds?, body)
            }
            ExpressionKind::Error => None,
        }
    }

    /// The values of several expressions, all of them looked at.
    pub(super) fn expressions(
        &mut self,
        scope: &Scope<'a>,
        expressions: &'a [Expression],
    ) -> Vec<Option<Value>> {
        expressions
            .iter()
            .map(|expression| self.expression(scope, expression))
            .collect()
    }

    fn name(&mut self, scope: &Scope<'a>, name: &Name) -> Option<Value> {
        if let Some(value) = scope.value(&name.text) {
            return value;
        }
        if let Some(axis) = scope.axis(&name.text) {
            let axis = axis?;
            return Some(Value {
                node: self.graph.position(axis),
                axes: AxisSet::of(axis),
            });
        }
        if self.lost_names {
            return None;
        }
        let text = &name.text;
        let callable = super::function::is_function(text) || scope.function(text).is_some();
        let help = if callable {
            Some(format!("`{name}` is a function: `{name}(…)`"))
        } else if super::reduction::is_reduction(text) {
            Some(super::reduction::usage(name, scope))
        } else {
            nearest_name(
                text,
                scope.value_names().chain(scope.axis_names()).chain(["pi"]),
            )
            .map(|nearest| self.did_you_mean(nearest))
        };
        let message = format!("nothing is called `{name}`");
        self.diagnostics.error_with(name.range, message, help);
        None
    }

    /// `if c { a } else { b }`
    fn conditional(
        &mut self,
        scope: &Scope<'a>,
        condition: &'a Expression,
        then: &'a Block,
        otherwise: &'a Block,
    ) -> Option<Value> {
        let decided = self
            .expression(scope, condition)
            .and_then(|value| self.condition(value, condition.range));
        let a = self.block(scope, then, Vec::new(), None);
        let b = self.block(scope, otherwise, Vec::new(), None);
        let (a, b) = (a?, b?);
        let (kind_a, kind_b) = (self.graph.kind(a.node), self.graph.kind(b.node));
        if kind_a != kind_b {
            let message = format!(
                "the branches differ: {} and {}",
                self.kind_text(kind_a),
                self.kind_text(kind_b)
            );
            return self.refuse(otherwise.result.range, message);
        }
        let decided = decided?;
        Some(Value {
            node: self.graph.select(decided.node, a.node, b.node),
            axes: Self::all_axes(&[decided, a, b]),
        })
    }

    /// The first and the last value of an unrolled variable.
    fn bounds(
        &mut self,
        scope: &Scope<'a>,
        from: &'a Expression,
        to: &'a Expression,
        inclusive: bool,
    ) -> Option<(i64, i64)> {
        let first = self
            .expression(scope, from)
            .and_then(|value| self.static_integer(value, from.range));
        let end = self
            .expression(scope, to)
            .and_then(|value| self.static_integer(value, to.range));
        let first = first?;
        let last = if inclusive {
            end?
        } else {
            end?.checked_sub(1)?
        };
        if last.checked_sub(first)? >= MAX_UNROLLED {
            let message = format!("this loop has more than {MAX_UNROLLED} iterations");
            return self.refuse(from.range.to(to.range), message);
        }
        Some((first, last))
    }

    /// `sum[k in a..b](term)`: written out.
    fn unrolled(
        &mut self,
        scope: &Scope<'a>,
        reduction: &Name,
        variable: &'a Name,
        (first, last): (i64, i64),
        body: &'a Expression,
    ) -> Option<Value> {
        let fold = self.unrolled_operation(reduction)?;
        let mut terms = Vec::new();
        for k in first..=last {
            let value = Value::scalar(self.graph.integer(k));
            let inner = scope.with(&variable.text, Entity::Value(Some(value)));
            // The first iteration that fails has said why.
            let term = self.expression(&inner, body)?;
            terms.push(self.real(term, body.range)?);
        }
        let axes = Self::all_axes(&terms);
        let node = terms
            .into_iter()
            .map(|term| term.node)
            .reduce(|a, b| match fold {
                Fold::Sum => self.graph.add(a, b),
                Fold::Product => self.graph.mul(a, b),
                Fold::Max => self.graph.max(a, b),
                Fold::Min => self.graph.min(a, b),
            });
        let node = match (node, fold) {
            (Some(node), _) => node,
            (None, Fold::Sum) => self.graph.zero(),
            (None, Fold::Product) => self.graph.one(),
            (None, Fold::Max | Fold::Min) => {
                let message = format!("`{reduction}` over no values");
                return self.refuse(reduction.range, message);
            }
        };
        Some(Value { node, axes })
    }

    fn unrolled_operation(&mut self, reduction: &Name) -> Option<Fold> {
        match reduction.text.as_str() {
            "sum" => Some(Fold::Sum),
            "prod" => Some(Fold::Product),
            "max" => Some(Fold::Max),
            "min" => Some(Fold::Min),
            _ => {
                let message = format!("`{reduction}` cannot be unrolled");
                let help = "`sum`, `prod`, `max` and `min` run over integers";
                self.refuse_with(reduction.range, message, help)
            }
        }
    }

    /// Counts the expressions looked at, so that loops within loops end in a message and not in
    /// minutes of compilation.
    fn spend(&mut self, range: SourceRange) -> Option<()> {
        match self.fuel.checked_sub(1) {
            Some(left) => {
                self.fuel = left;
                Some(())
            }
            None => {
                if !std::mem::replace(&mut self.exhausted, true) {
                    let message = "this loss grows beyond what is compiled once its loops and functions are written out";
                    self.diagnostics.error(range, message);
                }
                None
            }
        }
    }

    /// Reads an integer constant beside a position as a position on the same axis.
    pub(super) fn beside(&mut self, value: Value, other: Kind) -> Value {
        let Kind::Index(dim) = other else {
            return value;
        };
        let place = self
            .graph
            .as_rational(value.node)
            .and_then(|constant| constant.to_integer())
            .and_then(|integer| u32::try_from(integer).ok());
        match place {
            Some(place) => Value {
                node: self.graph.place(dim, place),
                axes: value.axes,
            },
            None => value,
        }
    }
}

#[derive(Clone, Copy)]
enum Fold {
    Sum,
    Product,
    Max,
    Min,
}
