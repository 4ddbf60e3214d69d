//! Internet checksums (RFC 1071): changes to existing ones (RFC 1624), and new ones for packets of our own.
//!
//! All sums are over native words of network-order data. One's complement addition commutes with byte swapping
//! (RFC 1071, section 2 (B)), so nothing is ever swapped as long as checksums are loaded and stored natively too.

/// What a rewrite adds to a checksum: the one's complement sum of the old words' complements and the new words.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct Delta(u16);

impl Delta {
    /// One 16-bit word, loaded natively, replaced by another.
    #[inline(always)]
    #[must_use]
    pub const fn word(old: u16, new: u16) -> Self {
        Self(fold(!old as u32 + new as u32))
    }

    /// Both changes.
    #[inline(always)]
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(fold(self.0 as u32 + other.0 as u32))
    }

    /// The change that undoes this one.
    #[inline(always)]
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self(!self.0)
    }

    /// The checksum after the change: RFC 1624, equation 3.
    #[inline(always)]
    #[must_use]
    pub const fn apply(self, checksum: u16) -> u16 {
        !fold(!checksum as u32 + self.0 as u32)
    }

    /// As [`Delta::apply`] for UDP, where zero means "no checksum" and stays, and a computed zero is sent as
    /// all ones (RFC 768).
    #[inline(always)]
    #[must_use]
    pub const fn apply_udp(self, checksum: u16) -> u16 {
        if checksum == 0 {
            return 0;
        }
        match self.apply(checksum) {
            0 => 0xffff,
            changed => changed,
        }
    }
}

/// The change of replacing `old` by `new`, both in network order and an even number of bytes long.
#[must_use]
pub fn delta<const N: usize>(old: &[u8; N], new: &[u8; N]) -> Delta {
    const { assert!(N.is_multiple_of(2), "checksums are over 16-bit words") };
    let words = old.as_chunks::<2>().0.iter().zip(new.as_chunks::<2>().0);
    words.fold(Delta(0), |sum, (old, new)| {
        sum.and(Delta::word(u16::from_ne_bytes(*old), u16::from_ne_bytes(*new)))
    })
}

/// A one's complement sum, for the checksum of a packet that is made from nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// Of the pseudo-header: addresses (IPv4 in the first of four words), protocol, and `length` in bytes of what follows
    /// the IP header (RFC 9293, section 3.1; RFC 8200, section 8.1).
    #[inline(always)]
    #[must_use]
    pub const fn pseudo_header(source: [u32; 4], destination: [u32; 4], protocol: u8, length: u16) -> Self {
        Self(0)
            .and_all(source)
            .and_all(destination)
            .and((protocol as u16).to_be() as u32)
            .and(length.to_be() as u32)
    }

    /// With two more 16-bit words, or with one: where in `words` it stands makes no difference. There is room for 2³² of
    /// them.
    #[inline(always)]
    #[must_use]
    pub const fn and(self, words: u32) -> Self {
        Self(self.0.wrapping_add(words as u64))
    }

    #[inline(always)]
    const fn and_all(self, [a, b, c, d]: [u32; 4]) -> Self {
        self.and(a).and(b).and(c).and(d)
    }

    /// The checksum of what was added.
    #[inline(always)]
    #[must_use]
    pub const fn checksum(self) -> u16 {
        let words = (self.0 & 0xffff_ffff) + (self.0 >> 32);
        let sum = (words & 0xffff) + (words >> 16);
        // At most 18 bits: what fold takes after one more round.
        !fold(((sum & 0xffff) + (sum >> 16)) as u32)
    }
}

/// Folds the carries of a sum of two words back in (RFC 1071, section 2 (A)).
#[inline(always)]
const fn fold(sum: u32) -> u16 {
    ((sum & 0xffff) + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The checksum from scratch, byte order and all, as RFC 1071 section 4.1 does it.
    fn full(data: &[u8]) -> u16 {
        let mut sum: u64 = data.chunks(2).map(|word| u64::from(u16::from_be_bytes([word[0], word[1]]))).sum();
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap()
    }

    /// Native word of a checksum computed in network order.
    fn native(checksum: u16) -> u16 {
        checksum.to_be()
    }

    proptest! {
        #[test]
        fn incremental_equals_recomputed(
            mut data in proptest::array::uniform32(any::<u8>()), new in proptest::array::uniform16(any::<u8>())
        ) {
            // A header is never all zero, so its sum is never +0: the one value the two representations differ in.
            data[31] |= 1;
            let old: [u8; 16] = data[..16].try_into().unwrap();
            let before = native(full(&data));
            data[..16].copy_from_slice(&new);
            prop_assert_eq!(delta(&old, &new).apply(before), native(full(&data)));
        }

        #[test]
        fn a_reversed_change_restores_the_checksum(sum in 1u16.., old: [u8; 16], new: [u8; 16]) {
            let change = delta(&old, &new);
            let there = change.apply(sum);
            let back = change.reversed().apply(there);
            // 0x0000 and 0xffff are the same number in one's complement.
            prop_assert!(back == sum || (back ^ sum) == 0xffff && (sum == 0 || sum == 0xffff));
        }
    }

    proptest! {
        #[test]
        fn a_sum_of_words_is_the_checksum_of_their_bytes(data in proptest::collection::vec(any::<[u8; 4]>(), 0..400)) {
            let sum = data.iter().fold(Sum::default(), |sum, word| sum.and(u32::from_ne_bytes(*word)));
            prop_assert_eq!(sum.checksum(), native(full(data.as_flattened())));
        }
    }

    #[test]
    fn carries_of_carries_are_folded_in() {
        for (count, data) in [(1, 0xffff_ffff), (3, 0xffff_ffff), (0x1_0001, 0xffff_fffe), (2, 0x8000_8000)] {
            let sum = (0..count).fold(Sum::default(), |sum, _| sum.and(data));
            let bytes: Vec<u8> = (0..count).flat_map(|_| data.to_ne_bytes()).collect();
            assert_eq!(sum.checksum(), native(full(&bytes)), "{count} times {data:#x}");
        }
    }

    #[test]
    fn the_pseudo_header_of_either_family() {
        let word = |bytes: [u8; 4]| u32::from_ne_bytes(bytes);
        let four =
            Sum::pseudo_header([word([192, 0, 2, 1]), 0, 0, 0], [word([203, 0, 113, 9]), 0, 0, 0], 6, 20);
        assert_eq!(four.checksum(), native(full(&[192, 0, 2, 1, 203, 0, 113, 9, 0, 6, 0, 20])));
        let (source, destination) = ([0x20, 0x01, 0x0d, 0xb8], [0xfd, 0, 0, 1]);
        let six = Sum::pseudo_header([word(source); 4], [word(destination); 4], 58, 1240);
        let bytes = [source.repeat(4), destination.repeat(4), vec![0, 0, 4, 216, 0, 0, 0, 58]].concat();
        assert_eq!(six.checksum(), native(full(&bytes)));
    }

    #[test]
    fn the_example_of_rfc_1624_section_4() {
        assert_eq!(Delta::word(0x5555, 0x3285).apply(0xdd2f), 0x0000);
    }

    #[test]
    fn udp_zero_means_none_and_is_never_produced() {
        assert_eq!(Delta::word(1, 2).apply_udp(0), 0);
        assert_eq!(Delta::word(0x5555, 0x3285).apply_udp(0xdd2f), 0xffff);
    }
}
