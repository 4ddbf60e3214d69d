//! Endpoint tables: which service a destination is, which backend a source is.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{
    Be16,
    control::TableShape,
    endpoint::{Bucket, BucketV4, BucketV6, Key, Role},
};

use crate::family::Family;

#[map]
pub(crate) static ENDPOINTS_V4: Array<BucketV4> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
pub(crate) static ENDPOINTS_V6: Array<BucketV6> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The service or backend index stored for an endpoint.
#[inline(always)]
pub(crate) fn find<F: Family>(
    shape: &TableShape,
    address: F::Address,
    port: Be16,
    protocol: u8,
    role: Role,
) -> Option<u32> {
    let key = <F::Bucket as Bucket>::Key::new(address, port, protocol, role);
    // An empty table (`buckets` 0) reads the array's first bucket of the generation: keys of zero match nothing.
    F::endpoints().get(shape.base.wrapping_add(key.bucket(shape)))?.find(key)
}
