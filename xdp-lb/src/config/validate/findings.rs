//! What validation has found so far.

use std::ops::Range;

use crate::config::{
    diagnostic::{Diagnostic, Severity},
    endpoint::Problem,
};

/// Proof that an error has been reported: who gets one stays silent about what follows from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported;

/// A value, or the proof that it was reported why there is none.
pub(super) type Checked<T> = Result<T, Reported>;

/// Errors and warnings in the order of finding.
#[derive(Default)]
pub(super) struct Findings(Vec<Diagnostic>);

impl Findings {
    /// Reports an error.
    pub(super) fn error(&mut self, error: Diagnostic) -> Reported {
        self.0.push(error);
        Reported
    }

    /// Reports what is wrong with the endpoint written at `span`.
    pub(super) fn endpoint(&mut self, span: Range<usize>, problem: Problem) -> Reported {
        self.error(Diagnostic::error(span, problem.message).help(problem.help))
    }

    /// Reports a warning.
    pub(super) fn warning(&mut self, warning: Diagnostic) {
        self.0.push(warning);
    }

    /// All of them, and whether there are errors among them.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, bool) {
        let errors = self.0.iter().any(|finding| finding.severity == Severity::Error);
        (self.0, errors)
    }
}
