//! Values that are one word of a few, some of which this version does not provide.

use super::findings::{Checked, Findings};
use crate::config::{
    diagnostic::Diagnostic,
    raw::Text,
    suggest::{list, nearest, quoted},
    types::{Algorithm, Attach, Forwarding, NoBackend, Protocol, Track},
};

/// The words a key may have. Those without a value are documented, but not available in this version.
pub(super) struct Choice<T: 'static> {
    /// The key.
    pub(super) key: &'static str,
    /// What its absence means.
    pub(super) default: T,
    /// The words and what they mean.
    pub(super) words: &'static [(&'static str, Option<T>)],
}

pub(super) static ATTACH: Choice<Attach> = Choice {
    key: "attach",
    default: Attach::Auto,
    words: &[
        ("auto", Some(Attach::Auto)),
        ("native", Some(Attach::Native)),
        ("generic", Some(Attach::Generic)),
    ],
};

pub(super) static PROTOCOL: Choice<Protocol> = Choice {
    key: "protocol",
    default: Protocol::Tcp,
    words: &[("tcp", Some(Protocol::Tcp)), ("udp", Some(Protocol::Udp))],
};

pub(super) static FORWARDING: Choice<Forwarding> = Choice {
    key: "forwarding",
    default: Forwarding::Nat,
    words: &[
        ("nat", Some(Forwarding::Nat)),
        ("dsr", Some(Forwarding::Dsr)),
        ("ipip", None),
        ("gue", None),
        ("snat", None),
    ],
};

pub(super) static ALGORITHM: Choice<Algorithm> = Choice {
    key: "algorithm",
    default: Algorithm::Maglev,
    words: &[
        ("maglev", Some(Algorithm::Maglev)),
        ("round-robin", Some(Algorithm::RoundRobin)),
        ("least-connections", Some(Algorithm::LeastConnections)),
        ("least-response-time", Some(Algorithm::LeastResponseTime)),
    ],
};

/// What a client's next connection has to do with its last one.
#[derive(Clone, Copy)]
pub(super) enum Affinity {
    None,
    ClientIp,
}

pub(super) static AFFINITY: Choice<Affinity> = Choice {
    key: "affinity",
    default: Affinity::None,
    words: &[("none", Some(Affinity::None)), ("client-ip", Some(Affinity::ClientIp))],
};

pub(super) static TRACK: Choice<Track> = Choice {
    key: "track",
    default: Track::Auto,
    words: &[("auto", Some(Track::Auto)), ("always", Some(Track::Always))],
};

pub(super) static NO_BACKEND: Choice<NoBackend> = Choice {
    key: "no_backend",
    default: NoBackend::Drop,
    words: &[("drop", Some(NoBackend::Drop)), ("reject", Some(NoBackend::Reject))],
};

/// How backends are checked.
#[derive(Clone, Copy)]
pub(super) enum Check {
    Tcp,
    None,
}

pub(super) static CHECK: Choice<Check> = Choice {
    key: "type",
    default: Check::Tcp,
    words: &[
        ("tcp", Some(Check::Tcp)),
        ("none", Some(Check::None)),
        ("http", None),
        ("https", None),
        ("udp", None),
        ("dns", None),
        ("exec", None),
    ],
};

impl<T: Copy> Choice<T> {
    /// What `text` means; the default where it is absent.
    pub(super) fn pick(&self, text: Option<&Text>, findings: &mut Findings) -> Checked<T> {
        let Some(text) = text else { return Ok(self.default) };
        match self.words.iter().find(|(word, _)| word == text.get_ref()) {
            Some((_, Some(value))) => Ok(*value),
            Some((_, None)) => Err(findings.error(self.unavailable(text))),
            None => Err(findings.error(self.unknown(text))),
        }
    }

    fn unavailable(&self, text: &Text) -> Diagnostic {
        let message = format!("`{} = \"{}\"` is not available in this version", self.key, text.get_ref());
        Diagnostic::error(text.span(), message).help(format!("available: {}", list(self.available())))
    }

    fn unknown(&self, text: &Text) -> Diagnostic {
        let message = format!("{} is not a value of `{}`", quoted(text.get_ref()), self.key);
        let fault = Diagnostic::error(text.span(), message);
        match nearest(text.get_ref(), self.words.iter().map(|(word, _)| *word)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!("available: {}", list(self.available()))),
        }
    }

    fn available(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().filter(|(_, value)| value.is_some()).map(|(word, _)| *word)
    }
}
