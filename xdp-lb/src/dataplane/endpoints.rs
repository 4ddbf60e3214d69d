//! Endpoint tables: built in memory, pure, then published as a whole.

use std::collections::HashSet;
use std::hash::Hash;

use xdp_lb_common::{
    control::{Control, TableShape},
    endpoint::{Bucket, BucketV4, BucketV6, Key, KeyV4, KeyV6},
};

use super::{Dataplane, DataplaneError, mapped::Mapped};

/// Every endpoint of a configuration, with the index it stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// IPv4.
    pub v4: Vec<(KeyV4, u32)>,
    /// IPv6.
    pub v6: Vec<(KeyV6, u32)>,
}

/// Multipliers tried before giving up; a table of half an entry per bucket needs ten on average at 70,000 endpoints.
const TRIES: u64 = 1024;

/// A table in which no bucket overflows: its multiplier and buckets. `None`: none was found, or a key stands twice.
fn build<B: Bucket<Key: Hash>>(entries: &[(B::Key, u32)], buckets: u32) -> Option<(u64, Vec<B>)> {
    let distinct: HashSet<_> = entries.iter().map(|(key, _)| *key).collect();
    if distinct.len() != entries.len() {
        return None;
    }
    (0..TRIES).find_map(|attempt| {
        // Odd multiples of the golden ratio's fraction (Knuth, TAOCP 6.4): well spread bits, a different set each time.
        let multiplier = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * attempt + 1);
        let shape = TableShape { multiplier, base: 0, buckets };
        let mut table = vec![B::default(); buckets as usize];
        let fits = entries.iter().all(|&(key, value)| table[key.bucket(&shape) as usize].insert(key, value));
        fits.then_some((multiplier, table))
    })
}

impl Dataplane {
    /// Replaces all endpoints at once: fills the generation that is not in force and flips.
    pub fn publish(&mut self, endpoints: &Endpoints) -> Result<(), DataplaneError> {
        let buckets = self.sizes.buckets;
        let full = |entries: usize| DataplaneError::Full {
            what: "backends",
            needed: entries as u64,
            capacity: u64::from(buckets) / 2,
        };
        let v4 = build::<BucketV4>(&endpoints.v4, buckets).ok_or_else(|| full(endpoints.v4.len()))?;
        let v6 = build::<BucketV6>(&endpoints.v6, buckets).ok_or_else(|| full(endpoints.v6.len()))?;

        let mut control = self.control.load(0);
        let next = (control.active ^ 1) & 1;
        control.v4[next as usize] = fill(&mut self.endpoints_v4, next * buckets, v4);
        control.v6[next as usize] = fill(&mut self.endpoints_v6, next * buckets, v6);
        self.control.store(0, &control);
        // A store of its own, after all others: what the program finds through it is complete.
        self.control.store(0, &Control { active: next, ..control });
        Ok(())
    }
}

fn fill<B: Bucket + bytemuck::Pod>(
    map: &mut Mapped<B>,
    base: u32,
    (multiplier, table): (u64, Vec<B>),
) -> TableShape {
    let buckets = table.len() as u32;
    for (index, bucket) in (base..).zip(&table) {
        map.store(index, bucket);
    }
    TableShape { multiplier, base, buckets }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xdp_lb_common::{Be16, endpoint::Role};

    fn key(address: u32, port: u16) -> KeyV4 {
        KeyV4::new(address.to_be(), Be16::new(port), 6, Role::Service)
    }

    fn check(entries: &[(KeyV4, u32)], buckets: u32) {
        let (multiplier, table) = build::<BucketV4>(entries, buckets).expect("a table");
        let shape = TableShape { multiplier, base: 0, buckets };
        for &(key, value) in entries {
            assert_eq!(table[key.bucket(&shape) as usize].find(key), Some(value));
        }
    }

    proptest! {
        #[test]
        fn every_endpoint_is_found(keys in proptest::collection::hash_set((any::<u32>(), any::<u16>()), 1..300)) {
            let entries: Vec<_> = keys.iter().zip(0..).map(|(&(a, p), i)| (key(a, p), i)).collect();
            check(&entries, 2 * entries.len() as u32);
        }
    }

    #[test]
    fn as_many_as_must_fit() {
        let services = (0..4096).map(|i| key(0xc000_0200 + i / 16, 80 + (i % 16) as u16));
        let replies = (0..65_536).map(|i| key(0x0a00_0000 + i, 8080));
        let entries: Vec<_> = services.chain(replies).zip(0..).collect();
        check(&entries, 2 * entries.len() as u32);
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert!(build::<BucketV4>(&[(key(1, 1), 1), (key(1, 1), 2)], 8).is_none());
    }

    #[test]
    fn absent_endpoints_are_not_found() {
        let (multiplier, table) = build::<BucketV4>(&[(key(1, 1), 7)], 4).unwrap();
        let shape = TableShape { multiplier, base: 0, buckets: 4 };
        let absent = KeyV4::new(1u32.to_be(), Be16::new(1), 6, Role::Reply);
        assert_eq!(table[absent.bucket(&shape) as usize].find(absent), None);
    }
}
