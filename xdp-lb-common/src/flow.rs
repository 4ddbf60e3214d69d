//! Flows: the hash that decides a connection's slot, and what tells one from another.

use crate::{
    Be16,
    abi::map_value,
    mix::{GOLDEN, splitmix},
};

map_value! {
    /// A flow of a service. The client's address is native words of network order, IPv4 in the first.
    #[derive(Default)]
    #[cfg_attr(feature = "user", derive(Hash))]
    pub struct FlowKey[24] {
        /// The client's address.
        pub client: [u32; 4],
        /// Index of the service.
        pub service: u32,
        /// The client's port in the low 16 bits, the service's in the high, both as they stand in packets.
        pub ports: u32,
    }
}

impl FlowKey {
    /// The key of a client's packet.
    #[inline(always)]
    #[must_use]
    pub const fn new(client: [u32; 4], source: Be16, destination: Be16, service: u32) -> Self {
        Self { client, service, ports: ports(source, destination) }
    }

    /// The flow's hash: the same as of its packets. IPv4 if `v6` is not set.
    #[must_use]
    pub fn hash(&self, v6: bool, seed: &Seed) -> u32 {
        if v6 {
            hash_words(self.client, self.ports, seed)
        } else {
            hash_words([self.client[0]], self.ports, seed)
        }
    }
}

#[inline(always)]
const fn ports(source: Be16, destination: Be16) -> u32 {
    source.raw() as u32 | (destination.raw() as u32) << 16
}

/// Key of the flow hash, expanded from the 64-bit seed that hosts of a fleet share.
pub type Seed = [u32; 8];

/// Expands a seed with splitmix64.
#[must_use]
pub const fn expand_seed(seed: u64) -> Seed {
    let mut key = [0; 8];
    let mut state = seed;
    let mut i = 0;
    while i < key.len() {
        key[i] = (splitmix(state) >> 32) as u32;
        state = state.wrapping_add(GOLDEN);
        i += 1;
    }
    key
}

/// Hash of a connection's client address and ports. The service is known by then and adds nothing.
///
/// NH, the universal hash of UMAC (RFC 4418, section 5.2.1), over 32-bit words: one multiplication for two words, and
/// two flows collide for all but 2^-32 of the keys. A bijective finaliser (Stafford's "Mix13") spreads the product,
/// whose low bits are weak, over the high bits that select the slot.
#[inline(always)]
#[must_use]
pub fn hash<const WORDS: usize>(client: [u32; WORDS], source: Be16, destination: Be16, seed: &Seed) -> u32 {
    hash_words(client, ports(source, destination), seed)
}

#[inline(always)]
fn hash_words<const WORDS: usize>(client: [u32; WORDS], ports: u32, seed: &Seed) -> u32 {
    const { assert!(WORDS == 1 || WORDS == 4, "an IPv4 or an IPv6 address") };
    let mut sum = product(client[0], seed[0], ports, seed[1]);
    if WORDS == 4 {
        sum = sum.wrapping_add(product(client[1 % WORDS], seed[2], client[2 % WORDS], seed[3]));
        sum = sum.wrapping_add(product(client[3 % WORDS], seed[4], 0, seed[5]));
    }
    sum ^= ((seed[6] as u64) << 32) | seed[7] as u64;
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (sum >> 32) as u32
}

#[inline(always)]
fn product(a: u32, key_a: u32, b: u32, key_b: u32) -> u64 {
    u64::from(a.wrapping_add(key_a)) * u64::from(b.wrapping_add(key_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// χ² of `hashes` over 256 equal slots; 255 degrees of freedom, so 99.99 % of fair hashes are under 346.
    fn chi_squared(hashes: impl Iterator<Item = u32>) -> f64 {
        let mut slots = [0u32; 256];
        let mut total = 0.0;
        for hash in hashes {
            slots[((u64::from(hash) * 256) >> 32) as usize] += 1;
            total += 1.0;
        }
        let expected = total / 256.0;
        slots.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn neighbouring_clients_and_ports_spread_evenly() {
        for seed in [0, 1, 0xdead_beef, u64::MAX] {
            let seed = expand_seed(seed);
            let port = Be16::new(443);
            let clients = (0..1u32 << 16).map(|i| {
                hash([u32::from_ne_bytes((0x0a00_0000 + i).to_be_bytes())], Be16::new(40000), port, &seed)
            });
            assert!(chi_squared(clients) < 346.0);
            let ports = (0..=u16::MAX).map(|i| hash([0x0100_000a], Be16::new(i), port, &seed));
            assert!(chi_squared(ports) < 346.0);
            let six =
                (0..1u32 << 16).map(|i| hash([0xb80d_0120, 0, 0, i.to_be()], Be16::new(40000), port, &seed));
            assert!(chi_squared(six) < 346.0);
        }
    }

    #[test]
    fn another_seed_is_another_hash() {
        let of = |seed| hash([0x0100_000a], Be16::new(1), Be16::new(2), &expand_seed(seed));
        assert_ne!(of(1), of(2));
    }
}
