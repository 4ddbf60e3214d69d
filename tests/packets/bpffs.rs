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
    // In a chroot the root is no mount that could be changed: the one below does by itself.
    let all = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    let _not_a_mount = mount(None::<&str>, "/", None::<&str>, all, None::<&str>);
    let parent = tempfile::tempdir().expect("a folder");
    // A mount of its own, which tells no other namespace what is mounted below it.
    let here = |what: Option<&Path>, flags| mount(what, parent.path(), None::<&str>, flags, None::<&str>);
    here(Some(parent.path()), MsFlags::MS_BIND).expect("a mount");
    here(None, MsFlags::MS_PRIVATE).expect("a private mount");
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
    nix::mount::umount(parent.path()).expect("unmounted");
}
