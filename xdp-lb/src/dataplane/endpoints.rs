//! Endpoint tables: built in memory, pure, then published as a whole.

use std::collections::HashSet;
use std::hash::Hash;

use xdp_lb_common::{
    control::{Control, TableShape},
    endpoint::{Bucket, BucketV4, BucketV6, Key, KeyV4, KeyV6},
    mix,
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

/// Endpoint tables that fit the maps, to be published.
#[derive(Clone, Debug)]
pub struct Prepared {
    v4: Table<BucketV4>,
    v6: Table<BucketV6>,
}

/// A table in which no bucket overflows.
#[derive(Clone, Debug)]
struct Table<B> {
    multiplier: u64,
    buckets: Vec<B>,
}

/// Why there is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    /// A key stands twice.
    Twice,
    /// Some bucket overflows with every multiplier.
    Full,
}

fn build<B: Bucket<Key: Hash>>(entries: &[(B::Key, u32)], buckets: u32) -> Result<Table<B>, Unfit> {
    let distinct: HashSet<_> = entries.iter().map(|(key, _)| *key).collect();
    if distinct.len() != entries.len() {
        return Err(Unfit::Twice);
    }
    let mut table = vec![B::default(); buckets as usize];
    for attempt in 0..TRIES {
        // Odd multiples of the golden ratio's fraction (Knuth, TAOCP 6.4): well spread bits, a different set each time.
        let multiplier = mix::GOLDEN.wrapping_mul(2 * attempt + 1);
        let shape = TableShape { multiplier, base: 0, buckets };
        if entries.iter().all(|&(key, value)| table[key.bucket(&shape) as usize].insert(key, value)) {
            return Ok(Table { multiplier, buckets: table });
        }
        table.fill(B::default());
    }
    Err(Unfit::Full)
}

impl Dataplane {
    /// Builds the tables of all endpoints; changes nothing yet.
    pub fn prepare(&self, endpoints: &Endpoints) -> Result<Prepared, DataplaneError> {
        let buckets = self.sizes.buckets;
        let unfit = |entries: usize| {
            move |unfit| match unfit {
                Unfit::Twice => DataplaneError::Twice,
                Unfit::Full => DataplaneError::Full {
                    what: "backends",
                    needed: entries as u64,
                    capacity: u64::from(buckets) / 2,
                },
            }
        };
        Ok(Prepared {
            v4: build(&endpoints.v4, buckets).map_err(unfit(endpoints.v4.len()))?,
            v6: build(&endpoints.v6, buckets).map_err(unfit(endpoints.v6.len()))?,
        })
    }

    /// Replaces all endpoints at once: fills the generation that is not in force and flips.
    ///
    /// That generation was in force before the last flip. A program that read it then has ended long before: one run
    /// takes microseconds and is not preempted, what lies between two publications takes milliseconds.
    pub fn publish(&mut self, prepared: &Prepared) {
        let buckets = self.sizes.buckets;
        let mut control = self.control.load(0);
        let next = (control.active ^ 1) & 1;
        control.v4[next as usize] = fill(&mut self.endpoints_v4, next * buckets, &prepared.v4);
        control.v6[next as usize] = fill(&mut self.endpoints_v6, next * buckets, &prepared.v6);
        self.control.store(0, &control);
        // A store of its own, after all others: what the program finds through it is complete.
        self.control.store(0, &Control { active: next, ..control });
    }
}

fn fill<B: Bucket + bytemuck::Pod>(map: &mut Mapped<B>, base: u32, table: &Table<B>) -> TableShape {
    for (index, bucket) in (base..).zip(&table.buckets) {
        map.store(index, bucket);
    }
    TableShape { multiplier: table.multiplier, base, buckets: table.buckets.len() as u32 }
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
        let Table { multiplier, buckets: table } = build::<BucketV4>(entries, buckets).expect("a table");
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
        let twice = build::<BucketV4>(&[(key(1, 1), 1), (key(1, 1), 2)], 8);
        assert_eq!(twice.unwrap_err(), Unfit::Twice);
        let many: Vec<_> = (0..6).map(|port| (key(1, port), 1)).collect();
        assert_eq!(build::<BucketV4>(&many, 1).unwrap_err(), Unfit::Full);
    }

    #[test]
    fn absent_endpoints_are_not_found() {
        let Table { multiplier, buckets: table } = build::<BucketV4>(&[(key(1, 1), 7)], 4).unwrap();
        let shape = TableShape { multiplier, base: 0, buckets: 4 };
        let absent = KeyV4::new(1u32.to_be(), Be16::new(1), 6, Role::Reply);
        assert_eq!(table[absent.bucket(&shape) as usize].find(absent), None);
    }
}
