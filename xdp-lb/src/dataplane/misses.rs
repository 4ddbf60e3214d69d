//! Next hops of clients that the program found unresolved.
#![expect(unsafe_code, reason = "tokio wants to be told that a descriptor stays the same")]

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use aya::maps::{MapData, RingBuf};
use tokio::{io::unix::AsyncFd, sync::mpsc, time::sleep};
use xdp_lb_common::{map, neighbour::Miss};

use super::{Dataplane, DataplaneError};

/// Between two looks: a page of misses each time bounds what a flood of made-up clients can ask of the kernel.
const PAUSE: Duration = Duration::from_millis(20);

impl Dataplane {
    /// Sends every next hop that is missed to `neighbours`, by interface, in a task of its own.
    pub fn forward_misses(&mut self, neighbours: mpsc::Sender<(u32, IpAddr)>) -> Result<(), DataplaneError> {
        let missing = DataplaneError::Object { what: map::MISSES };
        let ring = RingBuf::try_from(self.ebpf.take_map(map::MISSES).ok_or(missing)?)
            .map_err(DataplaneError::map(map::MISSES))?;
        // SAFETY: the ring buffer owns its descriptor and gives the same one out as long as it lives.
        let ring = unsafe { AsyncFd::register(ring) }.map_err(DataplaneError::map(map::MISSES))?;
        drop(tokio::spawn(forward(ring, neighbours)));
        Ok(())
    }
}

async fn forward(mut ring: AsyncFd<RingBuf<MapData>>, neighbours: mpsc::Sender<(u32, IpAddr)>) {
    while let Ok(mut ready) = ring.readable_mut().await {
        let mut missed = BTreeSet::new();
        while let Some(item) = ready.get_inner_mut().next() {
            missed.extend(bytemuck::try_pod_read_unaligned::<Miss>(&item).ok().map(next_hop));
        }
        ready.clear_ready();
        for neighbour in missed {
            if neighbours.send(neighbour).await.is_err() {
                return;
            }
        }
        sleep(PAUSE).await;
    }
}

fn next_hop(miss: Miss) -> (u32, IpAddr) {
    let [a, b, c, d, ..] = miss.address;
    (miss.ifindex, if miss.v6 == 0 { IpAddr::from([a, b, c, d]) } else { IpAddr::from(miss.address) })
}
