//! This host's own addresses.

use std::{collections::HashSet, net::IpAddr};

use nix::ifaddrs::getifaddrs;

/// Every address on an interface of the calling thread's network namespace; none if the kernel does not say.
#[must_use]
pub fn own_addresses() -> HashSet<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    });
    addresses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_loopback_address_is_our_own() {
        let own = own_addresses();
        assert!(own.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{own:?}");
        assert!(!own.contains(&IpAddr::V4(Ipv4Addr::BROADCAST)));
    }
}
