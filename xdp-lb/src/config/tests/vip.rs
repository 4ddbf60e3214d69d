//! The forms a VIP has, and those it has not.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::{Case, TestHost, check, parse};

/// VIP, message, help.
const WRONG: &[(&str, &str, &str)] = &[
    ("192.0.2.10", "a VIP needs a port", "for example `192.0.2.10:443`"),
    ("192.0.2.10:0", "`0` is not a port", "ports are 1 to 65535"),
    ("192.0.2.10:65536", "`65536` is not a port", "ports are 1 to 65535"),
    ("192.0.2.10:+80", "`+80` is not a port", "ports are 1 to 65535"),
    (
        "192.0.2.10:21,40000-40100",
        "port lists, port ranges and `*` are not available in this version",
        "give one port, for example `192.0.2.10:443`; each port is a service",
    ),
    (
        "[2001:db8::10]:*",
        "port lists, port ranges and `*` are not available in this version",
        "give one port, for example `[2001:db8::10]:443`; each port is a service",
    ),
    (
        "www.example:443",
        "`www.example` is not an IP address",
        "names are not resolved: write the address itself",
    ),
    ("192.0.2:443", "`192.0.2` is not an IP address", "for example `192.0.2.10:443`"),
    ("", "there is no address", "for example `192.0.2.10:443` or `[2001:db8::10]:443`"),
    (
        "2001:db8::10:443",
        "`2001:db8::10:443` is neither an IPv4 address and port nor an IPv6 one",
        "an IPv6 address stands in brackets, with the port behind them, for example `[2001:db8::10]:443`",
    ),
    (
        "2001:db8::",
        "`2001:db8::` is neither an IPv4 address and port nor an IPv6 one",
        "an IPv6 address stands in brackets, with the port behind them, for example `[2001:db8::]:443`",
    ),
    (
        "a:b:c",
        "`a:b:c` is neither an IPv4 address and port nor an IPv6 one",
        "an IPv6 address stands in brackets, with the port behind them, for example `[2001:db8::10]:443`",
    ),
    ("[2001:db8::10]", "a VIP needs a port", "for example `[2001:db8::10]:443`"),
    ("[2001:db8::10:443", "a closing `]` is missing", "for example `[2001:db8::10]:443`"),
    (
        "[2001:db8::10]443",
        "`443` stands behind the address",
        "behind `]` comes a colon and the port, for example `[2001:db8::10]:443`",
    ),
    (
        "[192.0.2.10]:443",
        "`192.0.2.10` is not an IPv6 address",
        "for example `[2001:db8::10]:443`; brackets are for IPv6 only",
    ),
    (
        "[fe80::1%eth0]:443",
        "`fe80::1%eth0` names an interface",
        "write the address without `%` and what follows",
    ),
    (
        "[::ffff:192.0.2.10]:443",
        "an IPv4 address is written as IPv6",
        "packets carry it as IPv4: write `192.0.2.10`, without brackets",
    ),
    (
        "0.0.0.0:443",
        "a VIP cannot be the unspecified address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
    (
        "[::1]:443",
        "a VIP cannot be a loopback address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
    (
        "224.0.0.18:443",
        "a VIP cannot be a multicast address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
    (
        "[fe80::1]:443",
        "a VIP cannot be a link-local address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
    (
        "169.254.1.1:443",
        "a VIP cannot be a link-local address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
    (
        "255.255.255.255:443",
        "a VIP cannot be the broadcast address",
        "use a unicast address that clients' packets are routed to this host for",
    ),
];

#[test]
fn reports() {
    for (vip, message, help) in WRONG {
        let line = format!("service = [{{ name = \"web\", vip = \"{vip}\" }}]");
        let carets = "^".repeat(vip.len() + 2);
        check(&Case {
            name: vip,
            text: &format!("datapath.interfaces = [\"eth0\"]\n{line}"),
            report: &format!(
                "error: {message}\n --> config.toml:2:34\n  |\n2 | {line}\n  | {:33}{carets}\n  |\n  = help: {help}",
                ""
            ),
        });
    }
}

proptest! {
    #[test]
    fn ordinary_endpoints_are_taken_as_they_are_written(
        ip in prop_oneof![
            (1_u8..127, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| IpAddr::from([a, b, c, d])),
            (0x2000_u16..0x4000, any::<[u16; 7]>()).prop_map(|(a, [b, c, d, e, f, g, h])| {
                IpAddr::from([a, b, c, d, e, f, g, h])
            }),
        ],
        port in 1_u16..,
    ) {
        let vip = SocketAddr::new(ip, port);
        let text = format!(
            "datapath.interfaces = [\"eth0\"]\nservice = [{{ name = \"web\", vip = \"{vip}\" }}]"
        );
        let loaded = parse("config.toml", &text, &TestHost).expect("a valid VIP");
        prop_assert_eq!(loaded.config.services[0].vip, vip);
    }
}
