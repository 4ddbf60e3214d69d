//! How often the program answers.
#![expect(unsafe_code, reason = "the clock is a helper of the kernel")]

use aya_ebpf::{helpers::generated::bpf_ktime_get_coarse_ns, macros::map, maps::PerCpuArray};
use xdp_lb_common::limit::Limit;

use crate::count;

/// Answers in a second, on each CPU (RFC 1812, section 4.3.2.8; RFC 4443, section 2.4 (f)).
const ANSWERS_PER_SECOND: u64 = 1000;

#[map]
static ANSWERS: PerCpuArray<Limit> = PerCpuArray::with_max_entries(1, 0);

/// Whether one more answer may be sent now. The kernel's clock, since the daemon's stands still without a daemon; the
/// coarse one, which is a load and good to some milliseconds.
#[inline(always)]
pub(crate) fn allows_answer() -> bool {
    // SAFETY: a helper without arguments that any program may call.
    let second = unsafe { bpf_ktime_get_coarse_ns() } / 1_000_000_000;
    let mut allowed = false;
    count::update(&ANSWERS, 0, |limit| allowed = limit.take(second, ANSWERS_PER_SECOND));
    allowed
}
