//! What of a packet matters to the flow that it belongs to.

/// ACK among TCP's flags.
const TCP_ACK: u8 = 16;

/// A set of the bits below. FIN, SYN and RST stand where they stand among TCP's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment(u8);

impl Segment {
    /// TCP: the sender has nothing more to say.
    pub const FIN: u8 = 1;
    /// TCP: SYN without ACK, which opens a connection.
    pub const SYN: u8 = 2;
    /// TCP: the connection is no more.
    pub const RST: u8 = 4;
    /// There is a payload.
    pub const DATA: u8 = 8;
    /// TCP: SYN with ACK, with which a backend accepts a connection.
    pub const ACCEPT: u8 = 16;
    /// A UDP datagram.
    pub const UDP: u8 = 32;

    /// Of a TCP segment with these flags, the lower eight bits of their word, with a payload or without.
    #[inline(always)]
    #[must_use]
    pub const fn tcp(flags: u8, data: bool) -> Self {
        let mut bits = flags & (Self::FIN | Self::RST);
        if flags & Self::SYN != 0 {
            bits |= if flags & TCP_ACK != 0 { Self::ACCEPT } else { Self::SYN };
        }
        if data {
            bits |= Self::DATA;
        }
        Self(bits)
    }

    /// With these bits.
    #[inline(always)]
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits)
    }

    /// The bits.
    #[inline(always)]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether any of these bits is set.
    #[inline(always)]
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_flags_and_payload() {
        for (flags, data, bits) in [
            (0x02, false, Segment::SYN),
            (0xc2, true, Segment::SYN | Segment::DATA),
            (0x12, false, Segment::ACCEPT),
            (0x10, false, 0),
            (0x18, true, Segment::DATA),
            (0x11, true, Segment::FIN | Segment::DATA),
            (0x14, false, Segment::RST),
        ] {
            assert_eq!(Segment::tcp(flags, data), Segment::new(bits), "{flags:#x}");
        }
    }
}
