//! Everything there is to say about one configuration, rendered the way compilers do.

use std::{error::Error, fmt, sync::Arc};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Label, Severity};

/// The diagnostics of one configuration text, in the text's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: String,
    text: Arc<str>,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report on the text that messages call `name`.
    pub(super) fn new(name: &str, text: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
        Self { name: name.to_owned(), text: text.into(), diagnostics }
    }

    /// Number of errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Number of warnings.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// Is there nothing to say?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Every error and warning, in the text's order.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// All of it for a terminal, with colours if asked; no newline at the end.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let lines = Lines::new(&self.text);
        let parts: Vec<_> = self
            .diagnostics
            .iter()
            .map(|diagnostic| renderer.render(&[self.group(&lines, diagnostic)]))
            .collect();
        parts.join("\n\n")
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    fn group<'a>(&'a self, lines: &Lines<'a>, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = Group::with_title(level.primary_title(&diagnostic.message));
        let snippet = |label, kind| lines.snippet(label, kind).path(self.name.as_str());
        let place = match &diagnostic.primary {
            Some(label) => title.element(snippet(label, AnnotationKind::Primary)),
            None => title.element(Origin::path(self.name.as_str())),
        };
        place
            .elements(diagnostic.secondary.iter().map(|label| snippet(label, AnnotationKind::Context)))
            .elements(diagnostic.notes.iter().map(|text| Level::NOTE.message(text)))
            .elements(diagnostic.help.iter().map(|text| Level::HELP.message(text)))
    }
}

/// A text with the places where its lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Only the lines of the label: a snippet costs as much as the text it is given, for every diagnostic.
    fn snippet(&self, label: &'a Label, kind: AnnotationKind) -> Snippet<'a, Annotation<'a>> {
        let end = label.span.end.min(self.text.len());
        let start = label.span.start.min(end);
        let line = self.starts.partition_point(|begin| *begin <= start);
        let first = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let next = self.starts.partition_point(|begin| *begin <= end);
        let last = self.starts.get(next).map_or(self.text.len(), |begin| begin - 1);
        let shown = self.text.get(first..last).unwrap_or_default();
        // Otherwise the carriage return of a line from Windows is shown as a symbol.
        let shown = shown.strip_suffix('\r').unwrap_or(shown);
        let span = (start - first).min(shown.len())..(end - first).min(shown.len());
        let text = (!label.text.is_empty()).then_some(label.text.as_str());
        Snippet::source(shown).line_start(line).annotation(kind.span(span).label(text))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Report {}
