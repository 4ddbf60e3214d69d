//! The largest configuration that is promised, and one with as many errors.

use std::fmt::Write as _;

use super::{TestHost, parse};

const SERVICES: usize = 4096;
const BACKENDS: usize = 16;

/// 4,096 services with 65,536 backends; `vips` is how many different VIPs they have.
fn large(vips: usize) -> String {
    let mut text = "[datapath]\ninterfaces = [\"eth0\"]\n".to_owned();
    for service in 0..SERVICES {
        let vip = service % vips;
        writeln!(
            text,
            "[[service]]\nname = \"s{service}\"\nvip = \"192.0.{}.{}:80\"",
            vip / 250,
            vip % 250 + 1
        )
        .unwrap();
        for backend in 0..BACKENDS {
            let address = service * BACKENDS + backend;
            let [_, b, c, d] = u32::try_from(address).unwrap().to_be_bytes();
            writeln!(text, "[[service.backend]]\naddress = \"10.{b}.{c}.{d}:8080\"\nweight = {backend}")
                .unwrap();
        }
    }
    text
}

#[test]
fn the_largest() {
    let loaded = parse("config.toml", &large(SERVICES), &TestHost).unwrap();
    assert_eq!(loaded.config.services.len(), SERVICES);
    assert!(loaded.config.services.iter().all(|service| service.backends.len() == BACKENDS));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn as_many_errors() {
    let report = parse("config.toml", &large(1), &TestHost).unwrap_err();
    assert_eq!(report.errors(), SERVICES - 1);
    assert_eq!(report.render(false).matches("first used here").count(), SERVICES - 1);
}
