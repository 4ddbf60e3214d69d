//! The only place that touches packet memory.
#![expect(unsafe_code, reason = "bounds-checked views of packet memory")]
#![expect(clippy::cast_ptr_alignment, reason = "see `Word`")]

use core::ffi::c_void;

use aya_ebpf::{EbpfContext as _, helpers::generated, programs::XdpContext};
use network_types::{
    eth::EthHdr,
    ip::{Ipv4Hdr, Ipv6Hdr},
    tcp::TcpHdr,
    udp::UdpHdr,
};

/// The received frame.
pub(crate) struct Packet<'ctx> {
    context: &'ctx XdpContext,
    start: usize,
    end: usize,
    /// Interface it came in by.
    pub(crate) ingress: u32,
}

/// A header that is valid whatever its bytes are.
///
/// # Safety
///
/// Every bit pattern must be a value of the type, and its alignment at most two.
pub(crate) unsafe trait Header {}

// SAFETY: integers and arrays of them, aligned to at most two.
unsafe impl Header for EthHdr {}
// SAFETY: bytes.
unsafe impl Header for Ipv4Hdr {}
// SAFETY: bytes.
unsafe impl Header for Ipv6Hdr {}
// SAFETY: bytes and a bit field over bytes.
unsafe impl Header for TcpHdr {}
// SAFETY: bytes.
unsafe impl Header for UdpHdr {}
// SAFETY: bytes.
unsafe impl<const N: usize> Header for [u8; N] {}

impl<'ctx> Packet<'ctx> {
    /// The frame of `ctx`. To be made anew after anything that moves the frame's start or end.
    #[inline(always)]
    pub(crate) fn new(context: &'ctx XdpContext) -> Self {
        let ingress = context.ingress_ifindex() as u32;
        Self { context, start: context.data(), end: context.data_end(), ingress }
    }

    /// The context, as kernel helpers take it.
    #[inline(always)]
    pub(crate) fn context(&self) -> *mut c_void {
        self.context.as_ptr()
    }

    /// The context, for a function that makes a view of its own.
    #[inline(always)]
    pub(crate) fn handle(&self) -> XdpContext {
        XdpContext::new(self.context.ctx)
    }

    /// The frame cut to its first `length` bytes; `None` where it has fewer.
    #[inline(always)]
    pub(crate) fn cut(self, length: usize) -> Option<Self> {
        let excess = i32::try_from((self.end - self.start).checked_sub(length)?).ok()?;
        // SAFETY: the context is the program's own; with `self` every view of the frame has ended.
        let result = unsafe { generated::bpf_xdp_adjust_tail(self.context.ctx, -excess) };
        (result == 0).then(|| Self::new(self.context))
    }

    /// The frame with `length` bytes of whatever content before it; `None` where the driver has left no room.
    #[inline(always)]
    pub(crate) fn prepend(self, length: usize) -> Option<Self> {
        let length = i32::try_from(length).ok()?;
        // SAFETY: the context is the program's own; with `self` every view of the frame has ended.
        let result = unsafe { generated::bpf_xdp_adjust_head(self.context.ctx, -length) };
        (result == 0).then(|| Self::new(self.context))
    }

    /// Length of the frame in bytes, Ethernet header included.
    #[inline(always)]
    pub(crate) fn len(&self) -> u64 {
        (self.end - self.start) as u64
    }

    /// The header `offset` bytes into the frame, or `None` where the frame is too short.
    #[inline(always)]
    pub(crate) fn at<T: Header>(&mut self, offset: usize) -> Option<&mut T> {
        let start = self.start + offset;
        if start + size_of::<T>() > self.end {
            return None;
        }
        // SAFETY: in bounds by the check above, which the verifier follows; any bytes are a `T`; frames start at even
        // addresses and headers have even lengths. `&mut self` keeps a second view of the frame from existing.
        Some(unsafe { &mut *(start as *mut T) })
    }
}

/// Bytes of a packet or a map, moved as native words.
///
/// A plain `from_ne_bytes` becomes a load per byte on BPF, whose compiler assumes that unaligned words cannot be
/// loaded. x86-64 and arm64 can, and the verifier knows it.
pub(crate) trait Word: Copy {
    /// Loads the word.
    fn load(bytes: &[u8]) -> Self;
    /// Stores the word.
    fn store(self, bytes: &mut [u8]);
}

macro_rules! words {
    ($($ty:ty),+) => { $(
        impl Word for $ty {
            #[inline(always)]
            fn load(bytes: &[u8]) -> Self {
                let bytes: *const u8 = bytes[..size_of::<Self>()].as_ptr();
                if cfg!(target_arch = "bpf") {
                    // SAFETY: the slice above is as long as the word; see the trait for the alignment.
                    unsafe { bytes.cast::<Self>().read() }
                } else {
                    // SAFETY: the slice above is as long as the word.
                    unsafe { bytes.cast::<Self>().read_unaligned() }
                }
            }

            #[inline(always)]
            fn store(self, bytes: &mut [u8]) {
                let bytes: *mut u8 = bytes[..size_of::<Self>()].as_mut_ptr();
                if cfg!(target_arch = "bpf") {
                    // SAFETY: the slice above is as long as the word; see the trait for the alignment.
                    unsafe { bytes.cast::<Self>().write(self) }
                } else {
                    // SAFETY: the slice above is as long as the word.
                    unsafe { bytes.cast::<Self>().write_unaligned(self) }
                }
            }
        }
    )+ };
}
words!(u16, u32, u64);
