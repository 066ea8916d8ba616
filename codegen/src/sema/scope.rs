//! Scopes: what names mean at a place.
//!
//! A scope is a list that shares its tail with the scopes around it. A local function keeps the
//! scope of its definition, so it sees what was declared before it and nothing of its callers.
//! Values, axes and functions live in name spaces of their own.

use super::loss::Analysis;
use super::value::Value;
use crate::ir::AxisId;
use crate::support::diag::nearest_name;
use crate::syntax::ast::{Block, Name};
use std::rc::Rc;

/// What a name stands for. `None` inside: declared, but refused.
#[derive(Clone)]
pub(super) enum Entity<'a> {
    Value(Option<Value>),
    Axis(Option<AxisId>),
    Function(Rc<Function<'a>>),
}

/// A local function.
pub(super) struct Function<'a> {
    pub(super) name: &'a Name,
    pub(super) parameters: &'a [Name],
    pub(super) body: &'a Block,
    /// What it sees: all that was declared before it.
    pub(super) scope: Scope<'a>,
}

/// What is visible at a place.
#[derive(Clone, Default)]
pub(super) struct Scope<'a> {
    innermost: Option<Rc<Frame<'a>>>,
}

struct Frame<'a> {
    name: &'a str,
    entity: Entity<'a>,
    outer: Scope<'a>,
}

impl<'a> Scope<'a> {
    /// The scope with one more declaration.
    #[must_use]
    pub(super) fn with(&self, name: &'a str, entity: Entity<'a>) -> Scope<'a> {
        Scope {
            innermost: Some(Rc::new(Frame {
                name,
                entity,
                outer: self.clone(),
            })),
        }
    }

    fn frames(&self) -> impl Iterator<Item = &Frame<'a>> {
        std::iter::successors(self.innermost.as_deref(), |frame| {
            frame.outer.innermost.as_deref()
        })
    }

    fn find<T>(&self, name: &str, pick: impl Fn(&Entity<'a>) -> Option<T>) -> Option<T> {
        self.frames()
            .filter(|frame| frame.name == name)
            .find_map(|frame| pick(&frame.entity))
    }

    /// The value of the name; `Some(None)` if it was refused.
    pub(super) fn value(&self, name: &str) -> Option<Option<Value>> {
        self.find(name, |entity| match entity {
            Entity::Value(value) => Some(*value),
            Entity::Axis(_) | Entity::Function(_) => None,
        })
    }

    /// The axis of the name; `Some(None)` if it was refused.
    pub(super) fn axis(&self, name: &str) -> Option<Option<AxisId>> {
        self.find(name, |entity| match entity {
            Entity::Axis(axis) => Some(*axis),
            Entity::Value(_) | Entity::Function(_) => None,
        })
    }

    /// The local function of the name.
    pub(super) fn function(&self, name: &str) -> Option<Rc<Function<'a>>> {
        self.find(name, |entity| match entity {
            Entity::Function(function) => Some(Rc::clone(function)),
            Entity::Value(_) | Entity::Axis(_) => None,
        })
    }

    /// The names that pass, innermost first.
    fn names(&self, pick: fn(&Entity<'a>) -> bool) -> impl Iterator<Item = &'a str> {
        self.frames()
            .filter(move |frame| pick(&frame.entity))
            .map(|frame| frame.name)
    }

    pub(super) fn value_names(&self) -> impl Iterator<Item = &'a str> {
        self.names(|entity| matches!(entity, Entity::Value(_)))
    }

    pub(super) fn axis_names(&self) -> impl Iterator<Item = &'a str> {
        self.names(|entity| matches!(entity, Entity::Axis(_)))
    }

    pub(super) fn function_names(&self) -> impl Iterator<Item = &'a str> {
        self.names(|entity| matches!(entity, Entity::Function(_)))
    }
}

impl<'a> Analysis<'a> {
    /// The axis that the name stands for.
    pub(super) fn axis(&mut self, scope: &Scope<'a>, name: &Name) -> Option<AxisId> {
        match scope.axis(&name.text) {
            Some(axis) => axis,
            None if self.lost_names => None,
            None => {
                let message = format!("no axis is called `{name}`");
                let help = match nearest_name(&name.text, scope.axis_names()) {
                    Some(nearest) => Some(self.did_you_mean(nearest)),
                    None if scope.value(&name.text).is_some() => {
                        Some(format!("`{name}` is a value"))
                    }
                    None => declared_axes(scope),
                };
                self.diagnostics.error_with(name.range, message, help);
                None
            }
        }
    }
}

fn declared_axes(scope: &Scope<'_>) -> Option<String> {
    let mut names: Vec<String> = scope.axis_names().map(|name| format!("`{name}`")).collect();
    names.reverse();
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("the only axis is {only}")),
        _ => Some(format!("the axes are {}", names.join(", "))),
    }
}
