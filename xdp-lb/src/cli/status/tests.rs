//! What people see.

use super::*;
use crate::model::example;

#[test]
fn ages_and_bytes_are_short() {
    for (seconds, text) in
        [(0, "0s"), (59, "59s"), (61, "1m1s"), (3661, "1h1m"), (90_000, "1d1h"), (-5, "0s")]
    {
        assert_eq!(age(SignedDuration::from_secs(seconds)), text);
    }
    for (count, text) in
        [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (u64::MAX, "18446.7 PB")]
    {
        assert_eq!(bytes(count), text);
    }
}

#[test]
fn everything_that_is_not_as_configured_is_seen() {
    let text = render(&example::status(), example::now(), false);
    let expected = "
xdp-lb 0.1.0, process 7, up 1d1h
/etc/xdp-lb/config.toml, revision 2, applied 1m1s ago
interfaces eth0 (native), eth1 (not attached: it is gone)
! IPv4 forwarding is off

web  192.0.2.10:80 tcp nat maglev, 100 slots (37 moving, 9 waiting), 70 packets, 10.5 kB, 14 connections, 2 dropped
   BACKEND  ADDRESS        WEIGHT  SHARE  HEALTH       SINCE  PACKETS   BYTES  CONNS  REASON
   web-1    10.0.0.1:8080       1  40.0%  up           1m30s       10  1.5 kB      2  connected
   web-2    10.0.0.2:8080       5   0.0%  up, drain    1m30s       10  1.5 kB      2  connected; configured weight 1; \
30 slots move away; 4 connections on others' slots
 ! web-3    10.0.0.3:8080       1   0.0%  down          1h1m       10  1.5 kB      2  connection refused (3 in a row)
 ! web-4    10.0.0.4:8080       1   0.0%  no way       1m30s       10  1.5 kB      2  eth0 has no carrier
   web-5    10.0.0.5:8080       1  60.0%  unknown         5s       10  1.5 kB      2  not checked yet; added at run time
   web-1    10.0.0.6:8080       1   0.0%  up, leaving  1m30s       10  1.5 kB      2  connected; 7 slots move away; \
3 connections on others' slots
   web-7    10.0.0.7:8080       1   0.0%  up, maint    1m30s       10  1.5 kB      2  connected

dropped packets
  no-backend                      2  No backend.";
    assert_eq!(text.trim_end(), expected.trim_start());
}

#[test]
fn colours_are_for_terminals() {
    let shown = |color| render(&example::status(), example::now(), color);
    assert!(shown(true).contains("\x1b[") && !shown(false).contains('\x1b'));
}
