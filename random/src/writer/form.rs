//! Forms that are no rows of the table, because they declare something: bindings, functions, loops, other losses.

use super::axis::{Axes, Axis};
use super::leaf::Known;
use super::{Expression, Writer};
use crate::grammar::Kind;

/// A form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// `let v = e;` before, `v` here.
    Binding,
    /// `fn f(a, b) { … }` before, `f(…, …)` here.
    Function,
    /// `sum[k in 0..3](…)`
    Loop,
    /// `if c { let v = e; … } else { … }`
    Branch,
    /// One of [`LOSSES`].
    Loss,
}

/// Losses that are used inside of others.
pub(super) const LOSSES: [&str; 3] = [
    "Smooth(u: [N], v: const [N], sharp: flag = false) {
    weight 1 + square(v);
    let e = u - v;
    if sharp { abs(e) } else { ln(cosh(e)) }
}",
    "Entropy(z: [N, C], y: [N] in C, t: scalar = 2 where t > 0) { -ln(softmax[C](z / t)[C = y]) }",
    "Pairs(a: [N, D], k: static int = 2) {
    axis Q like N;
    fn near(c) { pow((1 + c) / 2, k) }
    sum[Q, Q != N](near(dot[D](unit[D](a), unit[D](a[N -> Q]))))
}",
];

impl Form {
    /// The forms of a kind, with weights; few of them inside of functions and loops.
    pub(super) fn of(kind: Kind, inside: usize) -> Vec<(Form, usize)> {
        let numbers = !matches!(kind, Kind::Truth | Kind::Id | Kind::Place);
        let mut forms = Vec::new();
        if numbers && inside == 0 {
            forms.push((Form::Binding, 14));
        }
        if kind == Kind::Real {
            forms.extend([(Form::Loop, 3), (Form::Branch, 3)]);
            if inside == 0 {
                forms.extend([(Form::Function, 5), (Form::Loss, 5)]);
            }
        }
        forms
    }
}

impl Writer<'_> {
    /// Writes a form.
    pub(super) fn form(&mut self, form: Form, kind: Kind, open: Axes, budget: usize) -> Expression {
        match form {
            Form::Binding => self.binding(kind, open, budget),
            Form::Function => self.function(open, budget),
            Form::Loop => self.unrolled(open, budget),
            Form::Branch => self.branch(open, budget),
            Form::Loss => self.loss(open, budget),
        }
    }

    fn binding(&mut self, kind: Kind, open: Axes, budget: usize) -> Expression {
        let Expression { text, axes } = self.expression(kind, open, budget - 1);
        let name = self.name("v");
        self.statements.push(format!("let {name} = {text};"));
        self.known.push(Known {
            name: name.clone(),
            kind,
            axes,
        });
        Expression { text: name, axes }
    }

    /// What is written inside has the names too, as numbers without axes.
    fn within(
        &mut self,
        names: &[&str],
        write: impl FnOnce(&mut Self) -> Expression,
    ) -> Expression {
        let outside = self.known.len();
        self.known.extend(names.iter().map(|name| Known {
            name: (*name).to_owned(),
            kind: Kind::Real,
            axes: Axes::default(),
        }));
        self.inside += 1;
        let written = write(self);
        self.inside -= 1;
        self.known.truncate(outside);
        written
    }

    fn function(&mut self, open: Axes, budget: usize) -> Expression {
        let name = self.name("f");
        let (a, b) = (format!("{name}a"), format!("{name}b"));
        let share = self.choices.below(budget);
        let left = (budget - share) / 2;
        let first = self.expression(Kind::Real, open, left);
        let second = self.expression(Kind::Real, open, left);
        // A reduction in the body would close axes of the arguments.
        let barred = std::mem::replace(&mut self.barred, first.axes.union(second.axes));
        let body = self.within(&[&a, &b], |writer| {
            writer.expression(Kind::Real, Axes::default(), share)
        });
        self.barred = barred;
        self.statements
            .push(format!("fn {name}({a}, {b}) {{ {} }}", body.text));
        let axes = [(&a, first.axes), (&b, second.axes)];
        let used = axes.iter().filter(|(name, _)| body.text.contains(*name));
        Expression {
            text: format!("{name}({}, {})", first.text, second.text),
            axes: used.fold(body.axes, |set, (_, axes)| set.union(*axes)),
        }
    }

    fn unrolled(&mut self, open: Axes, budget: usize) -> Expression {
        const FOLDS: [&str; 4] = ["sum", "prod", "max", "min"];
        let fold = FOLDS[self.choices.below(FOLDS.len())];
        let variable = self.name("k");
        let last = 2 + self.choices.below(2);
        let body = self.within(&[&variable], |writer| {
            writer.expression(Kind::Real, open, budget / 2)
        });
        Expression {
            text: format!("{fold}[{variable} in 1..={last}]({})", body.text),
            axes: body.axes,
        }
    }

    fn branch(&mut self, open: Axes, budget: usize) -> Expression {
        let third = budget / 3;
        let condition = self.expression(Kind::Truth, open, third);
        let bound = self.expression(Kind::Real, open, third);
        let other = self.expression(Kind::Real, open, third);
        let name = self.name("w");
        Expression {
            text: format!(
                "(if {} {{ let {name} = {}; {name} * {name} }} else {{ {} }})",
                condition.text, bound.text, other.text
            ),
            axes: condition.axes.union(bound.axes).union(other.axes),
        }
    }

    /// Another loss, whose axes are named as they are here.
    fn loss(&mut self, open: Axes, budget: usize) -> Expression {
        let axis = |name: &str| Axis::all().find(|axis| axis.name() == name);
        let (Some(n), Some(c), Some(d)) = (axis("N"), axis("C"), axis("D")) else {
            unreachable!("axes of the table")
        };
        let n = Axes::of(n);
        if !n.is_subset(open) {
            return self.leaf(Kind::Real, open, Axes::default());
        }
        let mut used = self.choices.below(LOSSES.len());
        if used == 1 && open.contains(c) {
            used = 0;
        }
        if used == 2 && open.contains(d) {
            used = 0;
        }
        self.losses.push(used);
        let text = match used {
            0 => {
                let (u, v) = (budget / 2, budget / 4);
                let u = self.with_axes(Kind::Real, n, n, u);
                let v = self.with_axes(Kind::Real, n, n, v);
                let sharp = self.expression(Kind::Truth, Axes::default(), 1);
                format!("Smooth({}, {}; sharp = {})", u.text, v.text, sharp.text)
            }
            1 => {
                let both = n.union(Axes::of(c));
                let z = self.with_axes(Kind::Real, both, both, budget / 2);
                let y = self.place_along(c, n);
                let t = self.expression(Kind::Pos, Axes::default(), budget / 4);
                format!("Entropy({}, {}; t = {})", z.text, y.text, t.text)
            }
            _ => {
                let both = n.union(Axes::of(d));
                let a = self.with_axes(Kind::Real, both, both, budget / 2);
                format!("Pairs({}; k = 3)", a.text)
            }
        };
        Expression { text, axes: n }
    }

    /// A label along the axes.
    fn place_along(&mut self, axis: Axis, along: Axes) -> Expression {
        self.array(super::leaf::Role::Label(axis), along, along)
    }
}
