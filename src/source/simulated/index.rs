//! The index of a simulated market: 000300.SH, all shares listed before the window, by shares outstanding.

use super::{
    Window,
    life::{Day, Life},
};
use crate::market::{Exchange, IndexBar, Symbol};

/// The code of the index.
const CODE: u32 = 300;

/// The value before the first session.
const BASE: f64 = 3500.0;

/// Of the way from the index's open and close to its members' extremes, the part that the index goes: the
/// members do not reach theirs at one time.
const EXTREME_PART: f64 = 0.4;

/// Makes the index, a bar a session.
pub(super) fn bars(window: &Window, lives: &[Life]) -> Vec<IndexBar> {
    let Ok(symbol) = Symbol::new(CODE, Exchange::Sh) else { return Vec::new() };
    let mut last = BASE;
    let bar = |(at, date): (usize, &jiff::civil::Date)| {
        let members = members(lives, at);
        let worth_before = worth(&members, |day| day.preclose.unwrap_or(day.close));
        let value = |price: fn(&Day) -> i64| {
            if worth_before > 0.0 { last * worth(&members, price) / worth_before } else { last }
        };
        let (open, close) = (value(|day| day.open), value(|day| day.close));
        let (top, bottom) = (open.max(close), open.min(close));
        let high = top + EXTREME_PART * (value(|day| day.high) - top);
        let low = bottom + EXTREME_PART * (value(|day| day.low) - bottom);
        let volume = members.iter().map(|(_, day)| day.volume).sum();
        last = points(close);
        IndexBar {
            date: *date,
            symbol,
            open: points(open),
            high: points(high),
            low: points(low),
            close: last,
            volume: Some(volume),
        }
    };
    window.sessions.iter().enumerate().map(bar).collect()
}

/// Returns the members of a session: shares outstanding and the day.
fn members(lives: &[Life], at: usize) -> Vec<(i64, &Day)> {
    lives.iter().filter(|life| !life.is_new).filter_map(|life| Some((life.shares, life.day(at)?))).collect()
}

fn worth(members: &[(i64, &Day)], price: impl Fn(&Day) -> i64) -> f64 {
    members.iter().map(|(shares, day)| i128::from(*shares) * i128::from(price(day))).sum::<i128>() as f64
}

fn points(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
