//! The list of keys and the types that serde fills must agree.

use std::fmt::Write as _;

use super::{TestHost, parse};
use crate::config::schema::{ALL, Kind};

/// Every section with every key, as its example has it: serde refuses a key that it does not know.
#[test]
fn every_key_is_read() {
    let mut text = String::new();
    for section in ALL {
        writeln!(text, "{}", section.header).unwrap();
        for key in section.keys {
            match key.kind {
                Kind::Table(_) | Kind::Tables(_) => assert_eq!(key.example, ""),
                Kind::Text | Kind::Integer | Kind::Seed | Kind::Texts | Kind::Boolean => {
                    writeln!(text, "{} = {}", key.name, key.example).unwrap();
                }
            }
        }
    }
    let loaded = parse("config.toml", &text, &TestHost).unwrap();
    assert_eq!(loaded.config.services[0].backends[0].name, "web-1");
}
