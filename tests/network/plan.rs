//! `xdp-lb plan`: what a configuration would change, with nothing applied.

use serde_json::Value;
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{ECHO, Servers, World, addresses, toml},
};

#[test]
fn a_plan_tells_what_a_reload_then_does() {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let all = addresses(&network, VIP4.into(), ECHO);
    let service = |count: usize| Service::new("echo", (VIP4, 7)).backends(all[..count].to_vec());
    let mut world = World::new(network, servers, &[service(2)]);
    let before = world.daemon.status().unwrap();
    world.daemon.configure(|setup| setup.services = toml(&[service(3)])).unwrap();
    let file = world.daemon.configuration_file().display().to_string();
    let plan: Value =
        serde_json::from_str(&world.daemon.command(&["plan", &file, "--json"]).unwrap()).unwrap();
    let planned = &plan["services"][0];
    assert_eq!(
        (&planned["added"][0], planned["removed"].as_array().unwrap().len()),
        (&Value::from("web-3"), 0)
    );
    assert_eq!((&planned["moved"], &planned["kept"]), (&planned["unavoidable"], &planned["moved"]));
    let after = world.daemon.status().unwrap();
    assert_eq!(
        (after.revision, after.service("echo").unwrap().moving),
        (before.revision, 0),
        "nothing is applied"
    );

    world.daemon.command(&["reload"]).unwrap();
    let status = world.daemon.status().unwrap();
    let service = status.service("echo").unwrap();
    assert_eq!(Some(service.moving), planned["moved"].as_u64());
    assert_eq!(service.backends[2].slots, service.moving);

    world.daemon.configure(|setup| setup.services = "[[service]]\nnome = 1".to_owned()).unwrap();
    let refused = format!("{:#}", world.daemon.command(&["plan", &file]).unwrap_err());
    assert!(refused.contains("unknown key `nome`") && refused.contains("did you mean `name`"), "{refused}");
}
