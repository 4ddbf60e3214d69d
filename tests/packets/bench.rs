//! A network namespace with two interfaces that have the program.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use aya::programs::{TestRun as _, TestRunOptions, Xdp};
use aya_obj::programs::XdpAttachType;
use nix::sched::{CloneFlags, unshare};
use xdp_lb::{
    config::{Attach, Capacity},
    dataplane::{self, Dataplane, DataplaneError, Needs, Reader, Sizes},
    net,
};
use xdp_lb_common::DropReason;

use crate::state::{self, Interface};

/// What the network of a bench is made of. Clients are behind `in0`, backends behind `out0`.
const NETWORK: &[&str] = &[
    "link set lo up",
    "link add in0 type veth peer name in1",
    "link add out0 type veth peer name out1",
    "link set in0 address 02:00:00:00:01:00 up",
    "link set out0 address 02:00:00:00:02:00 up",
    "link set in1 up",
    "link set out1 up",
    "addr add 10.0.0.1/24 dev in0",
    "addr add 10.0.1.1/24 dev out0",
    "addr add fd00::1/64 dev in0 nodad",
    "addr add fd00:1::1/64 dev out0 nodad",
    "neigh add 10.0.0.2 lladdr 02:00:00:00:00:0c dev in0 nud permanent",
    "neigh add fd00::2 lladdr 02:00:00:00:00:0c dev in0 nud permanent",
    "route add 203.0.113.0/24 via 10.0.0.2",
    "route add 198.51.100.0/24 via 10.0.0.2 mtu lock 600",
    "route add blackhole 198.18.0.0/15",
    "-6 route add 2001:db8:1::/48 via fd00::2",
    "-6 route add blackhole 2001:db8:2::/48",
];

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A loaded program and its state. The calling thread is in the bench's network namespace from then on.
pub(crate) struct Bench {
    pub(crate) dataplane: Dataplane,
    program: Xdp,
    reader: std::sync::Arc<Reader>,
    pin: PathBuf,
    /// Where clients' packets come in.
    pub(crate) inside: Interface,
    /// Where backends are.
    pub(crate) outside: Interface,
}

/// What the program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// `XDP_PASS` and so on.
    pub(crate) action: u32,
    /// The frame afterwards.
    pub(crate) frame: Vec<u8>,
    /// Why it was dropped, if it was.
    pub(crate) reasons: Vec<DropReason>,
}

impl Bench {
    /// With the services of [`state::ENTRIES`].
    pub(crate) fn new() -> Self {
        let mut bench = Self::empty(Sizes::of(Needs::default(), Capacity::default()));
        state::store(&mut bench.dataplane, bench.inside, bench.outside);
        bench
    }

    /// Without services, in maps of these sizes.
    pub(crate) fn empty(sizes: Sizes) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace: run this as root");
        for family in ["ipv4", "ipv6"] {
            let switch = format!("/proc/sys/net/{family}/conf/all/forwarding");
            std::fs::write(switch, "1").expect("forwarding");
        }
        for command in NETWORK {
            ip(command);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pin = PathBuf::from(format!("/sys/fs/bpf/xlb-packets-{}-{number}", std::process::id()));
        dataplane::ensure_bpffs(&pin).expect("bpffs");
        let mut dataplane = Dataplane::open(&pin, &sizes, sizes, Some(1)).expect("the program");
        let links = links();
        let [inside, outside] = ["in0", "out0"].map(|name| {
            let link = links.iter().find(|link| link.name == name).expect("an interface");
            dataplane.attach(link, Attach::Native).expect("attached");
            (link.index, link.mac.expect("a MAC address"))
        });
        dataplane.commit().expect("pins");
        let program = Xdp::from_pin(pin.join("prog/balancer"), XdpAttachType::Interface);
        let reader = dataplane.reader();
        Self { dataplane, program: program.expect("the pinned program"), reader, pin, inside, outside }
    }

    /// The program, to be run over frames without looking at counters.
    pub(crate) fn program(&self) -> &Xdp {
        &self.program
    }

    /// Changes the network of the bench.
    #[expect(clippy::unused_self, reason = "the calling thread is in the bench's namespace")]
    pub(crate) fn ip(&self, command: &str) {
        ip(command);
    }

    /// Attaches the program to one more interface, in generic mode.
    pub(crate) fn attach(&mut self, name: &str) -> Result<(), DataplaneError> {
        let links = links();
        let link = links.iter().find(|link| link.name == name).expect("an interface");
        self.dataplane.attach(link, Attach::Generic).map(drop)
    }

    /// Where the program, its maps and links are pinned.
    pub(crate) fn pin(&self) -> &Path {
        &self.pin
    }

    /// Runs the program over a frame that comes in by `interface`.
    pub(crate) fn run(&self, interface: Interface, frame: &[u8]) -> Outcome {
        let before = self.drops();
        let mut out = vec![0u8; frame.len() + 256];
        // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex.
        let context: Vec<u8> = [0, frame.len() as u32, 0, interface.0, 0, 0]
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        let mut options = TestRunOptions::new();
        options.data_in = Some(frame);
        options.data_out = Some(&mut out);
        options.ctx_in = Some(&context);
        let result = self.program.test_run(options).expect("BPF_PROG_TEST_RUN");
        out.truncate(result.data_size_out as usize);
        let reasons = self
            .drops()
            .into_iter()
            .zip(before)
            .flat_map(|((reason, after), (_, before))| (before..after).map(move |_| reason));
        Outcome { action: result.return_value, frame: out, reasons: reasons.collect() }
    }

    fn drops(&self) -> Vec<(DropReason, u64)> {
        self.reader.drops().expect("drop counters")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        dataplane::remove(&self.pin).expect("unpinned");
    }
}

/// The interfaces of the calling thread's namespace.
pub(crate) fn links() -> Vec<net::Link> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(net::links()).expect("links")
}

fn ip(command: &str) {
    let output = Command::new("ip").args(command.split(' ')).output().expect("ip, of iproute2");
    assert!(output.status.success(), "ip {command}: {}", String::from_utf8_lossy(&output.stderr));
}
