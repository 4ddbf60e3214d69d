//! What a virtual machine starts from: an archive with a shell, `ip`, a module for veth and the tests.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{command, setup::Kernel, workspace::find_program};

/// Printed before the tests' own output.
pub(super) const BEGIN: &str = "=== packet tables";
/// Printed if they pass.
pub(super) const SUCCESS: &str = "=== passed";

/// The machine's first process. What the sizes of maps are does not depend on the kernel, and the largest take minutes
/// under emulation, as do millions of packets.
const INIT: &str = "#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t bpf bpf /sys/fs/bpf
for module in /modules/*.ko; do insmod $module; done
ip link set lo up
echo '=== packet tables'
packets --test-threads=1 --skip four_thousand_services --skip load:: && echo '=== passed'
poweroff -f
";

/// The shell's programs that the first process uses.
const APPLETS: [&str; 5] = ["sh", "mount", "insmod", "poweroff", "echo"];

/// Makes the archive.
pub(super) fn make(kernel: &Kernel, tests: &Path, archive: &Path) -> anyhow::Result<()> {
    let root = archive.with_extension("root");
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    for folder in ["bin", "proc", "sys", "dev", "tmp", "modules"] {
        fs::create_dir_all(root.join(folder)).with_context(|| format!("cannot create {}", root.display()))?;
    }
    let program = |name: &str| find_program(name).with_context(|| format!("there is no {name}"));
    copy(&program("busybox")?, &root.join("bin/busybox"))?;
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet))?;
    }
    let ip = program("ip")?;
    copy(&ip, &root.join("bin/ip"))?;
    copy(tests, &root.join("bin/packets"))?;
    for library in libraries(&ip)?.union(&libraries(tests)?) {
        let to = root.join(library.strip_prefix("/").unwrap_or(library));
        fs::create_dir_all(to.parent().unwrap_or(&root))?;
        copy(library, &to)?;
    }
    module(kernel, &root.join("modules"))?;
    let init = root.join("init");
    fs::write(&init, INIT)?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
    pack(&root, archive)?;
    fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// The libraries that a program is linked to, the loader included.
fn libraries(program: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let listing = command::output(Command::new("ldd").arg(program))?;
    let paths = listing.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(paths.map(PathBuf::from).collect())
}

/// The veth module, decompressed: Debian's kernels have all else built in.
fn module(kernel: &Kernel, to: &Path) -> anyhow::Result<()> {
    let Some(module) = find(&kernel.folder.join("lib/modules"), "veth.ko") else {
        bail!("there is no veth module in {}", kernel.folder.display());
    };
    let name = module.file_name().unwrap_or_default();
    copy(&module, &to.join(name))?;
    if module.extension().is_some_and(|extension| extension == "xz") {
        command::output(Command::new("busybox").arg("unxz").arg(to.join(name)))?;
    }
    Ok(())
}

/// A file below `folder` whose name starts with `name`.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() && !path.is_symlink() {
            return find(&path, name);
        }
        path.file_name().is_some_and(|own| own.to_string_lossy().starts_with(name)).then_some(path)
    })
}

/// Packs a folder the way the kernel unpacks it.
fn pack(root: &Path, archive: &Path) -> anyhow::Result<()> {
    let names = command::output(Command::new("find").arg(".").current_dir(root))?;
    let output = fs::File::create(archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let mut cpio = Command::new("cpio")
        .args(["--create", "--format=newc", "--quiet"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(output)
        .spawn()
        .context("cannot start cpio")?;
    if let Some(mut input) = cpio.stdin.take() {
        input.write_all(names.as_bytes()).context("cpio does not read")?;
    }
    let status = cpio.wait().context("lost sight of cpio")?;
    if !status.success() {
        bail!("cpio failed ({status})");
    }
    Ok(())
}
