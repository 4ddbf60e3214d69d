//! What may occur once.

use super::{Case, check};

const CASES: &[Case<'_>] = &[
    Case {
        name: "the same address twice",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { address = "10.0.1.11" },
  { name = "b", address = "10.0.1.11:80" },
]
"#,
        report: r#"
error: two backends of the service have the address 10.0.1.11:80
 --> config.toml:7:27
  |
7 |   { name = "b", address = "10.0.1.11:80" },
  |                           ^^^^^^^^^^^^^^
  |
 ::: config.toml:6:15
  |
6 |   { address = "10.0.1.11" },
  |               ----------- first used here
  |
  = help: for a larger share, give one backend a larger weight
"#,
    },
    Case {
        name: "the same name twice",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { name = "a", address = "10.0.1.11" },
  { name = "a", address = "10.0.1.12" },
]
"#,
        report: r#"
error: two backends of the service are called `a`
 --> config.toml:7:12
  |
7 |   { name = "a", address = "10.0.1.12" },
  |            ^^^
  |
 ::: config.toml:6:12
  |
6 |   { name = "a", address = "10.0.1.11" },
  |            --- first used here
"#,
    },
    Case {
        name: "a name that is the address of another",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
backend = [
  { name = "10.0.1.12:80", address = "10.0.1.11" },
  { address = "10.0.1.12" },
]
"#,
        report: r#"
error: two backends of the service are called `10.0.1.12:80`
 --> config.toml:7:15
  |
7 |   { address = "10.0.1.12" },
  |               ^^^^^^^^^^^
  |
 ::: config.toml:6:12
  |
6 |   { name = "10.0.1.12:80", address = "10.0.1.11" },
  |            -------------- first used here
"#,
    },
    Case {
        name: "duplicate VIP",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "b"
vip = "192.0.2.10:443"
backend = [{ address = "10.0.1.12" }]
"#,
        report: r#"
error: two services have the VIP 192.0.2.10:443 for tcp
 --> config.toml:9:7
  |
9 | vip = "192.0.2.10:443"
  |       ^^^^^^^^^^^^^^^^
  |
 ::: config.toml:4:7
  |
4 | vip = "192.0.2.10:443"
  |       ---------------- first used here
"#,
    },
    Case {
        name: "duplicate VIP written in two ways",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "[2001:db8::10]:53"
protocol = "udp"
backend = [{ address = "[2001:db8::a]" }]

[[service]]
name = "b"
vip = "[2001:DB8:0::10]:53"
protocol = "udp"
backend = [{ address = "[2001:db8::b]" }]
"#,
        report: r#"
error: two services have the VIP [2001:db8::10]:53 for udp
  --> config.toml:10:7
   |
10 | vip = "[2001:DB8:0::10]:53"
   |       ^^^^^^^^^^^^^^^^^^^^^
   |
  ::: config.toml:4:7
   |
 4 | vip = "[2001:db8::10]:53"
   |       ------------------- first used here
"#,
    },
    Case {
        name: "duplicate name",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:80"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "a"
vip = "192.0.2.10:443"
backend = [{ address = "10.0.1.12" }]
"#,
        report: r#"
error: two services are called `a`
 --> config.toml:8:8
  |
8 | name = "a"
  |        ^^^
  |
 ::: config.toml:3:8
  |
3 | name = "a"
  |        --- first used here
"#,
    },
    Case {
        name: "a backend of two nat services",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"
backend = [{ address = "10.0.1.11:8443" }]

[[service]]
name = "b"
vip = "192.0.2.11:443"
backend = [{ address = "10.0.1.11:8443" }]
"#,
        report: r#"
error: two nat services have the backend 10.0.1.11:8443 for tcp
  --> config.toml:10:24
   |
10 | backend = [{ address = "10.0.1.11:8443" }]
   |                        ^^^^^^^^^^^^^^^^
   |
  ::: config.toml:5:24
   |
 5 | backend = [{ address = "10.0.1.11:8443" }]
   |                        ---------------- first used here
   |
   = note: a reply from that address and port could belong to either service
   = help: let the backend listen on one port for each service
"#,
    },
    Case {
        name: "a backend that is a VIP",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:443"
backend = [{ address = "192.0.2.11:80" }]

[[service]]
name = "b"
vip = "192.0.2.11:80"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: the backend 192.0.2.11:80 is itself the VIP of a service for tcp
 --> config.toml:5:24
  |
5 | backend = [{ address = "192.0.2.11:80" }]
  |                        ^^^^^^^^^^^^^^^
  |
 ::: config.toml:9:7
  |
9 | vip = "192.0.2.11:80"
  |       --------------- the VIP
  |
  = note: a forwarded packet is not balanced again: services cannot be chained
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}
