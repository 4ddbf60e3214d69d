//! A 64-bit word that CPUs and the daemon change at once.
#![cfg_attr(
    target_arch = "bpf",
    expect(
        unsafe_code,
        reason = "`core` has no compare-and-exchange for BPF; the kernel's instruction set has, since 5.12"
    )
)]

use core::sync::atomic::AtomicU64;
#[cfg(not(target_arch = "bpf"))]
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A word of a map value, in the kernel and in memory mapped by the daemon.
///
/// What is published by one word and read by another relies on the order of stores and loads. Successful exchanges are
/// full barriers; plain loads and stores are ordered on x86-64, and on weaker machines a reader may take an entry that
/// is being given to another flow for its own until it looks at the word again.
#[repr(transparent)]
#[derive(Debug, Default)]
pub struct Word(AtomicU64);

impl Word {
    /// A word.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Its value.
    #[inline(always)]
    pub fn load(&self) -> u64 {
        #[cfg(target_arch = "bpf")]
        // SAFETY: an aligned word of a map value; it is read whole.
        return unsafe { self.0.as_ptr().read_volatile() };
        #[cfg(not(target_arch = "bpf"))]
        self.0.load(Acquire)
    }

    /// Gives it a value, whatever it has.
    #[inline(always)]
    pub fn store(&self, value: u64) {
        #[cfg(target_arch = "bpf")]
        // SAFETY: an aligned word of a map value; it is written whole.
        unsafe {
            self.0.as_ptr().write_volatile(value);
        }
        #[cfg(not(target_arch = "bpf"))]
        self.0.store(value, Release);
    }

    /// Gives it the value `new` if it has the value `old`; whether it had.
    #[cfg(not(target_arch = "bpf"))]
    #[inline]
    pub fn exchange(&self, old: u64, new: u64) -> bool {
        use core::sync::atomic::Ordering::SeqCst;
        self.0.compare_exchange(old, new, SeqCst, Relaxed).is_ok()
    }

    /// Adds to it, wrapping, and returns what it was.
    #[cfg(not(target_arch = "bpf"))]
    #[inline]
    pub fn add(&self, more: u64) -> u64 {
        self.0.fetch_add(more, Relaxed)
    }

    /// Gives it the value `new` if it has the value `old`; whether it had.
    #[cfg(target_arch = "bpf")]
    #[inline(always)]
    pub fn exchange(&self, old: u64, new: u64) -> bool {
        let found: u64;
        // SAFETY: the word is a map value's; the instruction touches it and `r0` alone.
        unsafe {
            core::arch::asm!(
                "r0 = cmpxchg_64({word} + 0, r0, {new})",
                word = in(reg) self.0.as_ptr(),
                new = in(reg) new,
                inlateout("r0") old => found,
                options(nostack),
            );
        }
        found == old
    }

    /// Adds to it, wrapping, and returns what it was.
    #[cfg(target_arch = "bpf")]
    #[inline(always)]
    pub fn add(&self, more: u64) -> u64 {
        let mut found = more;
        // SAFETY: the word is a map value's; the instruction touches it and its operand alone.
        unsafe {
            core::arch::asm!(
                "{more} = atomic_fetch_add((u64 *)({word} + 0), {more})",
                word = in(reg) self.0.as_ptr(),
                more = inlateout(reg) found,
                options(nostack),
            );
        }
        found
    }
}

/// The same value, of which the kernel's verifier no longer knows how it came about; `unknown` is anything that was
/// read from a map.
///
/// The verifier follows every way through the program for every value that it knows. A place in a bucket that it has
/// seen found in eight ways makes it verify all that follows eight times, and eight times that in the next table.
#[inline(always)]
#[must_use]
#[cfg_attr(not(target_arch = "bpf"), expect(unused_variables, reason = "there is no verifier elsewhere"))]
pub fn forget(value: usize, unknown: u64) -> usize {
    #[cfg(target_arch = "bpf")]
    {
        let mut same = unknown;
        // SAFETY: moves a register to itself; the compiler takes it that it has changed.
        unsafe {
            core::arch::asm!("{same} = {same}", same = inout(reg) same, options(nomem, nostack, preserves_flags));
        }
        value ^ (same ^ unknown) as usize
    }
    #[cfg(not(target_arch = "bpf"))]
    value
}
