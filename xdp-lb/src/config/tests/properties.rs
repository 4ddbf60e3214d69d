//! No text makes the parser or the renderer panic.

use proptest::prelude::*;

use super::{TestHost, parse};

const VALID: &str = r#"
[datapath]
interfaces = ["eth0", "eth1"]
hash_seed = 0x5eed
[datapath.capacity]
slots = 1000
[api]
socket = "/run/xdp-lb/api.sock"
[metrics]
listen = "[::1]:9464"
[[service]]
name = "web"
vip = "192.0.2.10:443"
algorithm = "least-connections"
affinity = "client-ip"
affinity_timeout = "10m"
idle_timeout = "1h"
slow_start = "30s"
panic_threshold = 40
drain_timeout = "1m 30s"
health = { type = "tcp", interval = "2s", port = 80 }
[[service.backend]]
name = "ä"
address = "10.0.1.11:8443"
weight = 10
backup = true
max_connections = 1000
[[service.backend]]
address = "[2001:db8::11]"
"#;

/// Bits of configurations, and of what is hard to render.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    ":",
    "-",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{7}",
    "\u{feff}",
    "\u{200d}",
    "\u{202e}",
    "👩‍👩‍👧",
    "日本",
    "é",
    "e\u{301}",
    "\\u0000",
    "\"\"\"",
    "'''",
    "99999999999999999999",
    "0x",
    "1e9",
    "nan",
    "1979-05-27",
    "[service]\n",
    "[[service]]\n",
    "[service.health]\n",
    "vip = \"[::]:0\"\n",
    "address = \"::\"\n",
    "999999999999y",
    "*",
];

fn check(text: &str) {
    let report = parse("config.toml", text, &TestHost).map_or_else(|report| report, |loaded| loaded.warnings);
    let plain = report.render(false);
    assert_eq!(plain.is_empty(), report.is_empty());
    assert!(plain.len() <= report.render(true).len());
}

/// A change: where (as a share of the text), how many characters go, what comes.
fn change() -> impl Strategy<Value = (f64, usize, &'static str)> {
    (0.0..1.0, 0_usize..12, prop::sample::select(PIECES))
}

fn changed(text: &str, (at, gone, piece): (f64, usize, &str)) -> String {
    let characters: Vec<_> = text.chars().collect();
    let length = f64::from(u32::try_from(characters.len()).expect("a short text"));
    #[expect(clippy::cast_sign_loss, reason = "both are positive")]
    let start = ((at * length) as usize).min(characters.len());
    let end = (start + gone).min(characters.len());
    characters[..start]
        .iter()
        .copied()
        .chain(piece.chars())
        .chain(characters[end..].iter().copied())
        .collect()
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..20)) {
        check(&pieces.concat());
    }

    #[test]
    fn a_configuration_with_changes(changes in prop::collection::vec(change(), 1..8)) {
        check(&changes.into_iter().fold(VALID.to_owned(), |text, change| changed(&text, change)));
    }
}
