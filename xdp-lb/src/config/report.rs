//! Everything there is to say about one configuration, rendered the way compilers do.

use std::{error::Error, fmt, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

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
        let rendered: Vec<_> =
            self.diagnostics.iter().map(|diagnostic| renderer.render(&[self.group(diagnostic)])).collect();
        rendered.join("\n\n")
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = Group::with_title(level.primary_title(&diagnostic.message));
        let place = match &diagnostic.primary {
            Some(label) => title.element(self.snippet(label, AnnotationKind::Primary)),
            None => title.element(Origin::path(&*self.name)),
        };
        place
            .elements(diagnostic.secondary.iter().map(|label| self.snippet(label, AnnotationKind::Context)))
            .elements(diagnostic.notes.iter().map(|text| Level::NOTE.message(text)))
            .elements(diagnostic.help.iter().map(|text| Level::HELP.message(text)))
    }

    /// Only the lines of the label: a snippet of the whole text costs the whole text, for every diagnostic.
    fn snippet<'a>(
        &'a self,
        label: &'a Label,
        kind: AnnotationKind,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let bytes = self.text.as_bytes();
        let end = label.span.end.min(bytes.len());
        let start = label.span.start.min(end);
        let before = bytes.get(..start).unwrap_or_default();
        let first = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let rest = bytes.get(end..).unwrap_or_default();
        let last = rest.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| end + length);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let annotation = kind.span(start - first..end - first);
        let text = (!label.text.is_empty()).then_some(label.text.as_str());
        Snippet::source(self.text.get(first..last).unwrap_or_default())
            .path(self.name.as_str())
            .line_start(line)
            .annotation(annotation.label(text))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Report {}
