//! Incremental Internet checksums (RFC 1071, RFC 1624).
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
