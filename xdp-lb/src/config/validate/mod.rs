//! raw → validated. Every check adds its findings and goes on, so that one run shows all that is wrong.

mod backend;
mod choice;
mod datapath;
mod findings;
mod health;
mod listeners;
mod selection;
mod service;
mod unique;
mod value;

use findings::{Checked, Findings};
use toml::Spanned;

use super::{
    diagnostic::{Diagnostic, Severity},
    host::Host,
    raw::{Raw, RawService},
    types::Config,
};

/// The configuration, if it can be used, and what there is to say about it.
pub(super) fn validate(raw: &Raw, host: &dyn Host) -> (Option<Config>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let config = config(raw, host, &mut findings);
    let (findings, errors) = findings.finish();
    (config.ok().filter(|_| !errors), findings)
}

fn config(raw: &Raw, host: &dyn Host, findings: &mut Findings) -> Checked<Config> {
    let datapath = datapath::datapath(raw, host, findings);
    let api = listeners::api(raw.api.as_ref(), findings);
    let metrics = raw.metrics.as_ref().map(|metrics| listeners::metrics(metrics, findings));
    let mut unique = unique::Unique::default();
    let services: Vec<_> =
        raw.service.iter().map(|service| service::service(service, &mut unique, findings)).collect();
    unique.finish(findings);
    let config = Config {
        datapath: datapath?,
        api: api?,
        metrics: metrics.transpose()?,
        services: services.into_iter().collect::<Checked<_>>()?,
    };
    warn(&raw.service, findings);
    Ok(config)
}

/// Warnings that are about all services together.
fn warn(services: &[Spanned<RawService>], findings: &mut Findings) {
    if services.is_empty() {
        let warning = Diagnostic::of_file(Severity::Warning, "there is no `[[service]]`");
        findings.warning(warning.note("every packet passes to the kernel"));
    }
}
