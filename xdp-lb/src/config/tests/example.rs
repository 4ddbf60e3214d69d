//! The documented example, and what stands for keys that are left out.

use std::time::Duration;

use super::{TestHost, parse};
use crate::config::{
    Algorithm, Api, Attach, Backend, Capacity, Config, Datapath, Forwarding, Health, Metrics, NoBackend,
    Protocol, Service, Track,
};

const DOCUMENTED: &str = r#"
[datapath]
interfaces = ["eth0"]          # where clients' and backends' packets arrive
attach = "auto"                # auto | native | generic
pin = "/sys/fs/bpf/xdp-lb"     # programs as PIN/prog/balancer, PIN/prog/decap

[api]
socket = "/run/xdp-lb/api.sock"

[metrics]
listen = "127.0.0.1:9464"

[[service]]
name = "web"
vip = "192.0.2.10:443"
protocol = "tcp"               # tcp | udp
forwarding = "nat"             # nat | dsr | ipip | gue | snat
algorithm = "maglev"           # maglev | round-robin | least-connections | least-response-time
affinity = "none"              # none | client-ip
drain_timeout = "60s"

  [service.health]
  type = "tcp"                 # tcp | http | https | udp | dns | exec | none
  interval = "2s"
  timeout = "1s"
  rise = 2
  fall = 3

  [[service.backend]]
  name = "web-1"               # default: its address
  address = "10.0.1.11:8443"
  weight = 10                  # 0–65535; 0: no new connections
"#;

const SHORT: &str = r#"
[datapath]
interfaces = ["eth1", "eth0"]
attach = "native"
hash_seed = "0xFFFFFFFFFFFFFFFF"
capacity = { services = 4096, backends = 65536, slots = 4194304, flows = 131072 }

[metrics]

[[service]]
name = "dns"
vip = "[2001:db8::10]:53"
protocol = "udp"
forwarding = "dsr"
slots = 65537

  [[service.backend]]
  address = "[2001:DB8::b]"

[[service]]
name = "web"
vip = "192.0.2.10:80"

  [service.health]
  port = 8081
  interval = "500ms"

[[service]]
name = "mail"
vip = "192.0.2.10:25"

  [service.health]
  type = "none"
"#;

const HEALTH: Health = Health {
    port: None,
    interval: Duration::from_secs(2),
    timeout: Duration::from_secs(1),
    rise: 2,
    fall: 3,
};

fn service(name: &str, vip: &str) -> Service {
    Service {
        name: name.to_owned(),
        vip: vip.parse().unwrap(),
        protocol: Protocol::Tcp,
        forwarding: Forwarding::Nat,
        algorithm: Algorithm::Maglev,
        affinity: None,
        track: Track::Auto,
        idle_timeout: Duration::from_mins(15),
        slots: None,
        drain_timeout: Duration::from_mins(1),
        slow_start: None,
        panic_threshold: 0,
        no_backend: NoBackend::Drop,
        health: Some(HEALTH),
        backends: Vec::new(),
    }
}

fn backend(name: &str, address: &str, weight: u16) -> Backend {
    Backend::new(name.to_owned(), address.parse().unwrap(), weight)
}

fn check(text: &str, expected: &Config) {
    let loaded = parse("config.toml", text, &TestHost).unwrap();
    assert_eq!(&loaded.config, expected);
}

#[test]
fn the_documented_example() {
    let expected = Config {
        datapath: Datapath {
            interfaces: vec!["eth0".to_owned()],
            attach: Attach::Auto,
            pin: "/sys/fs/bpf/xdp-lb".into(),
            hash_seed: None,
            capacity: Capacity::default(),
        },
        api: Api { socket: "/run/xdp-lb/api.sock".into() },
        metrics: Some(Metrics { listen: "127.0.0.1:9464".parse().unwrap() }),
        services: vec![Service {
            backends: vec![backend("web-1", "10.0.1.11:8443", 10)],
            ..service("web", "192.0.2.10:443")
        }],
    };
    check(DOCUMENTED, &expected);
}

#[test]
fn what_is_left_out() {
    let expected = Config {
        datapath: Datapath {
            interfaces: vec!["eth1".to_owned(), "eth0".to_owned()],
            attach: Attach::Native,
            pin: "/sys/fs/bpf/xdp-lb".into(),
            hash_seed: Some(u64::MAX),
            capacity: Capacity {
                services: Some(4096),
                backends: Some(65536),
                slots: Some(4_194_304),
                flows: Some(131_072),
                ..Capacity::default()
            },
        },
        api: Api { socket: "/run/xdp-lb/api.sock".into() },
        metrics: Some(Metrics { listen: "127.0.0.1:9464".parse().unwrap() }),
        services: vec![
            Service {
                protocol: Protocol::Udp,
                forwarding: Forwarding::Dsr,
                idle_timeout: Duration::from_mins(2),
                slots: Some(65537),
                health: None,
                backends: vec![backend("[2001:db8::b]:53", "[2001:db8::b]:53", 1)],
                ..service("dns", "[2001:db8::10]:53")
            },
            Service {
                health: Some(Health { port: Some(8081), interval: Duration::from_millis(500), ..HEALTH }),
                ..service("web", "192.0.2.10:80")
            },
            Service { health: None, ..service("mail", "192.0.2.10:25") },
        ],
    };
    check(SHORT, &expected);
}

#[test]
fn no_metrics_section_is_no_metrics() {
    let loaded = parse("config.toml", "datapath = { interfaces = [\"eth0\"] }", &TestHost).unwrap();
    assert_eq!(loaded.config.metrics, None);
}

/// What `examples/` has is right as it stands, where the interfaces exist.
#[test]
fn the_example_files() {
    for (name, text) in [
        ("nat.toml", include_str!("../../../../examples/nat.toml")),
        ("dsr.toml", include_str!("../../../../examples/dsr.toml")),
    ] {
        let loaded = parse(name, text, &TestHost).unwrap_or_else(|report| panic!("{report}"));
        assert!(loaded.warnings.is_empty() && !loaded.config.services.is_empty(), "{}", loaded.warnings);
    }
}
