//! From choices to definitions.
//!
//! An expression is written for a kind of value and a set of *open* axes, and may have any of these. What it needs is declared as it
//! goes: parameters by [`leaf`](Writer::leaf), bindings, functions and further losses by [`Form`]s that are no rows of the table.
//! A budget of nodes is split among the holes of a row, so that a program has at most [`LARGEST`] of them.

mod axis;
mod definition;
mod form;
mod leaf;
mod template;

use crate::choices::Choices;
use crate::grammar::{Kind, ROWS};
use axis::{Axes, Axis};
use form::Form;
use leaf::{Known, Parameter};
use template::{Piece, pieces};

pub use definition::program;

/// The most nodes of a program, about.
const LARGEST: usize = 40;

/// The most axes that are open at once.
const MOST_OPEN: usize = 4;

/// A written expression.
#[derive(Clone, Debug)]
struct Expression {
    text: String,
    /// Those that the notation gives it.
    axes: Axes,
}

/// A definition as far as it is written.
struct Writer<'c> {
    choices: Choices<'c>,
    parameters: Vec<Parameter>,
    statements: Vec<String>,
    /// Bindings and, within a function, its parameters.
    known: Vec<Known>,
    /// How many functions and loops stand around; nothing is bound inside of them.
    inside: usize,
    /// Axes that may not be closed here.
    barred: Axes,
    /// The axes that the text names.
    named: Axes,
    names: usize,
    /// Which other losses are used.
    losses: Vec<usize>,
}

/// Where a position may point, what may be closed: the axes that stand for the letters of a row.
type Letters = Vec<(char, Axis)>;

impl Writer<'_> {
    /// A new name.
    fn name(&mut self, letter: &str) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    /// An expression of the kind, of axes that are open, of about `budget` nodes.
    fn expression(&mut self, kind: Kind, open: Axes, budget: usize) -> Expression {
        if budget <= 1 {
            return self.leaf(kind, open, Axes::default());
        }
        let rows: Vec<(usize, &str)> = ROWS
            .iter()
            .filter(|(own, _, text)| *own == kind && self.fits(text, open))
            .map(|(_, weight, text)| (*weight, *text))
            .collect();
        let forms = Form::of(kind, self.inside);
        let weights = [2].into_iter();
        let weights = weights.chain(rows.iter().map(|row| row.0));
        let weights = weights.chain(forms.iter().map(|form| form.1));
        match self.choices.weighted(weights).checked_sub(1) {
            None => self.leaf(kind, open, Axes::default()),
            Some(row) if row < rows.len() => self.row(rows[row].1, open, budget),
            Some(form) => self.form(forms[form - rows.len()].0, kind, open, budget),
        }
    }

    /// An expression that has the axes.
    fn with_axes(&mut self, kind: Kind, open: Axes, wanted: Axes, budget: usize) -> Expression {
        let mut written = self.expression(kind, open.union(wanted), budget);
        for axis in wanted.iter() {
            if !written.axes.contains(axis) {
                let further = self.leaf(kind, Axes::of(axis), Axes::of(axis));
                written = Expression {
                    text: format!("({} {} {})", written.text, kind.join(), further.text),
                    axes: written.axes.union(further.axes),
                };
            }
        }
        written
    }

    /// The axes that a letter may stand for.
    fn candidates(&self, letter: char, open: Axes, letters: &Letters) -> Vec<Axis> {
        let closed = |axis: &Axis| {
            !open.contains(*axis) && !self.barred.contains(*axis) && open.len() < MOST_OPEN
        };
        let taken = |axis: &Axis| letters.iter().any(|(_, other)| other == axis);
        let of_one_dimension = |a: Axis| move |&b: &Axis| a != b && a.base() == b.base();
        let axes = Axis::all();
        match letter {
            'O' => open.iter().collect(),
            'L' => {
                let pointed_into = |axis: &Axis| {
                    axis.is_classes() || open.iter().any(|o| of_one_dimension(*axis)(&o))
                };
                axes.filter(|axis| closed(axis) && pointed_into(axis))
                    .collect()
            }
            // The pair is chosen by its second letter.
            'R' | 'S' => open
                .iter()
                // Renaming would also take its axis from the arguments of a function.
                .filter(|axis| {
                    let mut others = Axis::all().filter(of_one_dimension(*axis));
                    others.any(|other| !self.barred.contains(other))
                })
                .collect(),
            _ => axes.filter(|axis| closed(axis) && !taken(axis)).collect(),
        }
    }

    /// Whether every letter of a row can stand for an axis.
    fn fits(&self, text: &str, open: Axes) -> bool {
        let letters = pieces(text).into_iter().flat_map(|piece| match piece {
            Piece::Axis(letter) => vec![letter],
            Piece::Hole { with, .. } => with,
            Piece::Text(_) | Piece::Again(_) => vec![],
        });
        let mut seen = Vec::new();
        for letter in letters {
            if !seen.contains(&letter) {
                seen.push(letter);
            }
        }
        let fresh = seen
            .iter()
            .filter(|letter| matches!(letter, 'A' | 'E'))
            .count();
        let free = self.candidates('A', open, &vec![]).len();
        free >= fresh
            && open.len() + fresh <= MOST_OPEN
            && seen
                .iter()
                .all(|&letter| !self.candidates(letter, open, &vec![]).is_empty())
    }

    /// The axis of a letter, chosen where it is met first.
    fn axis_of(&mut self, letter: char, open: Axes, letters: &mut Letters) -> Axis {
        if let Some((_, axis)) = letters.iter().find(|(own, _)| *own == letter) {
            return *axis;
        }
        let candidates = self.candidates(letter, open, letters);
        let axis = candidates[self.choices.below(candidates.len())];
        if matches!(letter, 'R' | 'S') {
            let other = Axis::all().find(|other| *other != axis && other.base() == axis.base());
            let other = other.unwrap_or(axis);
            letters.extend([('S', axis), ('R', other)]);
            return if letter == 'S' { axis } else { other };
        }
        letters.push((letter, axis));
        axis
    }

    /// A row of the table, its holes filled.
    fn row(&mut self, text: &str, open: Axes, budget: usize) -> Expression {
        let pieces = pieces(text);
        let holes = |piece: &&Piece<'_>| matches!(piece, Piece::Hole { .. });
        let mut holes = pieces.iter().filter(holes).count();
        // What only passes a value on is no node.
        let mut left = budget - usize::from(pieces.len() > 1);
        let mut letters = Letters::new();
        let mut named: Vec<(&str, Expression)> = Vec::new();
        let mut written = Expression {
            text: String::new(),
            axes: Axes::default(),
        };
        for piece in &pieces {
            match piece {
                Piece::Text(text) => written.text.push_str(text),
                Piece::Axis(letter) => {
                    let axis = self.axis_of(*letter, open, &mut letters);
                    self.named = self.named.union(Axes::of(axis));
                    written.text.push_str(axis.name());
                    written.axes = written.axes.union(Axes::of(axis));
                }
                Piece::Again(name) => {
                    let again = named.iter().find(|(own, _)| own == name);
                    let (_, again) = again.expect("a hole of that name before");
                    written.text.push_str(&again.text);
                }
                Piece::Hole { name, kind, with } => {
                    let share = if holes == 1 {
                        left
                    } else {
                        self.choices.below(left + 1)
                    };
                    (holes, left) = (holes - 1, left - share);
                    let with: Vec<Axis> = with
                        .iter()
                        .map(|&letter| self.axis_of(letter, open, &mut letters))
                        .collect();
                    let filled = if *kind == Kind::Place {
                        self.place(with[0], open)
                    } else {
                        let moved = letters.iter().find(|(letter, _)| *letter == 'S');
                        let gone = moved
                            .filter(|_| letters.iter().any(|(l, a)| *l == 'R' && with.contains(a)));
                        let gone = gone.map_or(Axes::default(), |(_, axis)| Axes::of(*axis));
                        let wanted = with.iter().copied().collect();
                        self.with_axes(*kind, open.minus(gone), wanted, share)
                    };
                    written.text.push_str(&filled.text);
                    written.axes = written.axes.union(filled.axes);
                    named.extend(name.map(|name| (name, filled)));
                }
            }
        }
        // Every axis that is not open is closed by the row, and a renamed one is gone.
        let renamed = letters.iter().filter(|(letter, _)| *letter == 'R');
        let closed = Axis::all().filter(|axis| !open.contains(*axis));
        let closed: Axes = closed.chain(renamed.map(|(_, axis)| *axis)).collect();
        written.axes = written.axes.minus(closed);
        written
    }
}
