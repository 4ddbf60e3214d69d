//! Types of values.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "types",
        text: r#"
[datapath]
interfaces = ["eth0", 7]
hash_seed = -1

[service]
name = "web"
"#,
        report: r#"
error: `interfaces` must hold strings, not an integer
 --> config.toml:2:23
  |
2 | interfaces = ["eth0", 7]
  |                       ^
  |
  = help: for example `interfaces = ["eth0"]`

error: `hash_seed` must be between 0 and 2^64 - 1
 --> config.toml:3:13
  |
3 | hash_seed = -1
  |             ^^

error: `service` must be an array of tables, not a table
 --> config.toml:5:1
  |
5 | [service]
  | ^^^^^^^^^
  |
  = help: write it as `[[service]]`
"#,
    },
    Case {
        name: "types within a service",
        text: r#"
datapath.interfaces = ["eth0"]

[[service]]
name = 5
vip = ["192.0.2.10:443"]
slots = "many"
health = "tcp"

  [[service.backend]]
  weight = 1.5

  [[service.backend]]
  weight = 99999999999999999999
  backup = "yes"
"#,
        report: r#"
error: `name` must be a string, not an integer
 --> config.toml:4:8
  |
4 | name = 5
  |        ^
  |
  = help: for example `name = "web"`

error: `vip` must be a string, not an array
 --> config.toml:5:7
  |
5 | vip = ["192.0.2.10:443"]
  |       ^^^^^^^^^^^^^^^^^^
  |
  = help: for example `vip = "192.0.2.10:443"`

error: `slots` must be an integer, not a string
 --> config.toml:6:9
  |
6 | slots = "many"
  |         ^^^^^^
  |
  = help: for example `slots = 65537`

error: `health` must be a table, not a string
 --> config.toml:7:10
  |
7 | health = "tcp"
  |          ^^^^^
  |
  = help: write it as `[service.health]`

error: `weight` must be an integer, not a floating-point number
  --> config.toml:10:12
   |
10 |   weight = 1.5
   |            ^^^
   |
   = help: for example `weight = 10`

error: `weight` is too large a number
  --> config.toml:13:12
   |
13 |   weight = 99999999999999999999
   |            ^^^^^^^^^^^^^^^^^^^^

error: `backup` must be a boolean, not a string
  --> config.toml:14:12
   |
14 |   backup = "yes"
   |            ^^^^^
   |
   = help: for example `backup = true`
"#,
    },
    Case {
        name: "tables that are none",
        text: r#"
datapath.interfaces = ["eth0"]

service = [1, { name = "web" }]
api = true
"#,
        report: r#"
error: `service` must be an array of tables, not an integer
 --> config.toml:3:12
  |
3 | service = [1, { name = "web" }]
  |            ^
  |
  = help: write it as `[[service]]`

error: `api` must be a table, not a boolean
 --> config.toml:4:7
  |
4 | api = true
  |       ^^^^
  |
  = help: write it as `[api]`
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
