//! The laboratory's servers and clients, joined directly: what a test of the balancer takes for granted.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use xdp_lb_lab::client::{self, Conversation, Failure, http};
use xdp_lb_lab::server::{Nginx, TcpEcho, UdpEcho, big_file};
use xdp_lb_lab::topology;

const PATIENCE: Duration = Duration::from_secs(2);

#[test]
fn a_client_gets_pages_from_nginx_over_both_families() {
    let network = topology::routed(1).unwrap();
    let (client, backend) = (&network.client, &network.backends[0]);
    let _nginx = Nginx::start(&backend.host, "web-1", 8080).unwrap();
    for (server, own) in
        [(IpAddr::from(backend.v4), IpAddr::from(client.v4)), (backend.v6.into(), client.v6.into())]
    {
        let get =
            |path: &str| client.host.enter(|| Ok(http::get((server, 8080).into(), path, PATIENCE)?)).unwrap();
        let page = get("/");
        assert_eq!((page.status, page.text().as_str()), (200, "web-1"));
        assert_eq!(page.header("x-server"), Some("web-1"));
        assert_eq!(page.header("x-client"), Some(own.to_string().as_str()));
        assert!(get("/big").body == big_file(), "the big file has changed on its way");
        assert_eq!(get("/nothing").status, 404);
    }
}

#[test]
fn a_killed_nginx_refuses_and_comes_back() {
    let network = topology::routed(1).unwrap();
    let backend = &network.backends[0];
    let mut nginx = Nginx::start(&backend.host, "web-1", 80).unwrap();
    let get = || network.client.host.enter(|| Ok(http::get((backend.v4, 80).into(), "/", PATIENCE))).unwrap();
    nginx.kill().unwrap();
    assert_eq!(get().unwrap_err(), Failure::Refused);
    nginx.restart().unwrap();
    assert_eq!(get().unwrap().status, 200);
}

#[test]
fn failures_are_told_apart() {
    let network = topology::routed(1).unwrap();
    let backend = &network.backends[0];
    let limit = Duration::from_millis(200);
    let get = |address: IpAddr| {
        network.client.host.enter(|| Ok(http::get((address, 80).into(), "/", limit))).unwrap()
    };
    // Listens, but never answers.
    let _echo = TcpEcho::start(&backend.host, "echo", &[(backend.v4, 80).into()]).unwrap();
    assert_eq!(get(backend.v4.into()).unwrap_err(), Failure::Timeout);
    assert_eq!(get(backend.v6.into()).unwrap_err(), Failure::Refused);
    backend.host.ip(&["link set eth0 down"]).unwrap();
    assert_eq!(get(backend.v4.into()).unwrap_err(), Failure::Connect);
}

#[test]
fn a_conversation_lasts() {
    let network = topology::routed(1).unwrap();
    let backend = &network.backends[0];
    let address = SocketAddr::from((backend.v6, 7));
    let echo = TcpEcho::start(&backend.host, "echo-1", &[address]).unwrap();
    let mut conversation = network.client.host.enter(|| Ok(Conversation::open(address, PATIENCE)?)).unwrap();
    for line in ["one", "two", "three"] {
        assert_eq!(conversation.say(line), Ok("echo-1".to_owned()));
    }
    drop(echo);
    conversation.say("four").unwrap_err();
}

#[test]
fn a_datagram_is_answered_from_where_it_was_sent() {
    let network = topology::routed(1).unwrap();
    let (client, backend) = (&network.client, &network.backends[0]);
    backend.host.ip(&[&format!("addr add {}/32 dev lo", topology::VIP4)]).unwrap();
    network.balancer.host.ip(&[&format!("route add {} via {}", topology::VIP4, backend.v4)]).unwrap();
    let addresses = [(IpAddr::from(topology::VIP4), 53).into(), (IpAddr::from(backend.v6), 53).into()];
    let _echo = UdpEcho::start(&backend.host, "dns-1", &addresses).unwrap();
    for (address, own) in addresses.into_iter().zip([IpAddr::from(client.v4), client.v6.into()]) {
        let (name, seen) = client.host.enter(|| Ok(client::ask(address, b"who?", PATIENCE)?)).unwrap();
        assert_eq!((name.as_str(), seen.ip()), ("dns-1", own));
    }
}
