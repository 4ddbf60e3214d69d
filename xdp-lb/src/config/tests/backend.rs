//! `[[service.backend]]`.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "addresses that cannot be",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "app-1:80" },
  { address = "10.0.1.11:99999" },
  { address = "127.0.0.1" },
  { address = "239.0.0.1" },
  { address = "[fe80::1]" },
  { address = "2001:db8::11" },
  { address = "[::ffff:10.0.1.11]" },
]
"#,
        report: r#"
error: `app-1` is not an IP address
 --> config.toml:6:15
  |
6 |   { address = "app-1:80" },
  |               ^^^^^^^^^^
  |
  = help: names are not resolved: write the address itself

error: `99999` is not a port
 --> config.toml:7:15
  |
7 |   { address = "10.0.1.11:99999" },
  |               ^^^^^^^^^^^^^^^^^
  |
  = help: ports are 1 to 65535

error: a backend cannot have a loopback address
 --> config.toml:8:15
  |
8 |   { address = "127.0.0.1" },
  |               ^^^^^^^^^^^
  |
  = help: use a unicast address of the backend that this host has a route to

error: a backend cannot have a multicast address
 --> config.toml:9:15
  |
9 |   { address = "239.0.0.1" },
  |               ^^^^^^^^^^^
  |
  = help: use a unicast address of the backend that this host has a route to

error: a backend cannot have a link-local address
  --> config.toml:10:15
   |
10 |   { address = "[fe80::1]" },
   |               ^^^^^^^^^^^
   |
   = help: use a unicast address of the backend that this host has a route to

error: `2001:db8::11` is neither an IPv4 address and port nor an IPv6 one
  --> config.toml:11:15
   |
11 |   { address = "2001:db8::11" },
   |               ^^^^^^^^^^^^^^
   |
   = help: an IPv6 address stands in brackets, with the port behind them, for example `[2001:db8::11]:443`

error: an IPv4 address is written as IPv6
  --> config.toml:12:15
   |
12 |   { address = "[::ffff:10.0.1.11]" },
   |               ^^^^^^^^^^^^^^^^^^^^
   |
   = help: packets carry it as IPv4: write `10.0.1.11`, without brackets
"#,
    },
    Case {
        name: "the other family",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "[2001:db8::11]:80" },
]
"#,
        report: r#"
error: the VIP is IPv4, but this backend is IPv6
 --> config.toml:6:15
  |
6 |   { address = "[2001:db8::11]:80" },
  |               ^^^^^^^^^^^^^^^^^^^
  |
  = note: packets are not translated between the families
  = help: make a service for each family, with backends of that family
"#,
    },
    Case {
        name: "the other family, the other way",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "[2001:db8::10]:80"
backend = [
  { address = "10.0.1.11:80" },
]
"#,
        report: r#"
error: the VIP is IPv6, but this backend is IPv4
 --> config.toml:6:15
  |
6 |   { address = "10.0.1.11:80" },
  |               ^^^^^^^^^^^^^^
  |
  = note: packets are not translated between the families
  = help: make a service for each family, with backends of that family
"#,
    },
    Case {
        name: "the VIP itself",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "192.0.2.10:8080" },
]
"#,
        report: r#"
error: the backend has the address of its own VIP, 192.0.2.10
 --> config.toml:6:15
  |
6 |   { address = "192.0.2.10:8080" },
  |               ^^^^^^^^^^^^^^^^^
  |
  = note: packets for it would arrive here again
  = help: use the address by which this host reaches the backend
"#,
    },
    Case {
        name: "dsr on another port",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
forwarding = "dsr"
backend = [
  { address = "10.0.1.11:8080" },
]
"#,
        report: r#"
error: a dsr backend must have the port of its VIP, 80
 --> config.toml:7:15
  |
7 |   { address = "10.0.1.11:8080" },
  |               ^^^^^^^^^^^^^^^^
  |
  = note: dsr rewrites neither addresses nor ports: the backend sees what the client sent
  = help: leave the port out, or use `forwarding = "nat"`
"#,
    },
    Case {
        name: "weights",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "10.0.1.11", weight = 65536 },
  { address = "10.0.1.12", weight = -1 },
]
"#,
        report: r#"
error: `weight` must be between 0 and 65535
 --> config.toml:6:37
  |
6 |   { address = "10.0.1.11", weight = 65536 },
  |                                     ^^^^^

error: `weight` must be between 0 and 65535
 --> config.toml:7:37
  |
7 |   { address = "10.0.1.12", weight = -1 },
  |                                     ^^
"#,
    },
    Case {
        name: "limits and backups",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "10.0.1.11", max_connections = 0 },
  { address = "10.0.1.12", max_connections = 4294967296 },
  { address = "10.0.1.13", max_connections = 4294967295, backup = true },
]
"#,
        report: r#"
error: `max_connections` must be between 1 and 4294967295
 --> config.toml:6:46
  |
6 |   { address = "10.0.1.11", max_connections = 0 },
  |                                              ^

error: `max_connections` must be between 1 and 4294967295
 --> config.toml:7:46
  |
7 |   { address = "10.0.1.12", max_connections = 4294967296 },
  |                                              ^^^^^^^^^^
"#,
    },
    Case {
        name: "quiet where the VIP is in error",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "nowhere"
backend = [
  { address = "10.0.1.11" },
]
"#,
        report: r#"
error: `nowhere` is not an IP address
 --> config.toml:4:7
  |
4 | vip = "nowhere"
  |       ^^^^^^^^^
  |
  = help: names are not resolved: write the address itself
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
