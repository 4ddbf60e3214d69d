//! `[datapath]`, but for its interfaces.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "attach",
        text: r#"
datapath.interfaces = ["eth0"]
datapath.attach = "offload"
"#,
        report: r#"
error: `offload` is not a value of `attach`
 --> config.toml:2:19
  |
2 | datapath.attach = "offload"
  |                   ^^^^^^^^^
  |
  = help: available: `auto`, `native`, `generic`
"#,
    },
    Case {
        name: "attach, nearly",
        text: r#"
datapath.interfaces = ["eth0"]
datapath.attach = "Natve"
"#,
        report: r#"
error: `Natve` is not a value of `attach`
 --> config.toml:2:19
  |
2 | datapath.attach = "Natve"
  |                   ^^^^^^^
  |
  = help: did you mean `native`?
"#,
    },
    Case {
        name: "relative paths",
        text: r#"
datapath.interfaces = ["eth0"]

datapath.pin = "bpf/xdp-lb"
api.socket = "api.sock"
"#,
        report: r#"
error: `pin` must be an absolute path
 --> config.toml:3:16
  |
3 | datapath.pin = "bpf/xdp-lb"
  |                ^^^^^^^^^^^^
  |
  = help: for example `pin = "/sys/fs/bpf/xdp-lb"`

error: `socket` must be an absolute path
 --> config.toml:4:14
  |
4 | api.socket = "api.sock"
  |              ^^^^^^^^^^
  |
  = help: for example `socket = "/run/xdp-lb/api.sock"`
"#,
    },
    Case {
        name: "a dot on bpffs",
        text: r#"
datapath.interfaces = ["eth0"]
datapath.pin = "/sys/fs/bpf/xdp-lb.1"
"#,
        report: r#"
error: `pin` must not have dots in names below /sys/fs/bpf
 --> config.toml:2:16
  |
2 | datapath.pin = "/sys/fs/bpf/xdp-lb.1"
  |                ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: bpffs reserves them
"#,
    },
    Case {
        name: "hash seed of too many digits",
        text: r#"
datapath.interfaces = ["eth0"]
datapath.hash_seed = "0x10000000000000000"
"#,
        report: r#"
error: `0x10000000000000000` is not a hash seed
 --> config.toml:2:22
  |
2 | datapath.hash_seed = "0x10000000000000000"
  |                      ^^^^^^^^^^^^^^^^^^^^^
  |
  = help: write `0x` and 1 to 16 hexadecimal digits; a fleet's hosts have the same
"#,
    },
    Case {
        name: "hash seed that is no number",
        text: r#"
datapath.interfaces = ["eth0"]
datapath.hash_seed = "random"
"#,
        report: r#"
error: `random` is not a hash seed
 --> config.toml:2:22
  |
2 | datapath.hash_seed = "random"
  |                      ^^^^^^^^
  |
  = help: write `0x` and 1 to 16 hexadecimal digits; a fleet's hosts have the same
"#,
    },
    Case {
        name: "capacities out of range",
        text: r#"
datapath.interfaces = ["eth0"]

[datapath.capacity]
services = 0
backends = 4294967296
embryos = 0
clients = -1
"#,
        report: "
error: `services` must be between 1 and 4294967295
 --> config.toml:4:12
  |
4 | services = 0
  |            ^

error: `backends` must be between 1 and 4294967295
 --> config.toml:5:12
  |
5 | backends = 4294967296
  |            ^^^^^^^^^^

error: `embryos` must be between 1 and 4294967295
 --> config.toml:6:11
  |
6 | embryos = 0
  |           ^

error: `clients` must be between 1 and 4294967295
 --> config.toml:7:11
  |
7 | clients = -1
  |           ^^
",
    },
    Case {
        name: "capacities below what the configuration uses",
        text: r#"
datapath.interfaces = ["eth0"]

[datapath.capacity]
services = 1
backends = 2
slots = 101

[[service]]
name = "web"
vip = "192.0.2.10:80"
slots = 100

  [[service.backend]]
  address = "10.0.1.11"

[[service]]
name = "dns"
vip = "192.0.2.10:53"

  [[service.backend]]
  address = "10.0.1.11"

  [[service.backend]]
  address = "10.0.1.12"
"#,
        report: "
error: `services` is too small for this configuration, which uses 2
 --> config.toml:4:12
  |
4 | services = 1
  |            ^
  |
  = help: raise it, or leave it out and it follows the configuration

error: `backends` is too small for this configuration, which uses 3
 --> config.toml:5:12
  |
5 | backends = 2
  |            ^
  |
  = help: raise it, or leave it out and it follows the configuration

error: `slots` is too small for this configuration, which uses 102
 --> config.toml:6:9
  |
6 | slots = 101
  |         ^^^
  |
  = help: raise it, or leave it out and it follows the configuration
",
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
