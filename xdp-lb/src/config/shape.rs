//! Are these keys known, and are their values of the right type? Finds every fault, where serde stops at the first.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    diagnostic::Diagnostic,
    schema::{ALL, Key, Kind, Section},
    suggest::{list, nearest, quoted},
};

/// Compares a table with its section, and all below it.
pub(super) fn check(table: &DeTable<'_>, section: &'static Section, faults: &mut Vec<Diagnostic>) {
    for (name, value) in table {
        match section.key(name.get_ref()) {
            Some(key) => check_value(value, key, faults),
            None => faults.push(unknown(name.get_ref(), name.span(), section)),
        }
    }
}

fn check_value(value: &Spanned<DeValue<'_>>, key: &Key, faults: &mut Vec<Diagnostic>) {
    match (key.kind, value.get_ref()) {
        (Kind::Text | Kind::Seed, DeValue::String(_)) | (Kind::Boolean, DeValue::Boolean(_)) => {}
        (Kind::Integer, DeValue::Integer(number)) => {
            if i64::from_str_radix(number.as_str(), number.radix()).is_err() {
                faults.push(Diagnostic::error(value.span(), format!("`{}` is too large a number", key.name)));
            }
        }
        (Kind::Seed, DeValue::Integer(number)) => {
            if u64::from_str_radix(number.as_str(), number.radix()).is_err() {
                let message = format!("`{}` must be between 0 and 2^64 - 1", key.name);
                faults.push(Diagnostic::error(value.span(), message));
            }
        }
        (Kind::Texts, DeValue::Array(items)) => {
            let wrong = items.iter().filter(|item| !item.get_ref().is_str());
            faults.extend(wrong.map(|item| {
                let message = format!("`{}` must hold strings, not {}", key.name, article(item.get_ref()));
                Diagnostic::error(item.span(), message).help(usage(key))
            }));
        }
        (Kind::Table(section), DeValue::Table(table)) => check(table, section, faults),
        (Kind::Tables(section), DeValue::Array(items)) => {
            for item in items {
                if let DeValue::Table(table) = item.get_ref() {
                    check(table, section, faults);
                } else {
                    faults.push(wrong_type(item.span(), item.get_ref(), key));
                }
            }
        }
        (_, other) => faults.push(wrong_type(value.span(), other, key)),
    }
}

fn unknown(name: &str, span: Range<usize>, section: &Section) -> Diagnostic {
    let fault = Diagnostic::error(span, format!("unknown key {}", quoted(name)))
        .label(format!("not a key of {}", section.place()));
    if let Some(near) = nearest(name, section.keys.iter().map(|key| key.name)) {
        return fault.help(format!("did you mean `{near}`?"));
    }
    let elsewhere: Vec<_> =
        ALL.iter().filter_map(|other| Some((other.place(), other.key(name)?.kind))).collect();
    match *elsewhere.as_slice() {
        [] => {}
        [(_, Kind::Table(section) | Kind::Tables(section))] => {
            return fault.help(format!("write it as `{}`", section.header));
        }
        _ => {
            let places: Vec<_> = elsewhere.iter().map(|(place, _)| *place).collect();
            return fault.help(format!("`{name}` belongs in {}", places.join(" or ")));
        }
    }
    fault.help(format!("keys of {}: {}", section.place(), list(section.keys.iter().map(|key| key.name))))
}

fn wrong_type(span: Range<usize>, found: &DeValue<'_>, key: &Key) -> Diagnostic {
    let expected = match key.kind {
        Kind::Text => "a string",
        Kind::Integer => "an integer",
        Kind::Seed => "a string or an integer",
        Kind::Texts => "an array of strings",
        Kind::Boolean => "a boolean",
        Kind::Table(_) => "a table",
        Kind::Tables(_) => "an array of tables",
    };
    let message = format!("`{}` must be {expected}, not {}", key.name, article(found));
    Diagnostic::error(span, message).help(usage(key))
}

/// How a key is written.
fn usage(key: &Key) -> String {
    match key.kind {
        Kind::Table(section) | Kind::Tables(section) => format!("write it as `{}`", section.header),
        Kind::Text | Kind::Integer | Kind::Seed | Kind::Texts | Kind::Boolean => {
            format!("for example `{} = {}`", key.name, key.example)
        }
    }
}

const fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a floating-point number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
