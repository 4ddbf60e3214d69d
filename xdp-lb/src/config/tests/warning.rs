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
no_backend = "reject"
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
  = note: its new connections are rejected
",
    },
    Case {
        name: "backups of nobody",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"
backend = [{ address = "10.0.1.11", backup = true }, { address = "10.0.1.12", backup = true }]
"#,
        report: "
warning: every backend of the service `a` is a backup
 --> config.toml:2:1
  |
2 | [[service]]
  | ^^^^^^^^^^^
  |
  = note: they serve as if none of them were
",
    },
    Case {
        name: "keys that do nothing here",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"
panic_threshold = 50
idle_timeout = "1m"
health.type = "none"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "b"
vip = "192.0.2.11:443"
panic_threshold = 0
track = "always"
idle_timeout = "1m"
health.type = "none"
backend = [{ address = "10.0.1.12" }]
"#,
        report: r#"
warning: `panic_threshold` has no effect
 --> config.toml:5:19
  |
5 | panic_threshold = 50
  |                   ^^
  |
  = note: backends are not checked: none is ever down
  = help: give the service a health check

warning: `idle_timeout` has no effect
 --> config.toml:6:16
  |
6 | idle_timeout = "1m"
  |                ^^^^
  |
  = note: the service's flows are noted while slots move only, for as long as `drain_timeout` says
  = help: `track = "always"` notes them all
"#,
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
