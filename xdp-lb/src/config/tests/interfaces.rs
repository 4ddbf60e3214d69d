//! The interfaces of `[datapath]`.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "no section",
        text: "
metrics = {}
",
        report: r#"
error: the section `[datapath]` is missing
--> config.toml
 = help: it names where packets arrive, for example `interfaces = ["eth0"]`
"#,
    },
    Case {
        name: "no interfaces key",
        text: r#"
[datapath]
attach = "auto"
"#,
        report: "
error: `interfaces` must name at least one interface
 --> config.toml:1:1
  |
1 | [datapath]
  | ^^^^^^^^^^
  |
  = help: interfaces of this host: `eth0`, `eth1`
",
    },
    Case {
        name: "no interface in the list",
        text: "
[datapath]
interfaces = []
",
        report: "
error: `interfaces` must name at least one interface
 --> config.toml:2:14
  |
2 | interfaces = []
  |              ^^
  |
  = help: interfaces of this host: `eth0`, `eth1`
",
    },
    Case {
        name: "interfaces that cannot be",
        text: r#"
[datapath]
interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
"#,
        report: r#"
error: there is no interface `eth2`
 --> config.toml:2:23
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |                       ^^^^^^
  |
  = help: did you mean `eth0`?

error: there is no interface `wan`
 --> config.toml:2:31
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |                               ^^^^^
  |
  = help: interfaces of this host: `eth0`, `eth1`

error: the interface `eth0` is named twice
 --> config.toml:2:38
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |                                      ^^^^^^
  |
 ::: config.toml:2:15
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |               ------ first named here

error: the name of an interface has at most 15 bytes
 --> config.toml:2:46
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |                                              ^^^^^^^^^^^^^^^^^^^ 17 bytes

error: the name of an interface must not be empty
 --> config.toml:2:67
  |
2 | interfaces = ["eth0", "eth2", "wan", "eth0", "an-interface-name", ""]
  |                                                                   ^^
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
