//! Who has which place in the maps. The datapath never allocates; this does. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataplane::{DataplaneError, Sizes};

/// Places in use.
#[derive(Clone, Debug)]
pub(super) struct Allocation {
    pub(super) services: Indices,
    pub(super) backends: Indices,
    pub(super) slots: Regions,
}

impl Allocation {
    pub(super) fn new(sizes: &Sizes) -> Self {
        Self {
            services: Indices::new("services", 0, sizes.services),
            backends: Indices::new("backends", 1, sizes.backends),
            slots: Regions { used: BTreeMap::new(), capacity: sizes.slots },
        }
    }
}

/// Indices of one map.
#[derive(Clone, Debug)]
pub(super) struct Indices {
    what: &'static str,
    first: u32,
    end: u32,
    /// No index below it is free.
    hint: u32,
    used: BTreeSet<u32>,
}

impl Indices {
    fn new(what: &'static str, first: u32, end: u32) -> Self {
        Self { what, first, end, hint: first, used: BTreeSet::new() }
    }

    /// Takes the lowest free index.
    pub(super) fn take(&mut self) -> Result<u32, DataplaneError> {
        let free = (self.hint..self.end).find(|index| !self.used.contains(index));
        let index = free.ok_or_else(|| DataplaneError::Full {
            what: self.what,
            needed: self.used.len() as u64 + 1,
            capacity: u64::from(self.end - self.first),
        })?;
        self.used.insert(index);
        self.hint = index + 1;
        Ok(index)
    }

    /// Takes this index, which is in use in the maps already; `false`: it is taken or out of range.
    pub(super) fn claim(&mut self, index: u32) -> bool {
        (self.first..self.end).contains(&index) && self.used.insert(index)
    }

    pub(super) fn free(&mut self, index: u32) {
        self.used.remove(&index);
        self.hint = self.hint.min(index);
    }
}

/// A service's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) base: u32,
    pub(super) size: u32,
}

/// Regions of the slot array: first fit.
#[derive(Clone, Debug)]
pub(super) struct Regions {
    /// Size by base.
    used: BTreeMap<u32, u32>,
    capacity: u32,
}

impl Regions {
    pub(super) fn take(&mut self, size: u32) -> Result<Region, DataplaneError> {
        let mut base = 0u32;
        for (&start, &taken) in &self.used {
            if start - base >= size {
                break;
            }
            base = start + taken;
        }
        if self.capacity - base < size {
            let needed = self.used.values().copied().map(u64::from).sum::<u64>() + u64::from(size);
            return Err(DataplaneError::Full { what: "slots", needed, capacity: u64::from(self.capacity) });
        }
        self.used.insert(base, size);
        Ok(Region { base, size })
    }

    /// Takes this region, which is in use in the maps already; `false`: it overlaps another or is out of range.
    pub(super) fn claim(&mut self, region: Region) -> bool {
        let Some(end) = region.base.checked_add(region.size) else { return false };
        let before = self.used.range(..end).next_back();
        let clear = before.is_none_or(|(&base, &size)| base + size <= region.base);
        let fits = region.size > 0 && end <= self.capacity && clear;
        if fits {
            self.used.insert(region.base, region.size);
        }
        fits
    }

    pub(super) fn free(&mut self, region: Region) {
        self.used.remove(&region.base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lowest_free_index_is_taken() {
        let mut indices = Indices::new("backends", 1, 4);
        assert!(indices.claim(2) && !indices.claim(2) && !indices.claim(0) && !indices.claim(4));
        assert_eq!((indices.take().unwrap(), indices.take().unwrap()), (1, 3));
        let full = indices.take().unwrap_err().to_string();
        assert!(full.starts_with("backends: 4 needed, the maps were made for 3"), "{full}");
        indices.free(2);
        assert_eq!(indices.take().unwrap(), 2);
    }

    #[test]
    fn claims_do_not_overlap() {
        let mut regions = Regions { used: BTreeMap::new(), capacity: 100 };
        let region = |base, size| Region { base, size };
        assert!(regions.claim(region(10, 10)));
        for refused in
            [region(5, 6), region(19, 1), region(0, 100), region(10, 10), region(95, 6), region(1, 0)]
        {
            assert!(!regions.claim(refused), "{refused:?}");
        }
        assert!(!regions.claim(region(u32::MAX, 2)));
        assert!(regions.claim(region(20, 80)) && regions.claim(region(0, 10)));
        assert!(regions.take(1).is_err());
    }

    proptest! {
        #[test]
        fn regions_never_overlap(steps in proptest::collection::vec((any::<bool>(), 1u32..40), 1..80)) {
            let mut regions = Regions { used: BTreeMap::new(), capacity: 300 };
            let mut held: Vec<Region> = Vec::new();
            for (free, size) in steps {
                if free && !held.is_empty() {
                    let region = held.swap_remove(size as usize % held.len());
                    regions.free(region);
                } else if let Ok(region) = regions.take(size) {
                    let apart = |other: &Region| {
                        region.base + region.size <= other.base || other.base + other.size <= region.base
                    };
                    prop_assert!(held.iter().all(apart) && region.base + region.size <= 300);
                    held.push(region);
                }
            }
        }
    }
}
