//! The demonstration.

/// Shows the balancer at work.
pub(crate) fn run() -> anyhow::Result<()> {
    anyhow::bail!("the demonstration is not built yet")
}
