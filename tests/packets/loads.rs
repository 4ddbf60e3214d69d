//! How loaded backends are, as the daemon reads it.

use std::time::Duration;

use aya::maps::{Array, Map, MapData};
use xdp_lb::dataplane::BackendLoad;
use xdp_lb_common::{load, map};

use crate::bench::Bench;

#[test]
fn a_load_is_what_the_map_says_and_never_below_zero() {
    let bench = Bench::new();
    let data = MapData::from_pin(bench.pin().join("maps").join(map::LOADS)).expect("the pinned map");
    let mut loads = Array::<_, [u64; load::WORDS]>::try_from(Map::Array(data)).expect("an array");
    let mut check = |words: [u64; 3], expected: BackendLoad| {
        let [live, pending, response] = words;
        loads.set(2, [live, pending, response, 0, 0, 0, 0, 0], 0).expect("stored");
        assert_eq!(bench.dataplane.reader().load(2), expected, "{words:?}");
        assert_eq!(bench.dataplane.reader().load(3), BackendLoad::default());
    };
    check([0, 0, 0], BackendLoad::default());
    let response = Some(Duration::from_micros(1500));
    check([7, 3, 1500], BackendLoad { live: 7, pending: 3, response });
    // One CPU has noted an end, another has not noted its beginning yet.
    check([u64::MAX, 5, 0], BackendLoad { live: 0, pending: 5, response: None });
    check([5, u64::MAX - 1, 0], BackendLoad { live: 5, pending: 0, response: None });
}
