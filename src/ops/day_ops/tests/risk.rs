//! Limits, strategy code and the kill switch.

use std::collections::BTreeMap;

use super::room::{Room, Sets, assert_only, not_ok};
use crate::ops::day_ops::{CheckName, Grade};

#[test]
fn limits_that_protect_nothing_are_seen() {
    let room = Room::nighted();
    let cases: [(Sets<'_>, Grade, &str); 6] = [
        (&[("risk.max_dd_total", "1.0")], Grade::Fail, "can never trip"),
        (&[("risk.max_dd_total", "0.6")], Grade::Warning, "above 0.5"),
        (&[("risk.max_dd_intraday", "0.3")], Grade::Warning, "never halted first"),
        (&[("risk.max_leverage", "2.0")], Grade::Warning, "risk.max_leverage is 2"),
        (&[("risk.max_order_value", "5000000")], Grade::Warning, "largest account's cash 1000000"),
        (
            &[("risk.whitelist_symbols", "[\"600000.SH\"]"), ("risk.blacklist_symbols", "[\"600000.SH\"]")],
            Grade::Fail,
            "nothing may be bought",
        ),
    ];
    for (sets, grade, words) in cases {
        assert_only(&room.morning(sets), &[(CheckName::RiskLimits, grade)], words);
    }
}

#[test]
fn broken_strategy_is_seen() {
    let room = Room::nighted();
    room.write("strategy/u1.luau", |text| format!("{text}\nthis is no program"));
    room.commit();
    assert_only(&room.morning(&[]), &[(CheckName::Strategies, Grade::Fail)], "strategy/u1.luau");
    let room = Room::nighted();
    room.write("strategy/portfolio.luau", |text| text.replace("0.4", "1.4"));
    room.commit();
    assert_only(&room.morning(&[]), &[(CheckName::Strategies, Grade::Fail)], "strategy/portfolio.luau");
}

#[test]
fn kill_switch_fails_until_it_is_released() {
    let room = Room::nighted();
    room.ledger().trip_kill_switch("paper_main", "2025-06-30T10:00:00", "drawdown 21 %", "run").expect("tripped");
    assert_only(&room.morning(&[]), &[(CheckName::KillSwitches, Grade::Fail)], "paper_main is tripped");
    room.ledger().release_kill_switch("paper_main", "2025-07-01T08:00:00", "me", "looked").expect("released");
    assert_eq!(not_ok(&room.morning(&[])), BTreeMap::new());
}
