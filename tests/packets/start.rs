//! What is pinned, by starts that succeed and by those that do not.

use std::{fs, path::PathBuf};

use aya::maps::{Map, MapData, PerCpuArray};
use xdp_lb::{
    config::{Attach, Capacity},
    dataplane::{Dataplane, Needs, Sizes},
};
use xdp_lb_common::{DropReason, map};

use crate::bench::{Bench, links};

/// The kernel adds it to device maps, and says so.
const BPF_F_RDONLY_PROG: u32 = 1 << 7;

fn sizes() -> Sizes {
    Sizes::of(Needs::default(), Capacity::default())
}

/// A pin folder beside a bench's own.
fn beside(bench: &Bench) -> PathBuf {
    let name = bench.pin().file_name().expect("a name").to_str().expect("text");
    bench.pin().with_file_name(format!("{name}-beside"))
}

#[test]
fn the_maps_are_what_the_fingerprint_says() {
    let bench = Bench::new();
    for (name, kind) in map::ALL {
        let data = MapData::from_pin(bench.pin().join("maps").join(name)).expect(name);
        let info = data.info().expect(name);
        let flags = info.map_flags() & !BPF_F_RDONLY_PROG;
        assert_eq!((info.map_type().expect(name) as u32, flags), (kind.map_type, kind.flags), "{name}");
    }
}

#[test]
fn a_start_that_is_dropped_leaves_nothing() {
    let bench = Bench::new();
    bench.ip("link add more0 type veth peer name far0");
    let pin = beside(&bench);
    let mut dataplane = Dataplane::open(&pin, &sizes(), sizes(), None).expect("the program");
    let attached = || links().iter().any(|link| link.name == "more0" && link.xdp.is_some());
    let link = links().into_iter().find(|link| link.name == "more0").expect("an interface");
    dataplane.attach(&link, Attach::Generic).expect("attached");
    assert!(attached());
    drop(dataplane);
    assert!(!attached(), "the program is still there");
    assert!(!fs::exists(&pin).expect("bpffs"), "{} is left", pin.display());
}

#[test]
fn maps_that_cannot_be_made_leave_nothing() {
    let bench = Bench::new();
    let pin = beside(&bench);
    let error =
        Dataplane::open(&pin, &sizes(), Sizes { backends: u32::MAX, ..sizes() }, None).expect_err("256 GB");
    assert!(error.to_string().contains("cannot create the maps"), "{error}");
    assert!(!fs::exists(&pin).expect("bpffs"), "{} is left", pin.display());
}

/// A daemon that knows more reasons than the program it runs on reads those that there are.
#[test]
fn fewer_drop_counters_than_reasons_are_no_obstacle() {
    let bench = Bench::new();
    let pin = beside(&bench);
    Dataplane::open(&pin, &sizes(), sizes(), None).expect("the program").commit().expect("pins");
    let path = pin.join("maps").join(map::DROPS);
    fs::remove_file(&path).expect("unpinned");
    PerCpuArray::<MapData, u64>::create(3, 0).expect("a map").pin(&path).expect("pinned");
    let again = Dataplane::open(&pin, &sizes(), sizes(), None).expect("the program");
    let data = MapData::from_pin(&path).expect("the map");
    let short: PerCpuArray<_, u64> = Map::PerCpuArray(data).try_into().expect("an array");
    assert_eq!(short.len(), 3, "the map was replaced");
    let drops = again.reader().drops().expect("counters");
    assert_eq!(drops, DropReason::ALL.iter().map(|&reason| (reason, 0)).collect::<Vec<_>>());
    drop(again);
    xdp_lb::dataplane::remove(&pin).expect("unpinned");
}
