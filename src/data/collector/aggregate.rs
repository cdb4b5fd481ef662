//! Quotes into 1-minute bars. A bar is named by its end; a quote of 09:30:00 to 09:30:59 belongs to the bar of
//! 09:31. Pure: whoever polls hands the quotes over and writes the bars.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{
    Span,
    civil::{DateTime, Time, time},
};

use crate::{
    market::{Interval, MinuteBar, Symbol, session::bar_index},
    source::web::Quote,
};

/// Makes bars of the quotes of one source.
#[derive(Debug, Clone)]
pub struct MinuteAggregator {
    source: Arc<str>,
    open: BTreeMap<Symbol, OpenBar>,
    /// What had been traded when the last bar ended.
    totals: BTreeMap<Symbol, Total>,
}

/// What had been traded by the end of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Total {
    end: DateTime,
    volume: i64,
    amount: f64,
    /// Whether nothing is missing in it: no bar of the day lies between its bars that nobody saw.
    is_whole: bool,
}

#[derive(Debug, Clone)]
struct OpenBar {
    bar: MinuteBar,
    /// The newest quote's totals of the day.
    volume: i64,
    amount: f64,
}

impl MinuteAggregator {
    /// Makes an aggregator without a quote.
    #[must_use]
    pub fn new(source: Arc<str>) -> Self {
        Self { source, open: BTreeMap::new(), totals: BTreeMap::new() }
    }

    /// Tells what the bars of a day hold that are written already, so that the next one goes on from there. Where a
    /// minute has no bar nobody knows whether it traded: the sum is then no total, and the next bar not made.
    pub fn resume<'a>(&mut self, bars: impl IntoIterator<Item = &'a MinuteBar>) {
        let mut written: BTreeMap<Symbol, Vec<&MinuteBar>> = BTreeMap::new();
        for bar in bars.into_iter().filter(|bar| bar.source == self.source) {
            written.entry(bar.symbol).or_default().push(bar);
        }
        for (symbol, mut bars) in written {
            bars.sort_by_key(|bar| bar.ts);
            let places = bars.iter().map(|bar| bar_index(Interval::M1, bar.ts.time()));
            let is_whole = places.enumerate().all(|(number, place)| place == Some(number));
            let Some(end) = bars.last().map(|bar| bar.ts) else { continue };
            let volume = bars.iter().filter_map(|bar| bar.volume).sum();
            let amount = bars.iter().filter_map(|bar| bar.amount).sum();
            self.totals.insert(symbol, Total { end, volume, amount, is_whole });
        }
    }

    /// Takes a quote and returns the bar that it ends, if it is the first of a later minute. Quotes outside of
    /// trading hours, older than the open bar, or before the first trade make no bar.
    pub fn take(&mut self, quote: &Quote) -> Option<MinuteBar> {
        let end = bar_end(quote.at)?;
        if quote.last <= 0.0 || quote.volume <= 0 {
            return None;
        }
        let finished = match self.open.get_mut(&quote.symbol) {
            Some(open) if end < open.bar.ts => return None,
            Some(open) if end == open.bar.ts => {
                open.add(quote);
                return None;
            }
            Some(_) => self.close(quote.symbol),
            None => None,
        };
        let known = self.totals.get(&quote.symbol).is_none_or(|total| total.end < end);
        if known {
            self.open.insert(quote.symbol, OpenBar::of(quote, end, &self.source));
        }
        finished
    }

    /// Ends the bars whose minute is over at `now` and returns them, by symbol.
    pub fn end_before(&mut self, now: DateTime) -> Vec<MinuteBar> {
        let over: Vec<Symbol> =
            self.open.iter().filter(|(_, open)| open.bar.ts <= now).map(|(symbol, _)| *symbol).collect();
        over.into_iter().filter_map(|symbol| self.close(symbol)).collect()
    }

    /// Ends a symbol's bar. What it traded is the day's total less that at the end of the bar before; where
    /// nobody knows that, the bar only tells the next one where it begins.
    fn close(&mut self, symbol: Symbol) -> Option<MinuteBar> {
        let OpenBar { mut bar, volume, amount } = self.open.remove(&symbol)?;
        let total = Total { end: bar.ts, volume, amount, is_whole: true };
        let before = self.totals.insert(symbol, total).filter(|before| before.end.date() == bar.ts.date());
        let is_first = bar_index(Interval::M1, bar.ts.time()) == Some(0);
        let before = match before {
            Some(before) if before.is_whole && follows(before.end, bar.ts) => before,
            None if is_first => Total { end: bar.ts, volume: 0, amount: 0.0, is_whole: true },
            _ => return None,
        };
        if volume < before.volume {
            return None;
        }
        bar.volume = Some(volume - before.volume);
        bar.amount = Some((amount - before.amount).max(0.0));
        // A minute without a trade has no bar: its prices would be those of another minute.
        (volume > before.volume).then_some(bar)
    }
}

impl OpenBar {
    fn of(quote: &Quote, end: DateTime, source: &Arc<str>) -> Self {
        let price = quote.last;
        let bar = MinuteBar {
            ts: end,
            symbol: quote.symbol,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: None,
            amount: None,
            source: Arc::clone(source),
        };
        Self { bar, volume: quote.volume, amount: quote.amount }
    }

    fn add(&mut self, quote: &Quote) {
        self.bar.high = self.bar.high.max(quote.last);
        self.bar.low = self.bar.low.min(quote.last);
        self.bar.close = quote.last;
        self.volume = self.volume.max(quote.volume);
        self.amount = self.amount.max(quote.amount);
    }
}

/// Returns the end of the bar that a moment belongs to. What trades at the close of a half-day belongs to its last
/// bar, and the opening call's trade to the first.
fn bar_end(at: DateTime) -> Option<DateTime> {
    let (open, noon, close) = (time(9, 25, 0, 0), time(11, 30, 0, 0), time(15, 0, 0, 0));
    let clock = at.time();
    let minute = Time::new(clock.hour(), clock.minute(), 0, 0).ok()?;
    let end = match clock {
        clock if clock >= open && clock < time(9, 31, 0, 0) => time(9, 31, 0, 0),
        clock if minute == noon || minute == close => clock.with().second(0).subsec_nanosecond(0).build().ok()?,
        _ => minute.checked_add(Span::new().minutes(1)).ok()?,
    };
    bar_index(Interval::M1, end).map(|_| at.date().to_datetime(end))
}

/// Says whether no bar lies between two bar ends of a day.
fn follows(before: DateTime, end: DateTime) -> bool {
    let place = |at: DateTime| bar_index(Interval::M1, at.time());
    matches!((place(before), place(end)), (Some(before), Some(end)) if before + 1 == end)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MinuteAggregator;
    use crate::{
        market::{MinuteBar, Symbol},
        source::web::Quote,
    };

    fn symbol() -> Symbol {
        "600000.SH".parse().expect("a symbol")
    }

    fn quote(hour: i8, minute: i8, second: i8, last: f64, volume: i64) -> Quote {
        Quote {
            symbol: symbol(),
            name: "x".into(),
            at: jiff::civil::date(2025, 1, 2).at(hour, minute, second, 0),
            last,
            open: 10.0,
            high: 11.0,
            low: 9.0,
            preclose: 10.0,
            volume,
            amount: volume as f64 * 10.0,
        }
    }

    fn told(bar: &MinuteBar) -> (String, [f64; 4], i64) {
        let prices = [bar.open, bar.high, bar.low, bar.close];
        (bar.ts.time().to_string(), prices, bar.volume.expect("a volume"))
    }

    #[test]
    fn quotes_make_the_bars_of_their_minutes() {
        let mut aggregator = MinuteAggregator::new(Arc::from("s"));
        let quotes = [
            quote(9, 25, 3, 10.0, 500),
            quote(9, 30, 10, 10.2, 700),
            quote(9, 30, 50, 9.9, 900),
            quote(9, 30, 40, 10.1, 800),
            quote(9, 31, 5, 10.0, 1000),
            quote(9, 31, 59, 10.3, 1500),
            quote(9, 32, 0, 10.3, 1500),
            quote(9, 33, 0, 10.5, 1600),
        ];
        let bars: Vec<MinuteBar> = quotes.iter().filter_map(|quote| aggregator.take(quote)).collect();
        let expected = [
            ("09:31:00".to_owned(), [10.0, 10.2, 9.9, 10.1], 900),
            ("09:32:00".to_owned(), [10.0, 10.3, 10.0, 10.3], 600),
        ];
        assert_eq!(bars.iter().map(told).collect::<Vec<_>>(), expected, "9:33 traded nothing");
        let rest = aggregator.end_before(jiff::civil::date(2025, 1, 2).at(9, 35, 0, 0));
        assert_eq!(rest.iter().map(told).collect::<Vec<_>>(), [("09:34:00".to_owned(), [10.5; 4], 100)]);
    }

    #[test]
    fn volumes_go_on_from_the_bars_that_are_written() {
        let mut first = MinuteAggregator::new(Arc::from("s"));
        let mut bars = Vec::new();
        for quote in [quote(9, 30, 10, 10.0, 700), quote(9, 31, 10, 10.0, 900)] {
            bars.extend(first.take(&quote));
        }
        let mut second = MinuteAggregator::new(Arc::from("s"));
        second.resume(&bars);
        let after = [quote(9, 31, 30, 10.1, 950), quote(9, 32, 1, 10.1, 1000)];
        let bars: Vec<MinuteBar> = after.iter().filter_map(|quote| second.take(quote)).collect();
        assert_eq!(bars.iter().map(told).collect::<Vec<_>>(), [("09:32:00".to_owned(), [10.1; 4], 250)]);
    }

    #[test]
    fn volumes_do_not_go_on_from_bars_with_a_hole() {
        let mut first = MinuteAggregator::new(Arc::from("s"));
        let quotes = [(30, 700), (31, 900), (33, 1500), (34, 1700), (35, 1800)];
        let bars: Vec<MinuteBar> =
            quotes.iter().filter_map(|(minute, volume)| first.take(&quote(9, *minute, 10, 10.0, *volume))).collect();
        let ends: Vec<String> = bars.iter().map(|bar| told(bar).0).collect();
        assert_eq!(ends, ["09:31:00", "09:32:00", "09:35:00"], "nobody saw 09:33");
        let mut second = MinuteAggregator::new(Arc::from("s"));
        second.resume(&bars);
        let after = [quote(9, 35, 30, 10.0, 1850), quote(9, 36, 10, 10.0, 1900), quote(9, 37, 10, 10.0, 1950)];
        let bars: Vec<MinuteBar> = after.iter().filter_map(|quote| second.take(quote)).collect();
        let expected = [("09:37:00".to_owned(), [10.0; 4], 50)];
        assert_eq!(bars.iter().map(told).collect::<Vec<_>>(), expected, "09:36 begins at a total that nobody knows");
    }

    #[test]
    fn a_bar_whose_beginning_was_not_seen_is_not_invented() {
        let mut aggregator = MinuteAggregator::new(Arc::from("s"));
        let quotes = [
            quote(10, 0, 30, 10.0, 5000),
            quote(10, 1, 30, 10.0, 5100),
            quote(10, 2, 30, 10.0, 5300),
            quote(11, 29, 30, 10.0, 6000),
            quote(12, 10, 0, 10.0, 6000),
            quote(13, 0, 10, 10.0, 6100),
        ];
        let bars: Vec<MinuteBar> = quotes.iter().filter_map(|quote| aggregator.take(quote)).collect();
        let expected = [("10:02:00".to_owned(), [10.0; 4], 100), ("10:03:00".to_owned(), [10.0; 4], 200)];
        assert_eq!(bars.iter().map(told).collect::<Vec<_>>(), expected, "11:30 follows no bar that was seen");
        let mut noon = MinuteAggregator::new(Arc::from("s"));
        let quotes = [
            quote(11, 28, 1, 10.0, 10),
            quote(11, 29, 1, 10.0, 30),
            quote(11, 30, 0, 10.0, 50),
            quote(13, 0, 1, 10.0, 60),
        ];
        let bars: Vec<MinuteBar> = quotes.iter().filter_map(|quote| noon.take(quote)).collect();
        assert_eq!(bars.iter().map(told).collect::<Vec<_>>(), [("11:30:00".to_owned(), [10.0; 4], 40)]);
    }
}
