//! Keys whose value is one word of a few.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "words that are none",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
protocol = "TCP6"
forwarding = "tunnel"
algorithm = "magelv"
affinity = "cookie"
track = "alway"
no_backend = "refuse"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `TCP6` is not a value of `protocol`
 --> config.toml:5:12
  |
5 | protocol = "TCP6"
  |            ^^^^^^
  |
  = help: did you mean `tcp`?

error: `tunnel` is not a value of `forwarding`
 --> config.toml:6:14
  |
6 | forwarding = "tunnel"
  |              ^^^^^^^^
  |
  = help: available: `nat`, `dsr`

error: `magelv` is not a value of `algorithm`
 --> config.toml:7:13
  |
7 | algorithm = "magelv"
  |             ^^^^^^^^
  |
  = help: did you mean `maglev`?

error: `cookie` is not a value of `affinity`
 --> config.toml:8:12
  |
8 | affinity = "cookie"
  |            ^^^^^^^^
  |
  = help: available: `none`, `client-ip`

error: `alway` is not a value of `track`
 --> config.toml:9:9
  |
9 | track = "alway"
  |         ^^^^^^^
  |
  = help: did you mean `always`?

error: `refuse` is not a value of `no_backend`
  --> config.toml:10:14
   |
10 | no_backend = "refuse"
   |              ^^^^^^^^
   |
   = help: available: `drop`, `reject`
"#,
    },
    Case {
        name: "documented, but not in this version",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
forwarding = "ipip"
health.type = "http"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `forwarding = "ipip"` is not available in this version
 --> config.toml:5:14
  |
5 | forwarding = "ipip"
  |              ^^^^^^
  |
  = help: available: `nat`, `dsr`

error: `type = "http"` is not available in this version
 --> config.toml:6:15
  |
6 | health.type = "http"
  |               ^^^^^^
  |
  = help: available: `tcp`, `none`
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
