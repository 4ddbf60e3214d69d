//! A slot: eight bytes, written by the daemon in one atomic store.

/// The backend index that means "none".
pub const NO_BACKEND: u32 = 0;

/// A slot of a service's table.
///
/// The low 32 bits are the backend that owns the slot. The high 32 are zero: room for the owner before the last
/// move, so that one store changes both.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct Slot(u64);

impl Slot {
    /// A slot that belongs to `backend`, or to nobody with [`NO_BACKEND`].
    #[must_use]
    pub const fn owned_by(backend: u32) -> Self {
        Self(backend as u64)
    }

    /// Index of the owner, [`NO_BACKEND`] for none.
    #[inline(always)]
    #[must_use]
    pub const fn owner(self) -> u32 {
        self.0 as u32
    }
}
