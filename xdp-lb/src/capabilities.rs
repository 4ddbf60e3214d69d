//! Is the daemon allowed to do what it must?

use caps::{CapSet, Capability};

/// What is needed, and what for.
const NEEDED: [(Capability, &str); 3] = [
    (Capability::CAP_BPF, "to load programs and maps"),
    (Capability::CAP_PERFMON, "for programs that read packets through pointers"),
    (Capability::CAP_NET_ADMIN, "to attach to interfaces and to refresh neighbours"),
];

/// A capability is missing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("missing {}; run as root, or give the binary or unit these capabilities", missing.join(", "))]
pub struct Missing {
    /// Each with what it is for.
    missing: Vec<String>,
}

/// Checks the effective capabilities. `CAP_SYS_ADMIN` includes all but `CAP_NET_ADMIN`.
///
/// # Errors
///
/// Names every capability that is missing, and what it is for.
pub fn require() -> Result<(), Missing> {
    let held = caps::read(None, CapSet::Effective).unwrap_or_default();
    check(|capability| {
        held.contains(&capability)
            || capability != Capability::CAP_NET_ADMIN && held.contains(&Capability::CAP_SYS_ADMIN)
    })
}

fn check(held: impl Fn(Capability) -> bool) -> Result<(), Missing> {
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(capability, _)| !held(*capability))
        .map(|(capability, purpose)| format!("{capability} ({purpose})"))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Missing { missing }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_capability_is_named() {
        let error = check(|capability| capability == Capability::CAP_BPF).unwrap_err().to_string();
        assert!(error.contains("CAP_PERFMON (") && error.contains("CAP_NET_ADMIN ("), "{error}");
        assert!(!error.contains("CAP_BPF"), "{error}");
        assert_eq!(check(|_| true), Ok(()));
    }
}
