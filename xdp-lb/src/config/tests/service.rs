//! `[[service]]`.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "required keys",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
protocol = "tcp"
backend = [{ weight = 1 }]
"#,
        report: r#"
error: the key `name` is missing here
 --> config.toml:2:1
  |
2 | [[service]]
  | ^^^^^^^^^^^
  |
  = help: for example `name = "web"`

error: the key `vip` is missing here
 --> config.toml:2:1
  |
2 | [[service]]
  | ^^^^^^^^^^^
  |
  = help: for example `vip = "192.0.2.10:443"`

error: the key `address` is missing here
 --> config.toml:4:12
  |
4 | backend = [{ weight = 1 }]
  |            ^^^^^^^^^^^^^^
  |
  = help: for example `address = "10.0.1.11:8443"`
"#,
    },
    Case {
        name: "empty name and name with odd characters",
        text: r#"
datapath.interfaces = ["eth0"]

[[service]]
name = ""
vip = "192.0.2.10:80"
backend = [{ name = "web 1", address = "10.0.1.11" }]
"#,
        report: r#"
error: the name of a service must not be empty
 --> config.toml:4:8
  |
4 | name = ""
  |        ^^

error: `web 1` cannot be the name of a backend
 --> config.toml:6:21
  |
6 | backend = [{ name = "web 1", address = "10.0.1.11" }]
  |                     ^^^^^^^
  |
  = help: names are made of A-Z a-z 0-9 . _ : - [ ]
"#,
    },
    Case {
        name: "a name too long",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
vip = "192.0.2.10:80"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: the name of a service must not be longer than 64 bytes
 --> config.toml:3:8
  |
3 | name = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    },
    Case {
        name: "a name that is only dots",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = ".."
vip = "192.0.2.10:80"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `..` cannot be the name of a service
 --> config.toml:3:8
  |
3 | name = ".."
  |        ^^^^
  |
  = help: names are made of A-Z a-z 0-9 . _ : - [ ]
"#,
    },
    Case {
        name: "slots out of range",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
slots = 16777217
backend = [{ address = "10.0.1.11" }]
"#,
        report: "
error: `slots` must be between 1 and 16777216
 --> config.toml:5:9
  |
5 | slots = 16777217
  |         ^^^^^^^^
",
    },
    Case {
        name: "fewer slots than backends",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
slots = 1
backend = [{ address = "10.0.1.11" }, { address = "10.0.1.12" }]
"#,
        report: "
error: `slots` must be at least 1 for each backend, and there are 2
 --> config.toml:5:9
  |
5 | slots = 1
  |         ^
  |
  = help: a hundred for each backend keep shares within 1 % of the weights
",
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
