//! What can be used, but is probably not meant.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "no services",
        text: r#"
datapath.interfaces = ["eth0"]
"#,
        report: "
warning: there is no `[[service]]`
--> config.toml
 = note: every packet passes to the kernel
",
    },
    Case {
        name: "no backends, no weights",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"

[[service]]
name = "b"
vip = "192.0.2.11:443"
backend = [{ address = "10.0.1.12", weight = 0 }]
"#,
        report: "
warning: the service `a` has no backends
 --> config.toml:2:1
  |
2 | [[service]]
  | ^^^^^^^^^^^
  |
  = note: its new connections are dropped

warning: every backend of the service `b` has weight 0
 --> config.toml:6:1
  |
6 | [[service]]
  | ^^^^^^^^^^^
  |
  = note: its new connections are dropped
",
    },
    Case {
        name: "one port for tcp and udp, one backend for nat and dsr",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:53"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "b"
vip = "192.0.2.10:53"
protocol = "udp"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "c"
vip = "192.0.2.12:53"
forwarding = "dsr"
backend = [{ address = "10.0.1.11" }]
"#,
        report: "",
    },
    Case {
        name: "an hour of timeout, more than the interval",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
health = { timeout = "1h", interval = "500ms" }
backend = [{ address = "10.0.1.11" }]
"#,
        report: "",
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
