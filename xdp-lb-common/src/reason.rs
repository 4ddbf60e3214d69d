//! Why a packet was dropped: the program's error type, a counter's index, a metric's label and an operator's word.

macro_rules! drop_reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $value:literal $label:literal,)+) => {
        /// Why a packet was dropped. Values are never renumbered or reused.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum DropReason { $($(#[doc = $doc])+ $variant = $value,)+ }

        impl DropReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// One more than the largest value: the length of [`crate::map::DROPS`].
            pub const LEN: u32 = { let mut len = 0; $(if $value >= len { len = $value + 1; })+ len };

            /// The word in metrics and listings.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label,)+ } }

            /// One sentence for people.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

drop_reasons! {
    /// The service has no usable backend.
    NoBackend = 1 "no-backend",
    /// The backend's next hop is not known.
    NoNextHop = 2 "no-next-hop",
    /// The TTL or hop limit ran out on this host.
    TtlExpired = 3 "ttl-expired",
    /// The IP header's length contradicts the frame's.
    BadIpLength = 4 "bad-ip-length",
    /// The TCP header is shorter than 20 bytes or longer than the packet.
    BadTcpHeader = 5 "bad-tcp-header",
    /// The UDP length is under 8 or exceeds the packet.
    BadUdpLength = 6 "bad-udp-length",
    /// The host's routes or rules forbid the way to the client: blackhole, unreachable or prohibit.
    NoRouteToClient = 7 "no-route-to-client",
    /// A map holds something that the daemon never writes.
    Inconsistent = 8 "inconsistent",
    /// The backend's interface is not among the configured ones.
    NoDevice = 9 "no-device",
    /// Every backend that could take the connection has its `max_connections`.
    BackendsFull = 10 "backends-full",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn values_and_labels_are_unique_and_zero_is_free() {
        let values: HashSet<u32> = DropReason::ALL.iter().map(|&reason| reason as u32).collect();
        let labels: HashSet<&str> = DropReason::ALL.iter().map(|reason| reason.label()).collect();
        assert_eq!((values.len(), labels.len()), (DropReason::ALL.len(), DropReason::ALL.len()));
        assert!(!values.contains(&0) && values.iter().all(|&value| value < DropReason::LEN));
    }
}
