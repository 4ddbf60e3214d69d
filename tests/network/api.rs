//! The runtime API by hand, as a client other than `xdp-lb` would use it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{HTTP, PATIENCE, Servers, World, addresses},
};

fn world() -> World {
    let network = topology::routed(1).unwrap();
    let backends = addresses(&network, VIP4.into(), HTTP);
    let web = Service::new("web", (VIP4, 80)).backends(backends);
    World::new(network, Servers::default(), &[web])
}

/// Sends a request and returns the status code and the error that its body tells.
fn ask(world: &World, line: &str, header: &str, body: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(world.daemon.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{header}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{line}: {error}: {answer}"));
    let error = value.get("error").and_then(Value::as_str);
    (code, error.unwrap_or_else(|| panic!("{line}: {answer}")).to_owned())
}

#[test]
fn every_refusal_says_why_in_json() {
    let world = world();
    let json = "content-type: application/json\r\n";
    let backends = "/v1/services/web/backends";
    let add = &format!("POST {backends}");
    let weight = &format!("PUT {backends}/web-1/weight");
    for (line, header, body, code, why) in [
        ("GET /v2", "", "", 404, "no such call"),
        ("DELETE /v1/status", "", "", 405, "DELETE"),
        ("GET /v1/services/web/backends", "", "", 405, "GET"),
        (add, json, "{", 400, "JSON"),
        (add, json, "{\"address\": 7}", 422, "address"),
        (add, json, "{\"address\": \"10.50.1.9:80\", \"wieght\": 1}", 422, "wieght"),
        (add, "", "{\"address\": \"10.50.1.9:80\"}", 415, "application/json"),
        (add, json, "{\"address\": \"10.50.1.9:80\", \"name\": \"a b\"}", 422, "cannot be the name"),
        (weight, json, "{\"weight\": 65536}", 422, "65536"),
        (&format!("POST {backends}/web-1/off"), "", "", 404, "ready, drain or maint"),
        (
            &format!("DELETE {backends}/web-1?now=maybe"),
            "",
            "",
            400,
            "now: provided string was not `true` or `false`",
        ),
        (&format!("POST {backends}/no/drain"), "", "", 404, "no backend no"),
        ("POST /v1/services/%ff/backends/web-1/drain", "", "", 400, "UTF-8"),
    ] {
        let (got, error) = ask(&world, line, header, body);
        assert!(got == code && error.contains(why), "{line} {body}: {got} {error}");
    }
    assert_eq!(world.daemon.status().unwrap().service("web").unwrap().backends.len(), 1);
}

/// Clients that send half a request and wait do not keep the daemon from ending.
#[test]
fn half_a_request_does_not_keep_the_daemon() {
    let mut world = world();
    let half = b"GET /metrics HTTP/1.1\r\nhost: x\r\nx-half: ";
    let mut api = UnixStream::connect(world.daemon.socket()).unwrap();
    api.write_all(half).unwrap();
    let connect = || Ok(TcpStream::connect("127.0.0.1:9464")?);
    let mut metrics = world.balancer().enter(connect).unwrap();
    metrics.write_all(half).unwrap();
    // So that both have been accepted.
    world.daemon.status().unwrap();
    let start = Instant::now();
    assert!(world.daemon.terminate().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(!world.daemon.socket().exists());
    world.daemon.start_again().unwrap();
}
