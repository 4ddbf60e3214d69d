//! Syntax and keys.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "syntax error",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]
name = "web"
"#,
        report: "
error: invalid TOML: unclosed array table, expected `]`
 --> config.toml:2:11
  |
2 | [[service]
  |           ^
",
    },
    Case {
        name: "unfinished string and a missing value, both reported",
        text: r#"
datapath.interfaces = ["eth0"]

[[service]]
name = "web
vip =
"#,
        report: r#"
error: invalid TOML: invalid basic string, expected `"`
 --> config.toml:4:12
  |
4 | name = "web
  |            ^

error: invalid TOML: string values must be quoted, expected literal string
 --> config.toml:5:6
  |
5 | vip =
  |      ^
"#,
    },
    Case {
        name: "a key given twice",
        text: r#"
datapath.interfaces = ["eth0"]

[[service]]
name = "web"
name = "web"
"#,
        report: r#"
error: invalid TOML: duplicate key
 --> config.toml:5:1
  |
5 | name = "web"
  | ^^^^
"#,
    },
    Case {
        name: "unknown keys with the nearest known one",
        text: r#"
[datapath]
interface = ["eth0"]

[[service]]
name = "web"
vip = "192.0.2.10:443"
drain-timout = "60s"

  [[service.backends]]
  address = "10.0.1.11"
"#,
        report: r#"
error: unknown key `interface`
 --> config.toml:2:1
  |
2 | interface = ["eth0"]
  | ^^^^^^^^^ not a key of [datapath]
  |
  = help: did you mean `interfaces`?

error: unknown key `drain-timout`
 --> config.toml:7:1
  |
7 | drain-timout = "60s"
  | ^^^^^^^^^^^^ not a key of [[service]]
  |
  = help: did you mean `drain_timeout`?

error: unknown key `backends`
 --> config.toml:9:13
  |
9 |   [[service.backends]]
  |             ^^^^^^^^ not a key of [[service]]
  |
  = help: did you mean `backend`?
"#,
    },
    Case {
        name: "keys of another section",
        text: r#"
datapath.interfaces = ["eth0"]

[capacity]
services = 10

[[service]]
name = "web"
vip = "192.0.2.10:443"
interval = "2s"
address = "10.0.1.11"

[[backend]]
address = "10.0.1.11"
"#,
        report: r#"
error: unknown key `capacity`
 --> config.toml:3:2
  |
3 | [capacity]
  |  ^^^^^^^^ not a key of the top level
  |
  = help: write it as `[datapath.capacity]`

error: unknown key `interval`
 --> config.toml:9:1
  |
9 | interval = "2s"
  | ^^^^^^^^ not a key of [[service]]
  |
  = help: `interval` belongs in [service.health]

error: unknown key `address`
  --> config.toml:10:1
   |
10 | address = "10.0.1.11"
   | ^^^^^^^ not a key of [[service]]
   |
   = help: `address` belongs in [[service.backend]]

error: unknown key `backend`
  --> config.toml:12:3
   |
12 | [[backend]]
   |   ^^^^^^^ not a key of the top level
   |
   = help: write it as `[[service.backend]]`
"#,
    },
    Case {
        name: "nothing near: the known keys",
        text: r#"
datapath.interfaces = ["eth0"]

[api]
colour = "red"
"#,
        report: r#"
error: unknown key `colour`
 --> config.toml:4:1
  |
4 | colour = "red"
  | ^^^^^^ not a key of [api]
  |
  = help: keys of [api]: `socket`
"#,
    },
    Case {
        name: "a quoted key with odd characters",
        text: r#"
datapath.interfaces = ["eth0"]

"\u0007 beep" = 1
"#,
        report: r#"
error: unknown key `\u{7} beep`
 --> config.toml:3:1
  |
3 | "\u0007 beep" = 1
  | ^^^^^^^^^^^^^ not a key of the top level
  |
  = help: keys of the top level: `datapath`, `api`, `metrics`, `service`
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
