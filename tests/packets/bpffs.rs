//! Where bpffs is mounted.

use std::{fs, path::Path};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::statfs::{BPF_FS_MAGIC, statfs},
};
use xdp_lb::dataplane::ensure_bpffs;

fn is_bpffs(path: &Path) -> bool {
    statfs(path).expect("a folder").filesystem_type() == BPF_FS_MAGIC
}

/// A folder such as /run keeps what is in it.
#[test]
fn a_pin_elsewhere_is_mounted_on_and_not_its_parent() {
    unshare(CloneFlags::CLONE_NEWNS).expect("mounts of the thread's own");
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("private mounts");
    let parent = tempfile::tempdir().expect("a folder");
    fs::write(parent.path().join("other.sock"), "").expect("a file");
    let pin = parent.path().join("xdp.lb");
    for _again in 0..2 {
        ensure_bpffs(&pin).expect("bpffs");
        assert!(is_bpffs(&pin) && !is_bpffs(parent.path()));
        assert!(parent.path().join("other.sock").exists());
    }
    let error = ensure_bpffs(&pin.join("a.b")).expect_err("a dot on bpffs").to_string();
    assert!(error.contains("has a dot in a name on bpffs"), "{error}");
    nix::mount::umount(&pin).expect("unmounted");
}
