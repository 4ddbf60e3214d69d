//! A fingerprint of every map layout, so that pinned maps of another layout are never reused by mistake.

use crate::mix::{FNV_OFFSET, fnv1a};

/// Changed by hand when the *meaning* of a field changes while its name, place and size stay.
const REVISION: u64 = 2;

/// Fingerprint of all map layouts (field names, offsets and sizes; names, types and flags of the maps; lengths that are
/// compiled in), stored in [`crate::map::META`].
///
/// Programs and daemons with the same value can share pinned maps.
pub const ABI: u64 = {
    let layouts = [
        crate::backend::Backend::LAYOUT,
        crate::control::Control::LAYOUT,
        crate::control::TableShape::LAYOUT,
        crate::counters::BackendCounters::LAYOUT,
        crate::counters::ServiceCounters::LAYOUT,
        crate::endpoint::BucketV4::LAYOUT,
        crate::endpoint::BucketV6::LAYOUT,
        crate::track::LAYOUT,
        crate::load::LAYOUT,
        crate::flow::FlowKey::LAYOUT,
        crate::neighbour::Miss::LAYOUT,
        crate::service::Service::LAYOUT,
        crate::slot::Slot::LAYOUT,
    ];
    let mut hash = fnv1a(FNV_OFFSET, &REVISION.to_le_bytes());
    let mut i = 0;
    while i < layouts.len() {
        hash = fnv1a(hash, &layouts[i].to_le_bytes());
        i += 1;
    }
    let mut i = 0;
    while i < crate::map::ALL.len() {
        let (name, kind) = crate::map::ALL[i];
        hash = fnv1a(hash, name.as_bytes());
        hash = fnv1a(hash, &kind.map_type.to_le_bytes());
        hash = fnv1a(hash, &kind.flags.to_le_bytes());
        i += 1;
    }
    hash = fnv1a(hash, &crate::map::meta::LEN.to_le_bytes());
    fnv1a(hash, &crate::DropReason::LEN.to_le_bytes())
};

/// Declares a map value: `repr(C)`, plain bytes for userspace, its size asserted, its layout fingerprinted.
macro_rules! map_value {
    (
        $(#[$meta:meta])*
        pub struct $name:ident[$size:literal] { $($(#[$field_meta:meta])* pub $field:ident: $ty:ty,)+ }
    ) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)+ }

        const _: () = assert!(size_of::<$name>() == $size, "the layout of a map value has changed");

        impl $name {
            pub(crate) const LAYOUT: u64 = {
                let mut hash = $crate::mix::fnv1a($crate::mix::FNV_OFFSET, stringify!($name).as_bytes());
                $(
                    hash = $crate::mix::fnv1a(hash, stringify!($field).as_bytes());
                    hash = $crate::mix::fnv1a(hash, &core::mem::offset_of!($name, $field).to_le_bytes());
                    hash = $crate::mix::fnv1a(hash, &size_of::<$ty>().to_le_bytes());
                )+
                hash
            };
        }
    };
}
pub(crate) use map_value;
