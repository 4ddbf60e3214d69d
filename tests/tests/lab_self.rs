//! The laboratory itself: what it connects is connected, and what it made is gone afterwards.

use std::fs;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use xdp_lb_lab::topology::{self, VIP4, VIP6};
use xdp_lb_lab::{Host, Lab};

#[test]
fn a_laboratory_leaves_nothing() {
    let lab = Lab::new().unwrap();
    let (name, directory) = (lab.name().to_owned(), lab.directory().to_owned());
    let host = lab.host("alone").unwrap();
    let process = host.spawn("sleeper", Command::new("sh").args(["-c", "sleep 600 & sleep 600"])).unwrap();
    let pid = process.pid();
    // Also what nobody guards any more must end.
    std::mem::forget(process);
    assert!(directory.join("alone-sleeper.log").exists());

    drop(lab);
    assert_eq!(leftovers(&name), [""; 0]);
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "still running: {state}");
}

#[test]
fn a_panic_leaves_nothing() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let lab = Lab::new().unwrap();
        sender.send(lab.name().to_owned()).unwrap();
        let host = lab.host("alone").unwrap();
        let _sleeper = host.spawn("sleeper", Command::new("sleep").arg("600")).unwrap();
        host.enter(|| -> Result<()> { panic!("on purpose") }).unwrap();
    });
    test.join().expect_err("the panic inside the host is the test's");
    let name = receiver.recv().unwrap();
    assert_eq!(leftovers(&name), [""; 0]);
}

#[test]
fn a_routed_network_connects_client_balancer_and_backends() {
    let network = topology::routed(2).unwrap();
    let (client, balancer) = (&network.client, &network.balancer);
    for backend in &network.backends {
        reach(&client.host, &backend.host, backend.v4.into()).unwrap();
        reach(&client.host, &backend.host, backend.v6.into()).unwrap();
        reach(&backend.host, &client.host, client.v6.into()).unwrap();
        reach(&balancer.host, &backend.host, backend.v4.into()).unwrap();
    }
    reach(&client.host, &balancer.host, balancer.v4.into()).unwrap();
    reach(&client.host, &balancer.host, balancer.v6.into()).unwrap();
    assert_eq!(network.interfaces, ["cl", "be1", "be2"]);
}

#[test]
fn a_segment_connects_all_and_hides_the_virtual_addresses() {
    let network = topology::segment(2).unwrap();
    let (client, balancer) = (&network.client.host, &network.balancer);
    reach(client, &balancer.host, balancer.v4.into()).unwrap();
    reach(client, &network.backends[1].host, network.backends[1].v6.into()).unwrap();
    for (vip, by) in
        [(VIP4.to_string(), balancer.v4.to_string()), (VIP6.to_string(), balancer.v6.to_string())]
    {
        let route = client.run(Command::new("ip").args(["route", "get", &vip])).unwrap();
        assert!(route.contains(&format!("via {by} dev eth0")), "{route}");
    }
    // In the place of the balancer: the kernel routes to the first backend, which answers from the virtual address.
    let first = &network.backends[0];
    balancer.host.ip(&[&format!("route add {VIP4} via {}", first.v4)]).unwrap();
    balancer.host.ip(&[&format!("route add {VIP6} via {}", first.v6)]).unwrap();
    reach(client, &first.host, VIP4.into()).unwrap();
    reach(client, &first.host, VIP6.into()).unwrap();
}

#[test]
fn a_failed_command_says_where_and_why() {
    let lab = Lab::new().unwrap();
    let host = lab.host("alone").unwrap();
    let error = host.run(Command::new("ip").args(["link", "show", "eth7"])).unwrap_err();
    assert!(error.to_string().starts_with("alone: ip link show eth7: exit status: 1\nDevice"), "{error}");
    let error = host.ip(&["link set lo up", "link set eth7 up"]).unwrap_err();
    assert!(error.to_string().contains("eth7"), "{error}");
}

/// Connects from one host to an address of another.
fn reach(from: &Host, to: &Host, address: IpAddr) -> Result<()> {
    let listener = to.enter(|| Ok(TcpListener::bind((address, 0))?))?;
    let target = listener.local_addr()?;
    let socket = from.enter(|| Ok(TcpStream::connect_timeout(&target, Duration::from_secs(2))?));
    let socket = socket.with_context(|| format!("{} cannot reach {target}", from.name()))?;
    let (_, peer) = listener.accept()?;
    ensure!(socket.local_addr()? == peer, "no address may be translated on the way");
    Ok(())
}

fn leftovers(laboratory: &str) -> Vec<String> {
    let roots = ["/run/netns", "/sys/fs/bpf", "/tmp"].into_iter().filter_map(|root| fs::read_dir(root).ok());
    let names = roots.flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.split('-').take(3).eq(laboratory.split('-'))).collect()
}
