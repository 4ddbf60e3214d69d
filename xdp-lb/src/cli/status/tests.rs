//! What people see.

use super::*;
use crate::model::example;

#[test]
fn everything_that_is_not_as_configured_is_seen() {
    let text = render(&example::status(), example::now(), false);
    let expected = "
xdp-lb 0.1.0, process 7, up 1d1h
/etc/xdp-lb/config.toml, revision 2, applied 1m1s ago
interfaces eth0 (native), eth1 (not attached: it is gone)
! IPv4 forwarding is off

web  192.0.2.10:80 tcp nat maglev, 100 slots (37 moving, 9 waiting)
   3.0 new/s, 75 packets/s, 9.0 kB/s; so far 14 connections, 70 packets, 10.5 kB, 2 dropped (1 rejected), \
4 flows not noted
   BACKEND  ADDRESS        WEIGHT  SHARE  HEALTH       SINCE  LIVE  NEW/S  PACKETS/S  REASON
   web-1    10.0.0.1:8080       1  40.0%  up           1m30s     -    0.5         12  connected
   web-2    10.0.0.2:8080       5   0.0%  up, drain    1m30s     -    0.5         12  connected; configured weight 1; \
30 slots move away; 4 connections on others' slots
 ! web-3    10.0.0.3:8080       1   0.0%  down          1h1m     -    0.5         12  connection refused (3 in a row)
 ! web-4    10.0.0.4:8080       1   0.0%  no way       1m30s     -    0.5         12  eth0 has no carrier
   web-5    10.0.0.5:8080       1  60.0%  unknown         5s     -      -          -  not checked yet; added at run time; \
backup; slow start 40%
   web-1    10.0.0.6:8080       1   0.0%  up, leaving  1m30s     -    0.5         12  connected; 7 slots move away; \
3 connections on others' slots
   web-7    10.0.0.7:8080       1   0.0%  up, maint    1m30s     -    0.5         12  connected

dropped packets
  no-backend                      2  No backend.";
    assert_eq!(text.trim_end(), expected.trim_start());
}

#[test]
fn live_connections_are_shown_where_all_are_known() {
    let mut status = example::status();
    status.services[0].tracked = true;
    let text = render(&status, example::now(), false);
    for line in [
        "   18 live, 7 pending, 3.0 new/s, 75 packets/s, 9.0 kB/s; so far 14 connections, 70 packets,",
        "   web-1    10.0.0.1:8080       1  40.0%  up           1m30s     3    0.5         12  connected",
        "   web-5    10.0.0.5:8080       1  60.0%  unknown         5s     0      -          -  not checked yet",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

#[test]
fn right_after_the_start_no_rates_are_shown() {
    let mut status = example::status();
    status.services[0].rates = None;
    let text = render(&status, example::now(), false);
    assert!(text.contains("\n   so far 14 connections, 70 packets, 10.5 kB"), "{text}");
}

#[test]
fn colours_are_for_terminals() {
    let shown = |color| render(&example::status(), example::now(), color);
    assert!(shown(true).contains("\x1b[") && !shown(false).contains('\x1b'));
}
