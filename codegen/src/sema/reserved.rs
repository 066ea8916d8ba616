//! Names that cannot be given, because the notation or the generated code has another use for them.

use super::loss::Analysis;
use crate::syntax::ast::{Definition, Name, Parameter, ParameterKind, Statement};

/// Words that a value may not be called, for an expression would read them otherwise.
const WORDS: [&str; 7] = ["pi", "true", "false", "if", "else", "let", "fn"];

/// Keywords of Rust, and those it keeps for itself. Fields of the generated types cannot have them.
const KEYWORDS: [&str; 51] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "type",
    "unsafe", "use", "where", "while", "abstract", "become", "box", "do", "final", "gen", "macro",
    "override", "priv", "try", "typeof", "virtual", "yield",
];

impl<'a> Analysis<'a> {
    /// Refuses names that the generated types cannot have.
    pub(super) fn reserved_names(&mut self, definition: &'a Definition) {
        self.not_a_keyword(&definition.name);
        for parameter in &definition.parameters {
            self.not_a_keyword(&parameter.name);
            self.not_a_word(&parameter.name);
            self.not_taken(parameter);
        }
        for statement in &definition.body.statements {
            if let Statement::Let {
                public: true, name, ..
            } = statement
            {
                self.not_a_keyword(name);
            }
        }
    }

    /// Refuses a value whose name could not be read back.
    pub(super) fn not_a_word(&mut self, name: &Name) {
        if WORDS.contains(&name.text.as_str()) {
            let message = format!("`{name}` has a meaning of its own and cannot be declared");
            self.diagnostics.error(name.range, message);
            // Its uses mean the other thing.
            self.suggested.insert(name.text.clone());
        }
    }

    fn not_a_keyword(&mut self, name: &Name) {
        let text = name.text.as_str();
        if WORDS.contains(&text) {
            return;
        }
        if text == "_" || text.starts_with("r#") || KEYWORDS.contains(&text) {
            let message = format!("`{name}` cannot be a name: Rust has another use for it");
            self.diagnostics.error(name.range, message);
        }
    }

    /// Fields and arguments that every generated type has.
    fn not_taken(&mut self, parameter: &Parameter) {
        let name = &parameter.name;
        let taken = match parameter.kind {
            ParameterKind::Scalar { .. } | ParameterKind::Flag { .. } => name.text == "options",
            ParameterKind::Tensor { .. }
            | ParameterKind::Label { .. }
            | ParameterKind::Identity { .. }
            | ParameterKind::Mask { .. } => name.text == "gradients",
            ParameterKind::StaticInt { .. } | ParameterKind::Error => false,
        };
        if taken {
            let message = format!("`{name}` is taken: every loss has its own");
            self.diagnostics.error(name.range, message);
        }
    }
}
