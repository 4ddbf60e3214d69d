//! Files that cannot be read, and one that can.

use std::{fs, path::Path};

use super::TestHost;
use crate::config::load;

fn check(path: &Path, expected: &str) {
    let report = load(path, &TestHost).map_or_else(|report| report, |loaded| loaded.warnings);
    assert_eq!(report.to_string().replace(&path.display().to_string(), "FILE"), expected);
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    check(
        &folder.path().join("missing.toml"),
        "error: cannot read the configuration: No such file or directory (os error 2)\n--> FILE",
    );
    check(
        folder.path(),
        "error: cannot read the configuration: Is a directory (os error 21)\n--> FILE\n \
         = help: name the file itself, for example `/etc/xdp-lb/config.toml`",
    );
    let file = folder.path().join("config.toml");
    fs::write(&file, b"[datapath]\nattach = \"\xff\"\n").unwrap();
    check(
        &file,
        "error: the byte 0xff is not UTF-8\n --> FILE:2:11\n  |\n2 | attach = \"\u{fffd}\"\n  |           ^\n  |\n  \
         = help: save the file as UTF-8",
    );
    fs::write(&file, "datapath.interfaces = [\"eth0\"]\r\napi.sockets = \"/a\"\r\n").unwrap();
    check(
        &file,
        "error: unknown key `sockets`\n --> FILE:2:5\n  |\n2 | api.sockets = \"/a\"\n  |     ^^^^^^^ not a key of \
         [api]\n  |\n  = help: did you mean `socket`?",
    );
    let service =
        "service = [{ name = \"a\", vip = \"192.0.2.10:80\", backend = [{ address = \"10.0.1.11\" }] }]";
    fs::write(&file, format!("datapath.interfaces = [\"eth0\"]\n{service}\n")).unwrap();
    check(&file, "");
}
