//! What of a packet matters to the flow that it belongs to.

/// A set of the bits below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment(u8);

impl Segment {
    /// TCP: SYN without ACK, which opens a connection.
    pub const SYN: u8 = 1;
    /// TCP: the sender has nothing more to say.
    pub const FIN: u8 = 2;
    /// TCP: the connection is no more.
    pub const RST: u8 = 4;
    /// There is a payload.
    pub const DATA: u8 = 8;
    /// TCP: SYN with ACK, with which a backend accepts a connection.
    pub const ACCEPT: u8 = 16;
    /// A UDP datagram.
    pub const UDP: u8 = 32;

    /// With these bits.
    #[inline(always)]
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether any of these bits is set.
    #[inline(always)]
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}
