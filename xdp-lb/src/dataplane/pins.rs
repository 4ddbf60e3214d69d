//! The folder on bpffs: `maps/NAME`, `prog/balancer`, `link/INTERFACE`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aya::{
    maps::{Array, Map, MapData},
    programs::links::{FdLink, PinnedLink},
};
use xdp_lb_common::{ABI, map, track::flows_of};

use super::{
    DataplaneError, Sizes,
    link::{self, Facts},
    namespace,
};

/// Paths below the pin folder.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    root: PathBuf,
}

/// What an earlier daemon left.
pub(super) enum Found {
    /// No maps.
    Nothing,
    /// Maps of this layout and large enough.
    Usable { sizes: Sizes, seed: u64 },
    /// Maps of this layout that are too small.
    Small { sizes: Sizes, seed: u64 },
    /// Maps that do not fit.
    Unusable { reason: String, seed: Option<u64> },
}

impl Pins {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn maps(&self) -> PathBuf {
        self.root.join("maps")
    }

    pub(super) fn program(&self) -> PathBuf {
        self.root.join("prog/balancer")
    }

    pub(super) fn links(&self) -> PathBuf {
        self.root.join("link")
    }

    /// bpffs reserves dots in names, and interfaces have none of the colons that take their place.
    pub(super) fn link(&self, interface: &str) -> PathBuf {
        self.links().join(interface.replace('.', ":"))
    }

    /// Interfaces that have a pinned link.
    pub(super) fn linked(&self) -> Result<Vec<String>, DataplaneError> {
        let names = names(&self.links())?.into_iter();
        Ok(names.map(|name| name.replace(':', ".")).collect())
    }

    /// The pinned link that is on an interface of this index, and the name it is pinned under.
    pub(super) fn on(&self, ifindex: u32) -> Result<Option<(String, Facts)>, DataplaneError> {
        self.find(|facts| facts.ifindex == ifindex)
    }

    /// Whether a pinned link is on an interface that exists, in whatever network namespace.
    fn attached_anywhere(&self) -> Result<bool, DataplaneError> {
        Ok(self.find(|facts| facts.ifindex != 0)?.is_some())
    }

    fn find(&self, wanted: impl Fn(&Facts) -> bool) -> Result<Option<(String, Facts)>, DataplaneError> {
        for name in self.linked()? {
            let facts = link::read(&self.link(&name))?.filter(&wanted);
            if let Some(facts) = facts {
                return Ok(Some((name, facts)));
            }
        }
        Ok(None)
    }

    /// Removes an interface's pinned link, and so takes the program off.
    ///
    /// The kernel leaves that to a worker if it is the pin that goes last. If it is a descriptor, the program is off
    /// when this returns.
    pub(super) fn unlink(&self, interface: &str) -> Result<(), DataplaneError> {
        let path = self.link(interface);
        let _held = PinnedLink::from_pin(&path).map(FdLink::from);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DataplaneError::pin("remove", path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Gives the pin of `from`'s link to `to`, and that of `to`'s, if there is one, to `from`: interfaces may have
    /// swapped their names.
    pub(super) fn exchange(&self, from: &str, to: &str) -> Result<(), DataplaneError> {
        let (from, to) = (self.link(from), self.link(to));
        // No interface has this name.
        let aside = self.links().join("::");
        let rename =
            |old: &Path, new: &Path| fs::rename(old, new).map_err(DataplaneError::pin("rename", old));
        let both = exists(&to)?;
        if both {
            rename(&to, &aside)?;
        }
        rename(&from, &to)?;
        if both { rename(&aside, &from) } else { Ok(()) }
    }

    /// Makes the folders.
    pub(super) fn create(&self) -> Result<(), DataplaneError> {
        for folder in ["prog", "link"] {
            let path = self.root.join(folder);
            fs::create_dir_all(&path).map_err(DataplaneError::pin("create", path))?;
        }
        Ok(())
    }

    /// An empty folder for maps that are to take the place of those in [`Self::maps`].
    pub(super) fn stage(&self) -> Result<PathBuf, DataplaneError> {
        let path = self.root.join("maps-new");
        discard(&path)?;
        fs::create_dir(&path).map_err(DataplaneError::pin("create", &path))?;
        Ok(path)
    }

    /// Removes the staged maps, and the folders that are empty then.
    pub(super) fn tidy(&self) {
        let _gone_already = discard(&self.root.join("maps-new"));
        for folder in [self.root.join("prog"), self.links(), self.root.clone()] {
            let _not_empty = fs::remove_dir(folder);
        }
    }

    /// Puts the staged maps where the next daemon looks for them.
    pub(super) fn promote(&self) -> Result<(), DataplaneError> {
        let (new, old) = (self.root.join("maps-new"), self.root.join("maps-old"));
        discard(&old)?;
        match fs::rename(self.maps(), &old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(DataplaneError::pin("rename", self.maps())(error));
            }
            Ok(()) | Err(_) => {}
        }
        fs::rename(&new, self.maps()).map_err(DataplaneError::pin("rename", new))?;
        discard(&old)
    }

    /// Looks at what is pinned before anything is reused: the kernel would hand out maps of any layout.
    pub(super) fn inspect(&self, wanted: &Sizes) -> Result<Found, DataplaneError> {
        let path = self.maps().join(map::META);
        if !exists(&path)? {
            return Ok(Found::Nothing);
        }
        let unusable = |reason: String, seed| Ok(Found::Unusable { reason, seed });
        let data = MapData::from_pin(&path).map_err(DataplaneError::pin("open", &path))?;
        let Ok(meta) = Array::<_, u64>::try_from(Map::Array(data)) else {
            return unusable("META is not an array of 64-bit words".to_owned(), None);
        };
        let word = |place: u32| meta.get(&place, 0).map_err(DataplaneError::map(map::META));
        let (abi, seed) = (word(map::meta::ABI)?, word(map::meta::SEED)?);
        let namespace = word(map::meta::NETNS)?;
        if namespace != 0 && namespace != namespace::own()? && self.attached_anywhere()? {
            return Err(DataplaneError::OtherNamespace { path: self.root.clone() });
        }
        if abi != ABI {
            return unusable(format!("their layout is {abi:016x}, this version's is {ABI:016x}"), Some(seed));
        }
        let mut entries = Vec::new();
        for (name, _) in map::ALL {
            match MapData::from_pin(self.maps().join(name)).and_then(|data| data.info()) {
                Ok(info) => entries.push((name, info.max_entries())),
                Err(_missing) => return unusable(format!("{name} is missing"), Some(seed)),
            }
        }
        let of = |wanted: &str| {
            entries.iter().find(|(name, _)| *name == wanted).map_or(0, |&(_, entries)| entries)
        };
        let sizes = Sizes {
            services: of(map::SERVICES),
            backends: of(map::BACKENDS),
            slots: of(map::SLOTS),
            buckets: of(map::ENDPOINTS_V4) / 2,
            flows: flows_of(of(map::FLOWS)),
            embryos: flows_of(of(map::EMBRYOS)),
            clients: flows_of(of(map::CLIENTS)),
            devices: of(map::DEVICES),
        };
        Ok(if sizes.covers(wanted) { Found::Usable { sizes, seed } } else { Found::Small { sizes, seed } })
    }
}

/// Whether there is something at `path`. A folder that may not be looked into is not an empty one.
pub(super) fn exists(path: &Path) -> Result<bool, DataplaneError> {
    path.try_exists().map_err(DataplaneError::pin("look for", path))
}

/// Removes a folder of pins, if it is there.
pub(super) fn discard(path: &Path) -> Result<(), DataplaneError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(DataplaneError::pin("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Names of the files in a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>, DataplaneError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(DataplaneError::pin("read", folder))?,
    };
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
