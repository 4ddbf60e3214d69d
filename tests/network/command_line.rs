//! The command line where no daemon is needed, and what its exit status says.

use std::fs;
use std::process::Command;

use xdp_lb_lab::topology::{self, VIP4};
use xdp_lb_lab::{Host, tools};

use crate::{
    service::Service,
    world::{HTTP, addresses, setup},
};

/// Exit status, standard output and standard error.
fn run(host: &Host, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(tools::xdp_lb().unwrap());
    command.args(arguments).env_remove("XDP_LB_SOCKET").env("NO_COLOR", "1");
    let output = host.enter(|| Ok(command.output()?)).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn check_says_what_is_wrong_where() {
    let network = topology::routed(2).unwrap();
    let host = &network.balancer.host;
    let web = Service::new("web", (VIP4, 80)).backends(addresses(&network, VIP4.into(), HTTP));
    let good = setup(&network, &[web]).configuration(host);
    let file = host.directory().join("check.toml");
    let name = file.display().to_string();
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        run(host, &["check", &name])
    };

    let (code, said, errors) = check(&good);
    assert_eq!((code, errors.as_str()), (0, ""), "{said}");
    assert_eq!(said, format!("{name} is right: 1 services, 2 backends\n"));

    // Each with a caret under the place, and none without a suggestion where one is near.
    for (right, wrong, at, words) in [
        ("weight = 1", "wieght = 1", 3, "weight"),
        ("\"be1\"", "\"be7\"", 0, "there is no interface `be7`"),
        ("vip = \"192.0.2.10:80\"", "vip = \"192.0.2.10\"", 7, "port"),
    ] {
        let bad = good.replacen(right, wrong, 1);
        let line = bad.lines().position(|line| line.contains(wrong)).unwrap() + 1;
        let column = if at == 0 { bad.lines().nth(line - 1).unwrap().find(wrong).unwrap() + 1 } else { at };
        let (code, said, errors) = check(&bad);
        assert_eq!((code, said.as_str()), (1, ""), "{wrong}: {errors}");
        for part in [&format!("{name}:{line}:{column}"), words, "^"] {
            assert!(errors.contains(part), "no {part:?} in {errors}");
        }
    }
    let (code, _, errors) = run(host, &["check", "/nonexistent.toml"]);
    assert!(code == 1 && errors.contains("/nonexistent.toml"), "{errors}");
}

#[test]
fn exit_statuses_tell_failure_from_misuse() {
    let lab = xdp_lb_lab::Lab::new().unwrap();
    let host = lab.host("alone").unwrap();
    for arguments in [&["help"][..], &["--version"], &["status", "--help"]] {
        let (code, said, errors) = run(&host, arguments);
        assert!(code == 0 && !said.is_empty() && errors.is_empty(), "{arguments:?}: {code} {said}{errors}");
    }
    for arguments in [&[][..], &["balance"], &["check"], &["status", "--jsno"]] {
        let (code, _, errors) = run(&host, arguments);
        assert!(code == 2 && errors.contains("Usage"), "{arguments:?}: {code} {errors}");
    }
    let socket = lab.directory().join("nobody.sock").display().to_string();
    for arguments in [&["status", "--socket", &socket][..], &["reload", "--socket", &socket]] {
        let (code, said, errors) = run(&host, arguments);
        assert_eq!((code, said.as_str()), (1, ""));
        assert!(errors.contains(&format!("no daemon answers on {socket}")), "{errors}");
    }
    // A socket that a killed daemon left behind is no daemon either.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let (code, _, errors) = run(&host, &["status", "--socket", &socket]);
    assert!(code == 1 && errors.contains("no daemon answers"), "{errors}");

    let pin = format!("/sys/fs/bpf/{}-nothing", lab.name());
    let (code, said, _) = run(&host, &["detach", "--pin", &pin]);
    assert_eq!((code, said), (0, format!("nothing is pinned in {pin}\n")));
}
