//! Leaves: parameters, constants, what is bound already.

use super::axis::{Axes, Axis};
use super::{Expression, Writer};
use crate::grammar::Kind;

/// A declared parameter.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) role: Role,
    /// The axes of its array.
    pub(super) axes: Vec<Axis>,
    /// The declaration, from the name on.
    pub(super) text: String,
}

/// What a parameter is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A tensor or scalar; which kind of values it has, whether it is differentiated.
    Real(Kind, bool),
    /// Positions on an axis.
    Label(Axis),
    Mask,
    Id,
    Flag,
    /// A compile-time integer.
    Integer,
}

/// Something with a name that is no parameter of the loss.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) axes: Axes,
}

impl Writer<'_> {
    /// The simplest expressions of a kind; with at least the axes `wanted`, one to a dimension.
    pub(super) fn leaf(&mut self, kind: Kind, open: Axes, wanted: Axes) -> Expression {
        let known: Vec<Known> = self
            .known
            .iter()
            .filter(|k| k.kind.is_a(kind) && k.axes.is_subset(open) && wanted.is_subset(k.axes))
            .cloned()
            .collect();
        if !known.is_empty() && self.choices.chance(2, 3) {
            let Known { name, axes, .. } = &known[self.choices.below(known.len())];
            return Expression {
                text: name.clone(),
                axes: *axes,
            };
        }
        match kind {
            Kind::Truth => self.truth(open, wanted),
            Kind::Id => self.array(Role::Id, open, wanted),
            Kind::Place => unreachable!("positions are on an axis"),
            Kind::Real | Kind::Small | Kind::Pos | Kind::Cos | Kind::Unit => {
                if wanted.is_empty() && self.choices.chance(1, 4) {
                    self.constant(kind)
                } else {
                    let data = self.choices.chance(1, 4);
                    self.array(Role::Real(kind, !data), open, wanted)
                }
            }
        }
    }

    fn truth(&mut self, open: Axes, wanted: Axes) -> Expression {
        let of_axes = !open.is_empty() && (!wanted.is_empty() || self.choices.chance(3, 4));
        let role = if of_axes { Role::Mask } else { Role::Flag };
        self.array(role, open, wanted)
    }

    fn constant(&mut self, kind: Kind) -> Expression {
        let texts: &[&str] = match kind {
            Kind::Real => &["1", "2", "0.5", "3", "pi", "10", "0.001"],
            Kind::Small => &["1", "0.5", "2", "0.25"],
            Kind::Pos => &["1", "2", "0.5", "pi", "3"],
            Kind::Cos => &["0.3", "0.75", "0.1"],
            Kind::Unit => &["0.5", "0.25", "0.9"],
            Kind::Truth | Kind::Id | Kind::Place => unreachable!("no numbers"),
        };
        if matches!(kind, Kind::Real | Kind::Pos) && self.choices.chance(1, 6) {
            return self.array(Role::Integer, Axes::default(), Axes::default());
        }
        let sized = (self.named.iter()).find(|axis| !axis.is_second());
        if let Some(axis) = sized
            && matches!(kind, Kind::Real | Kind::Pos)
            && self.choices.chance(1, 8)
        {
            return scalar(format!("size[{}]", axis.name()));
        }
        scalar(texts[self.choices.below(texts.len())].to_owned())
    }

    /// A position on the axis.
    pub(super) fn place(&mut self, axis: Axis, open: Axes) -> Expression {
        let others = open
            .iter()
            .filter(|o| *o != axis && o.base() == axis.base());
        let others: Vec<Axis> = others.collect();
        if !others.is_empty() && (!axis.is_classes() || self.choices.chance(1, 2)) {
            let other = others[self.choices.below(others.len())];
            self.named = self.named.union(Axes::of(other));
            return Expression {
                text: other.name().to_owned(),
                axes: Axes::of(other),
            };
        }
        // Labels lie along samples.
        let along = open
            .iter()
            .filter(|o| super::axis::BATCH.contains(&o.base()));
        let along: Axes = along.collect();
        let Some(first) = along.iter().next() else {
            return scalar("0".to_owned());
        };
        if !axis.is_classes() || self.choices.chance(1, 6) {
            return scalar("0".to_owned());
        }
        self.array(Role::Label(axis.base()), along, Axes::of(first))
    }

    /// A parameter over some of the open axes, at least those wanted.
    pub(super) fn array(&mut self, role: Role, open: Axes, wanted: Axes) -> Expression {
        let mut axes = wanted;
        let fixed = matches!(role, Role::Flag | Role::Integer);
        for axis in open.iter().filter(|_| !fixed) {
            let is_alone = axes.iter().all(|other| other.base() != axis.base());
            if is_alone && self.choices.chance(3, 5) {
                axes = axes.union(Axes::of(axis));
            }
        }
        if axes.is_empty() && matches!(role, Role::Mask | Role::Id) {
            match open.iter().next() {
                Some(axis) => axes = Axes::of(axis),
                None => return self.without_axes(role),
            }
        }
        let bases: Axes = axes.iter().map(Axis::base).collect();
        let same: Vec<usize> = (0..self.parameters.len())
            .filter(|&i| {
                let p = &self.parameters[i];
                p.role == role && p.axes.iter().copied().collect::<Axes>() == bases
            })
            .collect();
        let at = if same.is_empty() || self.choices.chance(1, 3) {
            self.declare(role, bases)
        } else {
            same[self.choices.below(same.len())]
        };
        let renames: Vec<String> = axes
            .iter()
            .filter(|axis| axis.is_second())
            .map(|axis| format!("{} -> {}", axis.base().name(), axis.name()))
            .collect();
        self.named = self.named.union(axes);
        let name = &self.parameters[at].name;
        let text = if renames.is_empty() {
            name.clone()
        } else {
            format!("{name}[{}]", renames.join(", "))
        };
        Expression { text, axes }
    }

    /// Where there is no axis, what has none is compared or tested instead.
    fn without_axes(&mut self, role: Role) -> Expression {
        match role {
            Role::Id => {
                let n = Axes::of(super::axis::BATCH[0]);
                let id = self.array(role, n, n);
                scalar(format!("{}[N = 0]", id.text))
            }
            _ => self.array(Role::Flag, Axes::default(), Axes::default()),
        }
    }

    /// Declares a parameter; gives its place.
    pub(super) fn declare(&mut self, role: Role, axes: Axes) -> usize {
        let names: Vec<&str> = axes.iter().map(Axis::name).collect();
        let array = format!("[{}]", names.join(", "));
        let is_scalar = axes.is_empty();
        let (letter, kind) = match role {
            Role::Real(_, true) if is_scalar && self.choices.chance(2, 3) => {
                ("l", "learn scalar".to_owned())
            }
            Role::Real(..) if is_scalar => ("s", "scalar".to_owned()),
            Role::Real(_, true) => ("x", array),
            Role::Real(_, false) => ("t", format!("const {array}")),
            Role::Label(classes) => {
                self.named = self.named.union(Axes::of(classes));
                ("y", format!("{array} in {}", classes.name()))
            }
            Role::Mask => ("m", format!("mask {array}")),
            Role::Id => ("o", format!("id {array}")),
            Role::Flag => ("f", "flag".to_owned()),
            Role::Integer => {
                let value = 1 + self.choices.below(4);
                ("k", format!("static int = {value}"))
            }
        };
        let name = self.name(letter);
        let mut text = format!("{name}: {kind}");
        if let Role::Real(values, _) = role {
            let (default, range) = match values {
                Kind::Pos => ("1.5", format!(" where {name} > 0")),
                Kind::Cos => ("0.25", format!(" where -1 < {name} && {name} < 1")),
                Kind::Unit => ("0.75", format!(" where 0 < {name} && {name} < 1")),
                _ => ("0.5", String::new()),
            };
            if is_scalar {
                text.push_str(&format!(" = {default}"));
            }
            text.push_str(&range);
        }
        self.parameters.push(Parameter {
            name,
            role,
            axes: axes.iter().collect(),
            text,
        });
        self.parameters.len() - 1
    }
}

/// An expression without axes.
pub(super) fn scalar(text: String) -> Expression {
    Expression {
        text,
        axes: Axes::default(),
    }
}
