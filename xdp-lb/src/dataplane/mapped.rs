//! BPF arrays mapped into the daemon's memory.
#![expect(unsafe_code, reason = "memory shared with the kernel")]

use std::{marker::PhantomData, num::NonZeroUsize, os::fd::AsFd as _, ptr::NonNull};

use aya::maps::MapData;
use bytemuck::Pod;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use xdp_lb_common::atomic::Word;

use super::DataplaneError;

/// An array of `BPF_F_MMAPABLE`, read and written as 64-bit words.
///
/// Each word is stored atomically, so the program never sees half of one; a value of several words may be seen half
/// changed, which the order of stores and the layouts allow for. Unchanged words are not stored: other CPUs' caches
/// keep their lines.
pub(super) struct Mapped<T> {
    words: NonNull<Word>,
    bytes: NonZeroUsize,
    len: u32,
    value: PhantomData<T>,
}

// SAFETY: the words are shared memory anyway and only reached as atomics.
unsafe impl<T> Send for Mapped<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Mapped<T> {}

impl<T: Pod> Mapped<T> {
    /// Words of a value: the kernel pads values to eight bytes, and ours need no padding.
    const WORDS: usize = {
        assert!(size_of::<T>().is_multiple_of(8));
        size_of::<T>() / 8
    };

    /// Maps the `len` values of an array.
    pub(super) fn new(data: &MapData, len: u32) -> Result<Self, DataplaneError> {
        // The kernel rounds up to its pages, here as in the map.
        let bytes = NonZeroUsize::new(size_of::<T>() * len as usize).unwrap_or(NonZeroUsize::MIN);
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice; the descriptor is the map's.
        let memory = unsafe { mmap(None, bytes, protection, MapFlags::MAP_SHARED, data.fd().as_fd(), 0) };
        let memory =
            memory.map_err(|error| DataplaneError::Memory { bytes: bytes.get(), source: error.into() })?;
        Ok(Self { words: memory.cast(), bytes, len, value: PhantomData })
    }

    /// Number of values.
    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    /// The words of the value at `index`, which others may change at any time.
    pub(super) fn words(&self, index: u32) -> &[Word] {
        assert!(index < self.len, "index {index} of a map of {}", self.len);
        // SAFETY: within the mapping by the assertion.
        let first = unsafe { self.words.add(index as usize * Self::WORDS) };
        // SAFETY: the value's words are within the mapping, aligned (a page starts it), and only reached as atomics.
        unsafe { std::slice::from_raw_parts(first.as_ptr(), Self::WORDS) }
    }

    /// The value at `index`.
    pub(super) fn load(&self, index: u32) -> T {
        let mut value = T::zeroed();
        let bytes = bytemuck::bytes_of_mut(&mut value);
        for (word, bytes) in self.words(index).iter().zip(bytes.as_chunks_mut::<8>().0) {
            *bytes = word.load().to_ne_bytes();
        }
        value
    }

    /// Stores a value, first word to last; `true` if anything changed.
    pub(super) fn store(&mut self, index: u32, value: &T) -> bool {
        let mut changed = false;
        for (word, bytes) in self.words(index).iter().zip(bytemuck::bytes_of(value).as_chunks::<8>().0) {
            let new = u64::from_ne_bytes(*bytes);
            if word.load() != new {
                word.store(new);
                changed = true;
            }
        }
        changed
    }
}

impl<T> std::fmt::Debug for Mapped<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapped").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T> Drop for Mapped<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nothing borrows from it any more.
        let _unmapped = unsafe { munmap(self.words.cast(), self.bytes.get()) };
    }
}
