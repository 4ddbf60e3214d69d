//! Programs that the demonstration and the network tests run. None of their packages starts a service.

use crate::workspace::find_program;

/// Programs, and the packages they come in.
const PROGRAMS: [(&str, &str); 4] =
    [("ip", "iproute2"), ("ethtool", "ethtool"), ("curl", "curl"), ("nsenter", "util-linux")];

/// The packages of the programs that are not there.
pub(super) fn missing_packages() -> Vec<&'static str> {
    PROGRAMS
        .iter()
        .filter(|(program, _)| find_program(program).is_none())
        .map(|(_, package)| *package)
        .collect()
}

/// What is there, in one line.
pub(super) fn describe() -> String {
    let names: Vec<_> = PROGRAMS.iter().map(|(program, _)| *program).collect();
    format!("{} are there for the tests' networks", names.join(", "))
}
