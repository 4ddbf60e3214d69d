//! Backends that are added at run time are held to the rules of a file's.

use crate::config::{Backend, Config, backend_fits, parse, tests::TestHost};

const TEXT: &str = r#"
[datapath]
interfaces = ["eth0"]

[[service]]
name = "web"
vip = "192.0.2.10:443"
slots = 2
[[service.backend]]
name = "web-1"
address = "10.0.0.1:8443"

[[service]]
name = "other"
vip = "192.0.2.11:443"
[[service.backend]]
address = "10.0.0.9:8443"

[[service]]
name = "six"
vip = "[2001:db8::10]:443"

[[service]]
name = "dsr"
vip = "192.0.2.12:443"
forwarding = "dsr"

[[service]]
name = "udp"
vip = "192.0.2.11:53"
protocol = "udp"
health = { type = "none" }
"#;

fn config() -> Config {
    parse("config.toml", TEXT, &TestHost).unwrap().config
}

fn fits(config: &Config, service: &str, name: &str, address: &str) -> Result<(), String> {
    let address = address.parse().unwrap();
    let name = if name.is_empty() { format!("{address}") } else { name.to_owned() };
    let service = config.services.iter().find(|known| known.name == service).unwrap();
    backend_fits(config, service, &Backend::new(name, address, 1))
}

#[test]
fn what_a_file_may_say_may_be_added() {
    for (service, name, address) in [
        ("web", "", "10.0.0.2:8443"),
        ("web", "web-2", "10.0.0.1:8444"),
        ("six", "", "[fd00::1]:8443"),
        ("dsr", "", "10.0.0.9:443"),
        // Another protocol's endpoint.
        ("udp", "", "10.0.0.9:8443"),
        ("udp", "", "192.0.2.10:443"),
    ] {
        assert_eq!(fits(&config(), service, name, address), Ok(()), "{service} {address}");
    }
}

#[test]
fn what_a_file_may_not_say_may_not_be_added() {
    for (service, name, address, why) in [
        ("web", "a/b", "10.0.0.2:8443", "`a/b` cannot be the name of a backend"),
        ("web", "..", "10.0.0.2:8443", "cannot be the name of a backend"),
        ("web", "web-1", "10.0.0.2:8443", "has the backend web-1 (10.0.0.1:8443) already"),
        ("web", "", "10.0.0.1:8443", "has the backend web-1 (10.0.0.1:8443) already"),
        ("web", "", "10.0.0.2:0", "port 0"),
        ("web", "", "0.0.0.0:80", "the unspecified address"),
        ("web", "", "224.0.0.1:80", "a multicast address"),
        ("web", "", "255.255.255.255:80", "the broadcast address"),
        ("web", "", "127.0.0.1:80", "a loopback address"),
        ("web", "", "[fd00::1]:80", "the VIP is IPv4"),
        ("six", "", "10.0.0.2:80", "the VIP is IPv6"),
        ("six", "", "[::ffff:10.0.0.2]:80", "an IPv4 address is written as IPv6"),
        ("six", "", "[fe80::1]:80", "a link-local address"),
        ("six", "six-1", "[fd00::1%3]:80", "names an interface"),
        ("web", "", "192.0.2.10:80", "the address of its own VIP"),
        ("web", "", "192.0.2.11:443", "the VIP of service other"),
        ("web", "", "10.0.0.9:8443", "a backend of service other too"),
        ("dsr", "", "10.0.0.9:80", "a dsr backend must have the port of its VIP"),
    ] {
        let refused = fits(&config(), service, name, address).expect_err(address);
        assert!(refused.contains(why), "{service} {name} {address}: {refused}");
    }
}

#[test]
fn a_table_has_a_slot_for_each_backend() {
    let mut config = config();
    let second = Backend { name: "web-2".to_owned(), ..config.services[0].backends[0].clone() };
    config.services[0].backends.push(second);
    let refused = fits(&config, "web", "", "10.0.0.3:80").unwrap_err();
    assert!(refused.contains("has 2 slots"), "{refused}");
}
