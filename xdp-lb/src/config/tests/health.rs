//! `[service.health]`, and durations.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "durations",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
drain_timeout = "60"
health = { interval = "0s", timeout = "fast" }
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `drain_timeout` is not a duration
 --> config.toml:5:17
  |
5 | drain_timeout = "60"
  |                 ^^^^ time unit needed, for example 60sec or 60ms
  |
  = help: write numbers with units, for example "500ms", "2s" or "1m 30s"

error: `interval` must not be zero
 --> config.toml:6:23
  |
6 | health = { interval = "0s", timeout = "fast" }
  |                       ^^^^

error: `timeout` is not a duration
 --> config.toml:6:39
  |
6 | health = { interval = "0s", timeout = "fast" }
  |                                       ^^^^^^ expected number at 0
  |
  = help: write numbers with units, for example "500ms", "2s" or "1m 30s"
"#,
    },
    Case {
        name: "a duration too long",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
health.timeout = "2y"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `timeout` must not be longer than 365 days
 --> config.toml:5:18
  |
5 | health.timeout = "2y"
  |                  ^^^^
"#,
    },
    Case {
        name: "health numbers",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
health = { port = 65536, rise = 0, fall = -1 }
backend = [{ address = "10.0.1.11" }]
"#,
        report: "
error: `port` must be between 1 and 65535
 --> config.toml:5:19
  |
5 | health = { port = 65536, rise = 0, fall = -1 }
  |                   ^^^^^

error: `rise` must be between 1 and 4294967295
 --> config.toml:5:33
  |
5 | health = { port = 65536, rise = 0, fall = -1 }
  |                                 ^

error: `fall` must be between 1 and 4294967295
 --> config.toml:5:43
  |
5 | health = { port = 65536, rise = 0, fall = -1 }
  |                                           ^^
",
    },
    Case {
        name: "health of a udp service without a type",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "dns"
vip = "192.0.2.10:53"
protocol = "udp"
health = { port = 80 }
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: the health check of a udp service needs a `type`
 --> config.toml:6:10
  |
6 | health = { port = 80 }
  |          ^^^^^^^^^^^^^
  |
  = help: `type = "tcp"` with a `port` that answers, or `type = "none"`
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
