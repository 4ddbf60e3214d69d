//! Texts in, configurations or rendered reports out.

mod backend;
mod datapath;
mod example;
mod file;
mod fit;
mod health;
mod interfaces;
mod keys;
mod listeners;
mod properties;
mod scale;
mod schema;
mod selection;
mod service;
mod types;
mod unique;
mod vip;
mod warning;
mod words;

use super::{Host, parse};

/// A machine with two interfaces.
struct TestHost;

impl Host for TestHost {
    fn interface_exists(&self, name: &str) -> bool {
        self.interfaces().iter().any(|known| known == name)
    }

    fn interfaces(&self) -> Vec<String> {
        vec!["eth0".to_owned(), "eth1".to_owned()]
    }
}

/// A configuration and all that is said about it.
struct Case<'a> {
    name: &'a str,
    text: &'a str,
    /// Errors, or warnings where there are no errors; empty: there is nothing to say.
    report: &'a str,
}

/// A first newline of `text` and of `report` is not part of them.
fn check(case: &Case<'_>) {
    let text = case.text.strip_prefix('\n').unwrap_or(case.text);
    let expected = case.report.trim_matches('\n');
    let report = parse("config.toml", text, &TestHost).map_or_else(|report| report, |loaded| loaded.warnings);
    let actual = report.render(false);
    assert!(actual == expected, "{}:\n\n{actual}\n\nis not\n\n{expected}\n", case.name);
}
