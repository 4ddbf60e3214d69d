//! The distribution's packages, by apt.

use std::{cell::Cell, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, bail};

use crate::{
    command, say,
    setup::{
        as_root,
        sources::{self, Security},
    },
    workspace::{find_program, is_root},
};

/// Names the security suite where the machine's own sources do not.
const SOURCES_FILE: &str = "/etc/apt/sources.list.d/xdp-lb-security.sources";

/// Fetching the lists.
const UPDATE_LIMIT: Duration = Duration::from_mins(5);

/// Fetching and unpacking packages: some 150 MB at most.
const FETCH_LIMIT: Duration = Duration::from_mins(20);

/// apt, and whether its lists were fetched already.
pub(super) struct Apt {
    fresh: Cell<bool>,
}

impl Apt {
    pub(super) fn new() -> Self {
        Self { fresh: Cell::new(false) }
    }

    /// Whether this is a distribution with apt.
    pub(super) fn is_there() -> bool {
        find_program("apt-get").is_some()
    }

    /// Installs packages, removing none. `what` is for the user.
    pub(super) fn install(&self, what: &str, packages: &[&str]) -> anyhow::Result<()> {
        if packages.is_empty() {
            return Ok(());
        }
        let list = packages.join(" ");
        if !Self::is_there() {
            bail!("missing: {what}; there is no apt: install what Debian calls {list} and run this again");
        }
        let command = format!("apt-get install --no-install-recommends {list}");
        if !is_root() {
            let suite = packages.iter().any(|package| !knows(package)).then(advice).unwrap_or_default();
            bail!("missing: {what}; run {} and then this again{suite}", as_root(&command));
        }
        for package in packages {
            self.make_known(package)?;
        }
        self.fetch(&format!("setup: installing {list}"), || install(packages))
    }

    /// Makes sure that apt knows a package, without installing it.
    pub(super) fn learn(&self, package: &str) -> anyhow::Result<()> {
        if is_root() { self.make_known(package) } else { self.refresh_unless_known(package) }
    }

    /// Leaves a package's file in a folder, without installing anything.
    pub(super) fn download(&self, package: &str, folder: &Path) -> anyhow::Result<()> {
        self.refresh_unless_known(package)?;
        self.fetch(&format!("setup: fetching {package}"), || {
            let mut command = apt_get();
            command.args(["download", package]).current_dir(folder);
            command
        })
    }

    /// Runs a command, once more with fresh lists if need be: old ones name files that the mirror no longer has.
    fn fetch(&self, title: &str, command: impl Fn() -> Command) -> anyhow::Result<()> {
        match command::step(title, FETCH_LIMIT, &mut command()) {
            Ok(()) => Ok(()),
            Err(error) if self.fresh.get() => Err(error),
            Err(_) => {
                self.refresh()?;
                command::step(title, FETCH_LIMIT, &mut command())
            }
        }
    }

    /// Fetches the lists if they do not name the package.
    fn refresh_unless_known(&self, package: &str) -> anyhow::Result<()> {
        if knows(package) { Ok(()) } else { self.refresh() }
    }

    /// Makes apt know a package: by fresh lists, or by adding the security suite.
    fn make_known(&self, package: &str) -> anyhow::Result<()> {
        self.refresh_unless_known(package)?;
        if knows(package) {
            return Ok(());
        }
        let Security::Derived { uri, text } = security() else {
            bail!("apt knows no package {package} that is new enough{}", advice());
        };
        say::line(&format!(
            "setup: adding {uri}, which should have {package}, to apt's sources ({SOURCES_FILE})"
        ));
        fs::write(SOURCES_FILE, text).with_context(|| format!("cannot write {SOURCES_FILE}"))?;
        self.refresh()?;
        if !knows(package) {
            // A source that does not answer would spoil every later use of apt.
            fs::remove_file(SOURCES_FILE).with_context(|| format!("cannot remove {SOURCES_FILE}"))?;
            bail!(
                "{uri} has no package {package} that is new enough; its entry is removed again{}",
                advice()
            );
        }
        Ok(())
    }

    fn refresh(&self) -> anyhow::Result<()> {
        if !is_root() {
            bail!("apt's package lists are missing: run {} and then this again", as_root("apt-get update"));
        }
        if let Err(error) =
            command::step("setup: fetching package lists", UPDATE_LIMIT, apt_get().arg("update"))
        {
            // The source that fails may be one that nothing is needed from.
            say::line(&format!("{error:#}"));
        }
        self.fresh.set(true);
        Ok(())
    }
}

/// Non-interactive, patient with another apt, impatient with a mirror that does not answer.
fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .envs([("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C"), ("NEEDRESTART_SUSPEND", "1")])
        .args(["-oDPkg::Lock::Timeout=300", "-oAcquire::Retries=2", "-oAcquire::http::Timeout=30"])
        .args(["-oAcquire::https::Timeout=30", "--quiet"]);
    command
}

fn install(packages: &[&str]) -> Command {
    let mut command = apt_get();
    command.args(["install", "--yes", "--no-install-recommends", "--no-remove"]).args(packages);
    command
}

/// Whether apt's lists have the package, new enough.
fn knows(package: &str) -> bool {
    let known = command::output(Command::new("apt-cache").args(["madison", package])).unwrap_or_default();
    sources::offers(package, &known)
}

/// What this machine's sources say of the security suite.
fn security() -> Security {
    let mut lists = Vec::new();
    let mut deb822 = Vec::new();
    let folder =
        fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path());
    for path in folder.chain([Path::new("/etc/apt/sources.list").to_owned()]) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => lists.push(text),
            Some("sources") => deb822.push(text),
            Some(_) | None => {}
        }
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    sources::security(&lists, &deb822, &release)
}

/// What an administrator may do where setup cannot.
fn advice() -> String {
    match security() {
        Security::Named => String::new(),
        Security::Derived { text, .. } => format!(
            "\nthe packages come from the security suite; write this to {SOURCES_FILE} and run {}:\n{text}",
            as_root("apt-get update")
        ),
        Security::Unknown { suite } => format!(
            "\nthe packages come from Debian's suite {suite}; no entry of apt's sources says where its mirror is: \
             add `deb <mirror>/debian-security {suite} main` to /etc/apt/sources.list and run {}",
            as_root("apt-get update")
        ),
    }
}
