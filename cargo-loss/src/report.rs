//! Mistakes and hazards at their places in the source, as rustc shows its own.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use loss_codegen::hazard::Hazard;
use loss_codegen::support::{Diagnostic, Diagnostics, SourceRange};

use crate::source::Source;

/// All mistakes.
pub(crate) fn mistakes(source: &Source, found: &Diagnostics) -> String {
    let shown: Vec<String> = found.iter().map(|one| mistake(source, one)).collect();
    shown.join("\n\n")
}

/// Why a definition is not looked at: its block has mistakes.
pub(crate) fn refused(name: &str, source: &Source, found: &Diagnostics) -> String {
    let mistakes = mistakes(source, found);
    format!(
        "{name} is not looked at while it has mistakes, or what it is defined with has\n\n{mistakes}"
    )
}

/// One mistake.
pub(crate) fn mistake(source: &Source, found: &Diagnostic) -> String {
    let group = at(source, Level::ERROR, &found.message, found.range);
    let help = found.help.as_ref().map(|help| Level::HELP.message(help));
    rendered(group.elements(help))
}

/// One hazard.
pub(crate) fn hazard(source: &Source, found: &Hazard, range: SourceRange) -> String {
    let message = found.warning();
    rendered(at(source, Level::WARNING, &message, range))
}

fn at<'a>(source: &'a Source, level: Level<'a>, message: &'a str, range: SourceRange) -> Group<'a> {
    let place = AnnotationKind::Primary.span(bytes(range, source.text.len()));
    let snippet = Snippet::source(&source.text)
        .path(&source.path)
        .annotation(place);
    level.primary_title(message).element(snippet)
}

fn rendered(group: Group<'_>) -> String {
    Renderer::styled().render(&[group])
}

/// The place in the file.
fn bytes(range: SourceRange, len: usize) -> Range<usize> {
    let start = range.start.byte_range().start.min(len);
    let end = range.end.byte_range().end.clamp(start, len);
    start..end
}
