//! File descriptors: each check under way has one.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

/// What the daemon needs for itself at most: sockets, interfaces' links, the API's and the metrics' clients.
const OWN: u64 = 256;
/// More checks at a time than this only fill the kernel's queues.
const MOST: u64 = 16_384;

/// Raises the limit of open files to the most that this process may have, and returns that.
pub fn raise() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}

/// How many checks may be under way at a time.
pub(super) fn checks() -> usize {
    // The limit is always known; were it not, few checks would be better than none.
    checks_within(getrlimit(Resource::RLIMIT_NOFILE).map_or(OWN, |(soft, _)| soft))
}

/// The limit without what the daemon needs, which with a small limit is half of it.
fn checks_within(limit: u64) -> usize {
    if limit == RLIM_INFINITY {
        return MOST as usize;
    }
    limit.saturating_sub(OWN).max(limit / 2).clamp(1, MOST) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_leave_descriptors_for_the_daemon() {
        for (limit, checks) in
            [(0, 1), (110, 55), (1024, 768), (4096, 3840), (1 << 20, 16_384), (RLIM_INFINITY, 16_384)]
        {
            assert_eq!(checks_within(limit), checks, "{limit}");
        }
    }
}
