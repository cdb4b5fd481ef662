//! The market that is answered from, by symbol. Knows no site.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::market::{CorporateAction, DailyBar, Interval, MarketData, MinuteBar, Symbol};

/// All rows by symbol, each list in the order of time.
#[derive(Debug, Default)]
pub(super) struct Table {
    days: BTreeMap<Symbol, Vec<DailyBar>>,
    minutes: BTreeMap<(Symbol, Interval), Vec<MinuteBar>>,
    actions: BTreeMap<Symbol, Vec<CorporateAction>>,
    names: BTreeMap<Symbol, (String, Date)>,
}

impl Table {
    pub(super) fn new(market: MarketData) -> Self {
        let mut table = Self::default();
        for bar in market.daily.into_iter().filter(|bar| !bar.suspended) {
            table.days.entry(bar.symbol).or_default().push(bar);
        }
        for bar in market.index {
            let day = DailyBar {
                date: bar.date,
                symbol: bar.symbol,
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                volume: bar.volume,
                amount: None,
                preclose: None,
                adj_factor: f64::NAN,
                suspended: false,
                source: "index".into(),
            };
            table.days.entry(bar.symbol).or_default().push(day);
        }
        for (interval, bars) in market.minute {
            for bar in bars {
                table.minutes.entry((bar.symbol, interval)).or_default().push(bar);
            }
        }
        for action in market.actions {
            table.actions.entry(action.symbol).or_default().push(action);
        }
        for event in market.securities {
            let listed = table.names.get(&event.symbol).map_or(event.date, |(_, listed)| *listed);
            table.names.insert(event.symbol, (event.name.to_string(), listed));
        }
        table.days.values_mut().for_each(|bars| bars.sort_by_key(|bar| bar.date));
        table.minutes.values_mut().for_each(|bars| bars.sort_by_key(|bar| bar.ts));
        table
    }

    pub(super) fn days(&self, symbol: Symbol) -> &[DailyBar] {
        self.days.get(&symbol).map_or(&[], Vec::as_slice)
    }

    pub(super) fn minutes(&self, symbol: Symbol, interval: Interval) -> &[MinuteBar] {
        self.minutes.get(&(symbol, interval)).map_or(&[], Vec::as_slice)
    }

    /// Returns the newest day, of the symbols that the market has.
    pub(super) fn last_day(&self, symbol: Symbol) -> Option<&DailyBar> {
        self.days(symbol).last()
    }

    /// Returns the close of the day before `date`, or the day's own reference price.
    pub(super) fn preclose(&self, bar: &DailyBar) -> f64 {
        let before = self.days(bar.symbol).iter().rev().find(|before| before.date < bar.date);
        bar.preclose.or(before.map(|before| before.close)).unwrap_or(bar.open)
    }

    /// Returns name and listing date; a symbol whose events are not known has its digits for a name.
    pub(super) fn profile(&self, symbol: Symbol) -> (String, Option<Date>) {
        match self.names.get(&symbol) {
            Some((name, listed)) if !name.is_empty() => (name.clone(), Some(*listed)),
            Some((_, listed)) => (format!("股票{:06}", symbol.code()), Some(*listed)),
            None => (format!("股票{:06}", symbol.code()), self.days(symbol).first().map(|bar| bar.date)),
        }
    }

    /// Returns the cash paid after `date`, CNY a share: what subtractive adjustment takes off a price.
    pub(super) fn cash_after(&self, symbol: Symbol, date: Date) -> f64 {
        let actions = self.actions.get(&symbol).map_or(&[][..], Vec::as_slice);
        actions.iter().filter(|action| action.ex_date > date).map(|action| action.cash_per_10 / 10.0).sum()
    }
}
