//! Two network namespaces joined by a veth pair, and a watcher in one of them.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    future::Future,
    net::IpAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nix::sched::{CloneFlags, setns};
use tokio::sync::watch;
use xdp_lb::net::{NextHop, Watcher};

pub(crate) const OUR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const PEER_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The namespaces, removed with everything in them when this is dropped.
///
/// Ours holds `lb0` (`10.77.0.1/24`, `fd77::1/64`, `fe80::1/64`), the peer's `be0` the same with 2 for 1.
pub(crate) struct Lab {
    ours: String,
    peer: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("xlbnet{}x{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed));
        let lab = Self { ours: format!("{prefix}a"), peer: format!("{prefix}b") };
        let Self { ours, peer } = &lab;
        ip(&format!("netns add {ours}"));
        ip(&format!("netns add {peer}"));
        // Both ends begin in their namespaces: nothing ever appears among the machine's own interfaces.
        ip(&format!(
            "link add lb0 netns {ours} address 02:00:00:00:00:01 type veth \
             peer name be0 netns {peer} address 02:00:00:00:00:02"
        ));
        for (namespace, device, host) in [(ours, "lb0", 1), (peer, "be0", 2)] {
            ip(&format!("-n {namespace} link set lo up"));
            ip(&format!("-n {namespace} link set {device} addrgenmode none"));
            ip(&format!("-n {namespace} address add 10.77.0.{host}/24 dev {device}"));
            ip(&format!("-n {namespace} link set {device} up"));
            ip(&format!("-n {namespace} address add fd77::{host}/64 dev {device} nodad"));
            ip(&format!("-n {namespace} address add fe80::{host}/64 dev {device} nodad"));
        }
        lab
    }

    /// Runs `ip` on our side.
    pub(crate) fn ours(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.ours));
    }

    /// Runs `ip` on the peer's side.
    pub(crate) fn peer(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.peer));
    }

    /// What `ip` says on our side.
    pub(crate) fn show(&self, arguments: &str) -> String {
        ip(&format!("-n {} {arguments}", self.ours))
    }

    /// Sets a kernel parameter on our side.
    pub(crate) fn our_sysctl(&self, path: &str, value: &str) {
        sysctl(&self.ours, path, value);
    }

    /// Sets a kernel parameter on the peer's side.
    pub(crate) fn peer_sysctl(&self, path: &str, value: &str) {
        sysctl(&self.peer, path, value);
    }

    /// Runs `test` on a thread in our namespace.
    pub(crate) fn run<F: Future<Output = ()>>(&self, test: impl FnOnce() -> F + Send) {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                enter(&self.ours);
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(test());
            });
            if let Err(panic) = inside.join() {
                std::panic::resume_unwind(panic);
            }
        });
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in [&self.ours, &self.peer] {
            // Nothing may panic here, and a namespace that was never made cannot be removed.
            let _removed = Command::new("ip").args(["netns", "delete", namespace]).output();
        }
    }
}

/// Follows what a watcher publishes.
pub(crate) struct Following {
    pub(crate) watcher: Watcher,
    next_hops: watch::Receiver<Arc<HashMap<IpAddr, NextHop>>>,
}

impl Following {
    pub(crate) async fn start(targets: &[&str]) -> Self {
        let watcher = Watcher::start().await.expect("a watcher");
        let parse = |target: &&str| target.parse::<IpAddr>().expect("an address");
        watcher.set_targets(targets.iter().map(parse).collect::<BTreeSet<_>>());
        let next_hops = watcher.next_hops();
        Self { watcher, next_hops }
    }

    /// Waits until `target`'s next hop is as wanted.
    pub(crate) async fn expect(
        &mut self,
        target: &str,
        within: Duration,
        wanted: impl Fn(&NextHop) -> bool,
    ) -> NextHop {
        let target: IpAddr = target.parse().expect("an address");
        let begin = Instant::now();
        let mut last = None;
        loop {
            last = self.next_hops.borrow_and_update().get(&target).cloned().or(last);
            if let Some(next_hop) = last.clone().filter(|next_hop| wanted(next_hop)) {
                eprintln!("{target}: {next_hop} after {:?}", begin.elapsed());
                return next_hop;
            }
            let left = within.saturating_sub(begin.elapsed());
            let changed = tokio::time::timeout(left, self.next_hops.changed()).await;
            assert!(changed.is_ok(), "{target} is still {last:?} after {within:?}");
            assert!(changed.is_ok_and(|changed| changed.is_ok()), "the watcher ended");
        }
    }

    /// Checks that `target` stays as wanted.
    pub(crate) async fn stays(&mut self, target: &str, during: Duration, wanted: impl Fn(&NextHop) -> bool) {
        let target: IpAddr = target.parse().expect("an address");
        let end = tokio::time::Instant::now() + during;
        loop {
            let next_hop = self.next_hops.borrow_and_update().get(&target).cloned();
            assert!(next_hop.as_ref().is_some_and(&wanted), "{target} became {next_hop:?}");
            if tokio::time::timeout_at(end, self.next_hops.changed()).await.is_err() {
                return;
            }
        }
    }
}

/// Whether packets go out of `lb0` from our MAC address to `mac`.
pub(crate) fn goes_to(mac: [u8; 6]) -> impl Fn(&NextHop) -> bool {
    move |next_hop| {
        next_hop.resolved().is_some_and(|resolved| {
            (resolved.interface.as_str(), resolved.source_mac, resolved.destination_mac)
                == ("lb0", OUR_MAC, mac)
        })
    }
}

fn ip(arguments: &str) -> String {
    let words: Vec<_> = arguments.split_whitespace().collect();
    let mut command = match words.as_slice() {
        // `ip -n` changes the mounts of all, which cannot be done in a chroot.
        ["-n", namespace, rest @ ..] => {
            let mut command = Command::new("nsenter");
            command.arg(format!("--net=/run/netns/{namespace}")).arg("ip").args(rest);
            command
        }
        all => {
            let mut command = Command::new("ip");
            command.args(all);
            command
        }
    };
    let output = command.output().expect("iproute2 and nsenter");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {errors} (this test needs root)");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn enter(namespace: &str) {
    let file = File::open(format!("/run/netns/{namespace}")).expect("the namespace");
    setns(file, CloneFlags::CLONE_NEWNET).expect("root");
}

fn sysctl(namespace: &str, path: &str, value: &str) {
    // The files under /proc/sys/net are those of the thread's namespace.
    thread::scope(|scope| {
        let write = || {
            enter(namespace);
            std::fs::write(format!("/proc/sys/net/{path}"), value).expect("the parameter");
        };
        assert!(scope.spawn(write).join().is_ok(), "cannot set {path}");
    });
}
