//! What the kernel knows: interfaces, routes, neighbours. The only module that speaks netlink.
