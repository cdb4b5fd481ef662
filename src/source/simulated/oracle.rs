//! Holds every row of a simulated market against the rules of `market`, independently of how it was made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{LAST_SESSION, Listing, SimulatedSpec, generate, listings};
use crate::{
    digest::Hasher,
    market::{
        Board, Calendar, CorporateAction, DailyBar, Interval, LimitCase, LotRule, MarketData, MinuteBar, PriceBand,
        SecurityHistory, Symbol,
        adjust::{adjustment_step, ex_reference_price},
        session, tick,
    },
    seed::Seed,
};

fn spec(seed: u64, symbols: usize, days: usize, minute_days: usize) -> SimulatedSpec {
    SimulatedSpec { seed: Seed(seed), symbols, days, minute_days, last_session: LAST_SESSION }
}

fn fen(price: f64) -> i64 {
    assert!(tick::is_on_tick(price), "{price} is not on a tick");
    tick::fen(price).expect("a price")
}

/// What is wrong with a market; empty when every row obeys.
struct Oracle<'a> {
    spec: &'a SimulatedSpec,
    data: &'a MarketData,
    wrong: Vec<String>,
}

/// Returns all violations of a market.
fn violations(spec: &SimulatedSpec, data: &MarketData) -> Vec<String> {
    let mut oracle = Oracle { spec, data, wrong: Vec::new() };
    for listing in listings(spec).expect("a market") {
        oracle.check_symbol(&listing);
    }
    oracle.check_orders();
    oracle.check_minutes();
    oracle.wrong
}

impl Oracle<'_> {
    fn expect(&mut self, holds: bool, what: impl Fn() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    fn window(&self) -> &'static [Date] {
        let calendar = Calendar::builtin();
        let first = calendar.offset(self.spec.last_session, 1 - self.spec.days as i64).expect("inside");
        calendar.sessions(first..=self.spec.last_session).expect("inside")
    }

    fn check_orders(&mut self) {
        let data = self.data;
        let daily = data.daily.is_sorted_by(|a, b| (a.date, a.symbol) < (b.date, b.symbol));
        let actions = data.actions.is_sorted_by(|a, b| (a.ex_date, a.symbol) < (b.ex_date, b.symbol));
        let minute = data.minute[&Interval::M1].is_sorted_by(|a, b| (a.ts, a.symbol) < (b.ts, b.symbol));
        let securities = data.securities.is_sorted_by(|a, b| (a.date, a.symbol) < (b.date, b.symbol));
        self.expect(daily && actions && minute && securities, || "a table is out of order".to_owned());
        let index: Vec<Date> = data.index.iter().map(|bar| bar.date).collect();
        self.expect(index == self.window(), || "the index misses sessions".to_owned());
        let ordered =
            data.index.iter().all(|bar| bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
        self.expect(ordered, || "an index bar's prices are out of order".to_owned());
    }

    fn check_symbol(&mut self, listing: &Listing) {
        let rows: Vec<&DailyBar> = self.data.daily.iter().filter(|bar| bar.symbol == listing.symbol).collect();
        let listed = listing.listed_on.unwrap_or(self.window()[0]);
        let is_listed = |date: &&Date| **date >= listed && listing.delisted_on.is_none_or(|end| **date < end);
        let expected: Vec<Date> = self.window().iter().filter(is_listed).copied().collect();
        let dates: Vec<Date> = rows.iter().map(|bar| bar.date).collect();
        self.expect(dates == expected, || format!("{}: rows are not the sessions since {listed}", listing.symbol));
        self.check_history(listing, &rows);
        for (age, bar) in rows.iter().enumerate() {
            let before = age.checked_sub(1).map(|before| rows[before]);
            self.check_bar(bar);
            self.check_reference(bar, before, listing);
            let band = PriceBand::of(&LimitCase {
                symbol: bar.symbol,
                date: bar.date,
                reference: bar.preclose.unwrap_or(bar.open),
                is_st: listing.is_st(bar.date),
                sessions_since_listing: listing.listed_on.map(|_| age as u32),
            });
            let inside = band.is_none_or(|band| bar.suspended || (band.contains(bar.high) && band.contains(bar.low)));
            self.expect(inside, || format!("{} {}: beyond the limit", bar.symbol, bar.date));
        }
    }

    /// What the market tells of a symbol must be what its rows are.
    fn check_history(&mut self, listing: &Listing, rows: &[&DailyBar]) {
        let (symbol, history) = (listing.symbol, SecurityHistory::of(&self.data.securities));
        let of = (history.listed_on(symbol, Date::MAX), history.delisted_on(symbol, Date::MAX));
        let told = of == (listing.listed_on, listing.delisted_on);
        self.expect(rows.is_empty() || told, || format!("{symbol}: listing or delisting is not told"));
        for date in self.window() {
            let has_row = rows.binary_search_by_key(date, |bar| bar.date).is_ok();
            let agrees = history.is_listed(symbol, *date) == has_row || rows.is_empty();
            let st = !has_row || history.is_st(symbol, *date) == listing.is_st(*date);
            self.expect(agrees && st, || format!("{symbol} {date}: the history does not fit"));
        }
    }

    fn check_bar(&mut self, bar: &DailyBar) {
        let name = || format!("{} {}", bar.symbol, bar.date);
        let on_tick = [bar.open, bar.high, bar.low, bar.close].iter().all(|price| tick::is_on_tick(*price));
        self.expect(on_tick, || format!("{}: a price off the tick", name()));
        let ordered = 0.0 < bar.low && bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high;
        self.expect(ordered, || format!("{}: prices out of order", name()));
        let (volume, amount) = (bar.volume.expect("a volume"), tick::fen(bar.amount.expect("an amount")));
        let amount = amount.expect("an amount in fen");
        let lots = LotRule::of(bar.symbol.board());
        self.expect(bar.suspended == (volume == 0), || format!("{}: volume and suspension disagree", name()));
        self.expect(volume == 0 || lots.may_buy(volume), || format!("{}: {volume} shares are no lots", name()));
        let (low, high) = (tick::fen(bar.low).unwrap_or(0), tick::fen(bar.high).unwrap_or(0));
        let within = low * volume <= amount && amount <= high * volume;
        self.expect(within, || format!("{}: the average price is outside the bar", name()));
        self.expect(bar.source.as_ref() == self.spec.source(), || format!("{}: a foreign source", name()));
    }

    fn check_reference(&mut self, bar: &DailyBar, before: Option<&DailyBar>, listing: &Listing) {
        let name = || format!("{} {}", bar.symbol, bar.date);
        let is_ex = |action: &&CorporateAction| action.symbol == bar.symbol && action.ex_date == bar.date;
        let actions: Vec<CorporateAction> = self.data.actions.iter().filter(is_ex).cloned().collect();
        self.expect(actions.is_empty() || !bar.suspended, || format!("{}: ex while suspended", name()));
        let Some(before) = before else {
            let told = bar.preclose.is_some() == listing.listed_on.is_none();
            self.expect(told && bar.adj_factor == 1.0, || format!("{}: a wrong first row", name()));
            return;
        };
        let expected = ex_reference_price(before.close, &actions);
        self.expect(bar.preclose == expected, || format!("{}: preclose is not {expected:?}", name()));
        let step = adjustment_step(before.close, bar.preclose.unwrap_or(before.close));
        let factor = before.adj_factor * step;
        self.expect((bar.adj_factor / factor - 1.0).abs() < 1e-12, || format!("{}: factor is not {factor}", name()));
        let is_flat = [bar.open, bar.high, bar.low, bar.close].iter().all(|price| *price == before.close);
        self.expect(!bar.suspended || is_flat, || format!("{}: prices move in a suspension", name()));
    }

    fn check_minutes(&mut self) {
        let mut of_day: BTreeMap<(Date, Symbol), Vec<&MinuteBar>> = BTreeMap::new();
        for bar in &self.data.minute[&Interval::M1] {
            of_day.entry((bar.ts.date(), bar.symbol)).or_default().push(bar);
        }
        let first = self.window().get(self.spec.days.saturating_sub(self.spec.minute_days)).copied();
        let expected: BTreeSet<(Date, Symbol)> = self
            .data
            .daily
            .iter()
            .filter(|bar| first.is_some_and(|first| bar.date >= first) && !bar.suspended)
            .map(|bar| (bar.date, bar.symbol))
            .collect();
        let present: BTreeSet<(Date, Symbol)> = of_day.keys().copied().collect();
        self.expect(present == expected, || "minute bars are not those of the days that traded".to_owned());
        for bar in &self.data.daily {
            if let Some(minutes) = of_day.get(&(bar.date, bar.symbol)) {
                self.check_day_of_minutes(bar, minutes);
            }
        }
    }

    fn check_day_of_minutes(&mut self, day: &DailyBar, minutes: &[&MinuteBar]) {
        let name = || format!("{} {} by minutes", day.symbol, day.date);
        let ends: Vec<_> = minutes.iter().map(|bar| bar.ts.time()).collect();
        self.expect(ends == session::bar_ends(Interval::M1), || format!("{}: labels", name()));
        let sum = |of: fn(&MinuteBar) -> Option<i64>| minutes.iter().filter_map(|bar| of(bar)).sum::<i64>();
        let high = minutes.iter().map(|bar| fen(bar.high)).max().expect("bars");
        let low = minutes.iter().map(|bar| fen(bar.low)).min().expect("bars");
        let (open, close) = (minutes[0].open, minutes[minutes.len() - 1].close);
        self.expect(open == day.open && close == day.close, || format!("{}: open or close", name()));
        self.expect((low, high) == (fen(day.low), fen(day.high)), || format!("{}: high or low", name()));
        self.expect(Some(sum(|bar| bar.volume)) == day.volume, || format!("{}: volume", name()));
        let amount = sum(|bar| bar.amount.and_then(tick::fen));
        self.expect(Some(amount) == day.amount.and_then(tick::fen), || format!("{}: amount", name()));
        let mut last = minutes[0].open;
        for bar in minutes {
            let (volume, amount) = (bar.volume.expect("volume"), bar.amount.and_then(tick::fen).expect("amount"));
            let ordered = bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high;
            let within = fen(bar.low) * volume <= amount && amount <= fen(bar.high) * volume;
            self.expect(ordered && within, || format!("{} {}: prices or amount", name(), bar.ts));
            let lots = volume == 0 || LotRule::of(bar.symbol.board()).may_buy(volume);
            self.expect(lots, || format!("{} {}: {volume} shares are no lots", name(), bar.ts));
            let carried = volume > 0 || (bar.low, bar.high) == (last, last);
            self.expect(carried, || format!("{} {}: prices move without a trade", name(), bar.ts));
            last = bar.close;
        }
        let silent = minutes[237..239].iter().all(|bar| bar.volume == Some(0));
        self.expect(silent, || format!("{}: trades during the closing call", name()));
    }
}

#[test]
fn every_row_obeys_the_rules_under_many_seeds() {
    let specs = [
        spec(Seed::DEFAULT.0, 60, 500, 5),
        spec(1, 60, 120, 3),
        spec(2, 30, 300, 20),
        spec(3, 1, 1, 5),
        spec(4, 9, 5, 0),
        spec(u64::MAX, 100, 60, 60),
        SimulatedSpec { last_session: jiff::civil::date(2026, 12, 31), ..spec(5, 40, 250, 2) },
        SimulatedSpec { last_session: jiff::civil::date(2021, 12, 31), ..spec(6, 40, 700, 2) },
    ];
    for spec in specs {
        let wrong = violations(&spec, &generate(&spec).expect("a market"));
        assert!(wrong.is_empty(), "{spec:?}: {} violations, such as {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }
}

/// A way to spoil a market at one of its daily rows.
type Plant = fn(&mut MarketData, usize);

#[test]
fn oracle_sees_planted_errors() {
    let spec = spec(7, 10, 40, 2);
    let good = generate(&spec).expect("a market");
    assert!(violations(&spec, &good).is_empty());
    let at = good.daily.iter().rposition(|bar| !bar.suspended).expect("a trading day");
    let plants: [(&str, Plant); 13] = [
        ("off the tick", |data, at| data.daily[at].open += 0.003),
        ("beyond the limit", |data, at| data.daily[at].high *= 2.0),
        ("high below close", |data, at| data.daily[at].high = data.daily[at].low - 0.01),
        ("no lots", |data, at| data.daily[at].volume = Some(7)),
        ("no volume", |data, at| data.daily[at].volume = Some(0)),
        ("turnover", |data, at| data.daily[at].amount = data.daily[at].amount.map(|amount| amount * 2.0)),
        ("preclose", |data, at| data.daily[at].preclose = data.daily[at].preclose.map(|price| price + 0.01)),
        ("factor", |data, at| data.daily[at].adj_factor *= 1.001),
        ("missing row", |data, at| drop(data.daily.remove(at))),
        ("missing minute", |data, _| drop(data.minute.get_mut(&Interval::M1).expect("minutes").pop())),
        ("minute amount", |data, _| data.minute.get_mut(&Interval::M1).expect("minutes")[0].amount = Some(0.01)),
        ("order", |data, _| data.daily.swap(0, 1)),
        ("ST not told", |data, _| data.securities.retain(|event| !event.status.is_st())),
    ];
    for (what, plant) in plants {
        let mut bad = good.clone();
        plant(&mut bad, at);
        assert!(!violations(&spec, &bad).is_empty(), "not seen: {what}");
    }
}

#[test]
fn default_market_has_every_kind_of_day() {
    let spec = SimulatedSpec::default();
    let data = generate(&spec).expect("a market");
    let listings = listings(&spec).expect("a market");
    let boards = |of: &dyn Fn(&Listing) -> bool| -> BTreeSet<Board> {
        listings.iter().filter(|listing| of(listing)).map(|listing| listing.symbol.board()).collect()
    };
    assert_eq!(boards(&|_| true).len(), 4, "all boards");
    assert_eq!(boards(&|listing| listing.listed_on.is_some()).len(), 4, "a new listing on each board");
    let st: BTreeMap<Symbol, Date> = listings.iter().filter_map(|of| Some((of.symbol, of.st_from?))).collect();
    let count = |of: &dyn Fn(&DailyBar) -> bool| data.daily.iter().filter(|bar| of(bar)).count();
    let is_one_price = |bar: &DailyBar| !bar.suspended && bar.low == bar.high;
    assert!(count(&|bar| bar.suspended) > 50);
    assert!(count(&|bar| is_one_price(bar) && Some(bar.close) > bar.preclose) > 10);
    assert!(count(&|bar| is_one_price(bar) && Some(bar.close) < bar.preclose) > 5);
    assert!(count(&|bar| st.get(&bar.symbol).is_some_and(|from| *from <= bar.date)) > 300);
    assert!(count(&|bar| bar.preclose.is_none()) == 8, "one row of each new listing");
    let delisted: Vec<Symbol> =
        listings.iter().filter(|listing| listing.delisted_on.is_some()).map(|listing| listing.symbol).collect();
    assert_eq!(delisted.len(), 1, "one share leaves the market: {delisted:?}");
    let history = SecurityHistory::of(&data.securities);
    let at_st_limit = |bar: &DailyBar| {
        let case = LimitCase { is_st: true, ..LimitCase::ordinary(bar.symbol, bar.date, bar.preclose.unwrap_or(0.0)) };
        let band = PriceBand::of(&case);
        !bar.suspended
            && bar.symbol.board() == Board::Main
            && history.is_st(bar.symbol, bar.date)
            && band.is_some_and(|band| band.is_up(bar.close) || band.is_down(bar.close))
    };
    assert!(count(&at_st_limit) > 5, "{} closes at a limit of 5 %", count(&at_st_limit));
    let with = |of: &dyn Fn(&CorporateAction) -> bool| data.actions.iter().filter(|action| of(action)).count();
    assert!(with(&|action| action.cash_per_10 > 0.0) > 50);
    assert!(with(&|action| action.bonus_per_10 > 0.0) > 5);
    assert!(with(&|action| action.rights_per_10 > 0.0) > 2);
}

/// Returns the digest of all rows of a market.
fn digest(data: &MarketData) -> String {
    let mut hasher = Hasher::new("simulated market");
    for bar in &data.daily {
        hasher.text(&bar.date.to_string()).text(&bar.symbol.to_string()).text(&bar.source);
        hasher.float(bar.open).float(bar.high).float(bar.low).float(bar.close).float(bar.adj_factor);
        hasher.int(bar.volume.unwrap_or(-1)).float(bar.amount.unwrap_or(-1.0)).float(bar.preclose.unwrap_or(-1.0));
        hasher.int(i64::from(bar.suspended));
    }
    for bar in &data.index {
        hasher.text(&bar.date.to_string()).text(&bar.symbol.to_string()).int(bar.volume.unwrap_or(-1));
        hasher.float(bar.open).float(bar.high).float(bar.low).float(bar.close);
    }
    for bar in data.minute.values().flatten() {
        hasher.text(&bar.ts.to_string()).text(&bar.symbol.to_string()).text(&bar.source);
        hasher.float(bar.open).float(bar.high).float(bar.low).float(bar.close);
        hasher.int(bar.volume.unwrap_or(-1)).float(bar.amount.unwrap_or(-1.0));
    }
    for action in &data.actions {
        hasher.text(&action.ex_date.to_string()).text(&action.symbol.to_string()).float(action.cash_per_10);
        hasher.float(action.bonus_per_10).float(action.rights_per_10).float(action.rights_price);
    }
    for event in &data.securities {
        hasher
            .text(&event.date.to_string())
            .text(&event.symbol.to_string())
            .text(event.status.name())
            .text(&event.name);
    }
    hasher.finish().to_string()
}

#[test]
fn same_seed_gives_the_same_bytes_for_ever() {
    let of = |spec: &SimulatedSpec| digest(&generate(spec).expect("a market"));
    assert_eq!(of(&SimulatedSpec::default()), "944c181f63f54a71fab1d2efb782abb88d506f6099ce1409e0b5ce65ef428365");
    assert_eq!(of(&spec(7, 10, 40, 2)), "d27b46841ef44d4889019625fc9c626a5547acd1f475afc30cf2cedd51e6cb0f");
    assert_ne!(of(&spec(7, 10, 40, 2)), of(&spec(8, 10, 40, 2)));
}

#[test]
fn more_symbols_change_no_row_of_the_others() {
    let (few, many) = (generate(&spec(9, 7, 80, 1)), generate(&spec(9, 25, 80, 1)));
    let (few, many) = (few.expect("a market"), many.expect("a market"));
    let known: BTreeSet<Symbol> = few.daily.iter().map(|bar| bar.symbol).collect();
    assert_eq!(known.len(), 7);
    let daily: Vec<DailyBar> = many.daily.into_iter().filter(|bar| known.contains(&bar.symbol)).collect();
    assert_eq!(daily, few.daily);
    let minutes = many.minute[&Interval::M1].iter().filter(|bar| known.contains(&bar.symbol));
    assert!(minutes.eq(&few.minute[&Interval::M1]));
}

/// Returns the correlation of two columns.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// Returns the mean over the sessions, and its t value, of the correlation across symbols of the last five
/// sessions' return, its sign turned, with the next one's.
fn reversal_ic(data: &MarketData) -> (f64, f64) {
    let mut last: BTreeMap<Symbol, Vec<f64>> = BTreeMap::new();
    let mut daily: BTreeMap<Date, Vec<(f64, f64)>> = BTreeMap::new();
    for bar in &data.daily {
        let Some(preclose) = bar.preclose else { continue };
        let change = bar.close / preclose - 1.0;
        let before = last.entry(bar.symbol).or_default();
        if before.len() >= 10 && !bar.suspended {
            let signal = -before[before.len() - 5..].iter().sum::<f64>();
            daily.entry(bar.date).or_default().push((signal, change));
        }
        before.push(change);
    }
    let ics: Vec<f64> = daily.values().map(|pairs| correlation(pairs)).collect();
    let mean = ics.iter().sum::<f64>() / ics.len() as f64;
    let variance = ics.iter().map(|ic| (ic - mean) * (ic - mean)).sum::<f64>() / (ics.len() - 1) as f64;
    (mean, mean / (variance / ics.len() as f64).sqrt())
}

#[test]
fn reversal_can_be_learned() {
    for seed in [Seed::DEFAULT.0, 1, 2, 3] {
        let (ic, t) = reversal_ic(&generate(&spec(seed, 60, 500, 0)).expect("a market"));
        println!("seed {seed}: ic {ic:.4} t {t:.1}");
        assert!((0.02..0.12).contains(&ic) && t > 3.0, "seed {seed}: mean ic {ic}, t {t}");
    }
}

#[test]
fn markets_out_of_bounds_are_refused() {
    let refused = |spec: SimulatedSpec| generate(&spec).expect_err("refused").to_string();
    for (spec, what) in [
        (spec(1, 0, 10, 0), "0 symbols"),
        (spec(1, 3001, 10, 0), "3001 symbols"),
        (spec(1, 10, 0, 0), "0 sessions"),
        (spec(1, 10, 9000, 0), "outside the trading calendar"),
        (spec(1, 3000, 8000, 0), "rows"),
        (SimulatedSpec { last_session: jiff::civil::date(2025, 6, 28), ..spec(1, 10, 10, 0) }, "not a trading session"),
        (SimulatedSpec { last_session: jiff::civil::date(2027, 1, 4), ..spec(1, 10, 10, 0) }, "outside"),
    ] {
        let message = refused(spec);
        assert!(message.contains(what), "{message}");
    }
}
