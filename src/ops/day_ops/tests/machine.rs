//! Disk, clock, ports, and what is in force but not committed.

use std::{collections::BTreeMap, net::TcpListener};

use super::room::{MORNING, Room, assert_only, not_ok};
use crate::ops::day_ops::{CheckName, DayOpsOptions, Grade};

#[test]
fn full_disk_is_seen() {
    let room = Room::nighted();
    let huge = [("ops.min_free_disk_bytes", "1125899906842624")];
    assert_only(&room.morning(&huge), &[(CheckName::Disk, Grade::Fail)], "asks for 1073741824 MiB");
}

#[test]
fn clock_that_runs_backwards_and_an_open_market_are_seen() {
    let room = Room::nighted();
    let real = [("data_sources.market.kind", "directory")];
    let open = room.day_ops("2025-07-01T10:00:00+08:00", &real, &DayOpsOptions::default()).report;
    assert_only(&open, &[(CheckName::Clock, Grade::Warning)], "open since 09:15");
    let closed = room.day_ops("2025-07-01T10:00:05+08:00", &[], &DayOpsOptions::default()).report;
    assert_eq!(not_ok(&closed), BTreeMap::new(), "a simulated market is never open");
    let back = room.morning(&[]);
    assert_only(&back, &[(CheckName::Clock, Grade::Fail)], "the clock is 54");
}

#[test]
fn what_is_in_force_but_not_committed_is_seen() {
    let room = Room::nighted();
    room.write("strategy/u3.luau", |_| "return {}".into());
    assert_only(&room.morning(&[]), &[(CheckName::Config, Grade::Warning)], "1 files, strategy/u3.luau");
    room.commit();
    room.write("config/system_config.json", |text| format!("// looked at\n{text}"));
    assert_only(&room.morning(&[]), &[(CheckName::Config, Grade::Warning)], "config/system_config.json");
    room.commit();
    let with = |set: &str| DayOpsOptions { overrides: vec![set.into()], ..DayOpsOptions::default() };
    let moved = room.day_ops(MORNING, &[], &with("monitor.port=9000")).report;
    assert_eq!(not_ok(&moved), BTreeMap::new(), "where something listens is not what is traded");
    let other = room.day_ops(MORNING, &[], &with("risk.max_leverage=0.9")).report;
    assert_only(&other, &[(CheckName::Config, Grade::Warning)], "risk.max_leverage=0.9");
}

#[test]
fn port_of_another_process_is_told_from_our_own() {
    let room = Room::nighted();
    let held = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = held.local_addr().expect("bound").port().to_string();
    let sets = [("monitor.port", port.as_str())];
    let own = std::process::id();
    assert_only(&room.morning(&sets), &[(CheckName::Ports, Grade::Warning)], &format!("taken by pid {own}"));
    room.plant_state(|state| state.monitor.pid = own);
    assert_eq!(not_ok(&room.morning(&sets)), BTreeMap::new(), "the monitor of this workspace may hold it");
}
