//! How backends are selected.

use std::time::Duration;

use super::{Case, TestHost, check, parse};
use crate::config::{Algorithm, NoBackend, Service, Track};

const CASES: &[Case<'_>] = &[
    Case {
        name: "out of range",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
algorithm = "round-robin"
affinity = "client-ip"
affinity_timeout = "65536s"
idle_timeout = "999ms"
slow_start = "25h"
panic_threshold = 101
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `affinity_timeout` must not be longer than 18h 12m 15s
 --> config.toml:7:20
  |
7 | affinity_timeout = "65536s"
  |                    ^^^^^^^^

error: `idle_timeout` must not be shorter than 1s
 --> config.toml:8:16
  |
8 | idle_timeout = "999ms"
  |                ^^^^^^^

error: `slow_start` must not be longer than a day
 --> config.toml:9:14
  |
9 | slow_start = "25h"
  |              ^^^^^

error: `panic_threshold` must be between 0 and 100
  --> config.toml:10:19
   |
10 | panic_threshold = 101
   |                   ^^^
"#,
    },
    Case {
        name: "not whole seconds, or none",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "a"
vip = "192.0.2.10:80"
affinity = "client-ip"
affinity_timeout = "1s 500ms"
backend = [{ address = "10.0.1.11" }]

[[service]]
name = "b"
vip = "192.0.2.11:80"
affinity = "client-ip"
affinity_timeout = "500ms"
backend = [{ address = "10.0.1.12" }]
"#,
        report: r#"
error: `affinity_timeout` must be whole seconds
 --> config.toml:6:20
  |
6 | affinity_timeout = "1s 500ms"
  |                    ^^^^^^^^^^

error: `affinity_timeout` must not be shorter than 1s
  --> config.toml:13:20
   |
13 | affinity_timeout = "500ms"
   |                    ^^^^^^^
"#,
    },
    Case {
        name: "a timeout of nothing",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
affinity_timeout = "10m"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: `affinity_timeout` without affinity
 --> config.toml:5:20
  |
5 | affinity_timeout = "10m"
  |                    ^^^^^
  |
  = note: no client is remembered
  = help: add `affinity = "client-ip"`, or leave it out
"#,
    },
    Case {
        name: "response times that nobody measures",
        text: r#"
datapath.interfaces = ["eth0"]
[[service]]
name = "web"
vip = "192.0.2.10:80"
forwarding = "dsr"
algorithm = "least-response-time"
health.type = "none"
backend = [{ address = "10.0.1.11" }]
"#,
        report: r#"
error: nothing measures the response times of this service
 --> config.toml:6:13
  |
6 | algorithm = "least-response-time"
  |             ^^^^^^^^^^^^^^^^^^^^^
  |
  = note: with dsr replies do not pass here: the times are those of health checks, and there are none
  = help: give it a health check, or use `algorithm = "least-connections"`
"#,
    },
];

#[test]
fn reports() {
    CASES.iter().for_each(check);
}

/// A service with these keys, and `backend` as its backend's.
fn service(keys: &str, backend: &str) -> Service {
    let text = format!(
        "datapath.interfaces = [\"eth0\"]\n[[service]]\nname = \"web\"\nvip = \"192.0.2.10:80\"\n{keys}\n\
         backend = [{{ address = \"10.0.1.11\"{backend} }}]"
    );
    let loaded = parse("config.toml", &text, &TestHost).unwrap_or_else(|report| panic!("{report}"));
    loaded.config.services.into_iter().next().unwrap()
}

#[test]
fn what_is_said_is_taken() {
    let all = service(
        "algorithm = \"least-response-time\"\naffinity = \"client-ip\"\naffinity_timeout = \"65535s\"\n\
         track = \"always\"\nidle_timeout = \"1s\"\nslow_start = \"24h\"\npanic_threshold = 100\n\
         no_backend = \"reject\"",
        ", backup = true, max_connections = 4294967295",
    );
    assert_eq!(
        (all.algorithm, all.affinity),
        (Algorithm::LeastResponseTime, Some(Duration::from_secs(65_535)))
    );
    assert_eq!((all.track, all.idle_timeout), (Track::Always, Duration::from_secs(1)));
    assert_eq!((all.slow_start, all.panic_threshold), (Some(Duration::from_hours(24)), 100));
    assert_eq!(all.no_backend, NoBackend::Reject);
    assert_eq!((all.backends[0].backup, all.backends[0].max_connections), (true, Some(u32::MAX)));
    assert_eq!(service("slow_start = \"0s\"", "").slow_start, None);
    assert_eq!(service("affinity = \"client-ip\"", "").affinity, Some(Duration::from_mins(10)));
    for (word, algorithm) in [
        ("maglev", Algorithm::Maglev),
        ("round-robin", Algorithm::RoundRobin),
        ("least-connections", Algorithm::LeastConnections),
        ("least-response-time", Algorithm::LeastResponseTime),
    ] {
        let read = service(&format!("algorithm = \"{word}\""), "").algorithm;
        assert_eq!((read, read.to_string().as_str()), (algorithm, word));
    }
}

#[test]
fn flows_are_noted_where_something_needs_it() {
    for (keys, backend, tracked) in [
        ("", "", false),
        (
            "track = \"auto\"\naffinity = \"none\"\nslow_start = \"1m\"\npanic_threshold = 50",
            ", backup = true",
            false,
        ),
        ("track = \"always\"", "", true),
        ("affinity = \"client-ip\"", "", true),
        ("algorithm = \"round-robin\"", "", true),
        ("algorithm = \"least-connections\"", "", true),
        ("algorithm = \"least-response-time\"", "", true),
        ("", ", max_connections = 1", true),
    ] {
        assert_eq!(service(keys, backend).is_tracked(), tracked, "{keys}{backend}");
    }
}

#[test]
fn checks_measure_what_replies_cannot() {
    for (keys, timed) in [
        ("algorithm = \"least-response-time\"", false),
        ("algorithm = \"least-response-time\"\nforwarding = \"dsr\"", true),
        ("algorithm = \"least-connections\"\nforwarding = \"dsr\"", false),
    ] {
        assert_eq!(service(keys, "").is_timed_by_checks(), timed, "{keys}");
    }
}
