//! `[api]` and `[metrics]`.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "a socket path that does not fit the kernel",
        text: r#"
datapath.interfaces = ["eth0"]
api.socket = "/run/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
"#,
        report: r#"
error: the path of a socket has at most 107 bytes
 --> config.toml:2:14
  |
2 | api.socket = "/run/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    },
    Case {
        name: "a path with NUL",
        text: r#"
datapath.interfaces = ["eth0"]
api.socket = "/run/\u0000"
"#,
        report: r#"
error: `socket` contains a NUL character
 --> config.toml:2:14
  |
2 | api.socket = "/run/\u0000"
  |              ^^^^^^^^^^^^^
"#,
    },
    Case {
        name: "metrics without a port",
        text: r#"
datapath.interfaces = ["eth0"]
metrics.listen = "127.0.0.1"
"#,
        report: r#"
error: an address to listen on needs a port
 --> config.toml:2:18
  |
2 | metrics.listen = "127.0.0.1"
  |                  ^^^^^^^^^^^
  |
  = help: for example `127.0.0.1:9464`
"#,
    },
    Case {
        name: "metrics by name",
        text: r#"
datapath.interfaces = ["eth0"]
metrics.listen = "localhost:9464"
"#,
        report: r#"
error: `localhost` is not an IP address
 --> config.toml:2:18
  |
2 | metrics.listen = "localhost:9464"
  |                  ^^^^^^^^^^^^^^^^
  |
  = help: names are not resolved: write the address itself
"#,
    },
    Case {
        name: "metrics on port 0",
        text: r#"
datapath.interfaces = ["eth0"]
metrics.listen = "[::1]:0"
"#,
        report: r#"
error: `0` is not a port
 --> config.toml:2:18
  |
2 | metrics.listen = "[::1]:0"
  |                  ^^^^^^^^^
  |
  = help: ports are 1 to 65535
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
