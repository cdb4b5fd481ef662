//! Lays a panel of daily bars out as expressions see it, all of it or its last sessions.

use std::sync::Arc;

use jiff::civil::Date;

use super::{AlignedPanel, FIELDS, aligned::Sessions};
use crate::market::{DailyPanel, Field};

/// A symbol that has rows: its code, its number in the panel, its first and last session.
type Span = (Arc<str>, usize, (usize, usize));

impl AlignedPanel {
    /// Takes a daily panel: prices x factor, volume / factor, `vwap` of amount and volume, `amount` and
    /// `factor` as they are. Sessions without a bar in the whole panel are rows too.
    #[must_use]
    pub fn from_daily(panel: &DailyPanel) -> Self {
        Self::from_daily_since(panel, 0, None)
    }

    /// As [`from_daily`](Self::from_daily), for the panel's session `first`, all after it, and `back` sessions of
    /// the calendar before it (all where there is no number). Windows of the rows from `first` on that look back so
    /// far see what they see among all rows.
    pub(super) fn from_daily_since(panel: &DailyPanel, first: usize, back: Option<usize>) -> Self {
        let symbols = panel.symbols().len();
        let has_trade = |day: &usize| (0..symbols).any(|symbol| panel.trades(symbol, *day));
        let dates = (0..panel.dates().len()).filter(has_trade).filter_map(|day| panel.dates().get(day).copied());
        let Sessions { dates: sessions, origin, on_calendar } = Sessions::of(&dates.collect());
        let before = |date: &Date| sessions.partition_point(|session| session < date);
        // Windows count from the calendar's number of a row: where it has none, from the first row of all.
        let start = match back.filter(|_| on_calendar) {
            Some(back) => panel.dates().get(first).map_or(sessions.len(), before).saturating_sub(back),
            None => 0,
        };
        let sessions = sessions.get(start..).unwrap_or_default().to_vec();
        let places: Vec<Option<usize>> = panel.dates().iter().map(|date| sessions.binary_search(date).ok()).collect();
        let mut own: Vec<Span> = (0..symbols).filter_map(|symbol| span(panel, symbol, &places)).collect();
        own.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let codes = own.iter().map(|(code, ..)| Arc::clone(code)).collect();
        let spans: Vec<(usize, usize)> = own.iter().map(|(.., span)| *span).collect();
        let mut aligned = Self::of_spans(codes, (sessions, origin + start), &spans);
        let mut fields = FIELDS.map(|_| vec![f64::NAN; aligned.rows()]);
        let days: Vec<(usize, usize)> =
            places.iter().enumerate().filter_map(|(day, place)| Some((day, (*place)?))).collect();
        for (at, (_, symbol, _)) in own.iter().enumerate() {
            for (day, session) in days.iter().filter(|(day, _)| panel.trades(*symbol, *day)) {
                let Some(row) = aligned.cell((at, *session)) else { continue };
                for (column, value) in fields.iter_mut().zip(values(panel, *symbol, *day)) {
                    if let Some(cell) = column.get_mut(row) {
                        *cell = value;
                    }
                }
            }
        }
        FIELDS.iter().zip(fields).for_each(|(name, values)| aligned.push(name, values));
        aligned
    }
}

/// Returns the sessions from a symbol's first trade to its last; none where it has none. `places` are those of the
/// panel's days among the sessions that are laid out: what traded before the first of them has rows from there on,
/// for an expression may make a number of a row without any.
fn span(panel: &DailyPanel, symbol: usize, places: &[Option<usize>]) -> Option<Span> {
    let trades = |day: &usize| panel.trades(symbol, *day);
    let first = (0..places.len()).find(trades)?;
    let last = places.get((0..places.len()).rev().find(trades)?).copied()??;
    let code = panel.symbols().get(symbol)?.to_string();
    Some((code.into(), symbol, (places.get(first).copied()?.unwrap_or(0), last)))
}

/// Returns the [`FIELDS`] of a session that a symbol traded; NaN where unknown.
fn values(panel: &DailyPanel, symbol: usize, day: usize) -> [f64; 8] {
    let at = |field: Field| panel.at(field, symbol, day);
    let factor = positive(at(Field::AdjFactor));
    let [open, high, low, close] =
        [Field::Open, Field::High, Field::Low, Field::Close].map(|field| positive(at(field)) * factor);
    let (shares, amount) = (at(Field::Volume), at(Field::Amount));
    let values = [open, high, low, close, shares / factor, amount / shares * factor, amount, factor];
    values.map(|value| if value.is_finite() { value } else { f64::NAN })
}

fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use crate::{
        market::{DailyBar, DailyPanel},
        research::{
            factor::{AlignedPanel, ExpressionSet},
            testing::{expression_set, random_bars},
        },
    };

    /// A market in which a symbol is listed late, one is gone early, one pauses, and one day lacks all bars.
    fn bars() -> Vec<DailyBar> {
        let mut bars = random_bars(6, 90);
        let panel = DailyPanel::from_bars(&bars);
        let (symbols, dates) = (panel.symbols().to_vec(), panel.dates().to_vec());
        bars.retain(|bar| bar.symbol != symbols[1] || bar.date >= dates[80]);
        bars.retain(|bar| bar.symbol != symbols[2] || bar.date < dates[40]);
        bars.retain(|bar| bar.symbol != symbols[3] || !(dates[60]..dates[85]).contains(&bar.date));
        bars.retain(|bar| bar.symbol != symbols[4] || bar.date < dates[82]);
        bars.retain(|bar| bar.date != dates[70]);
        bars
    }

    #[test]
    fn last_sessions_laid_out_alone_give_the_numbers_of_all() {
        let texts = [
            ("m", "Mean($close, 20)"),
            ("s", "Std($close, 7)"),
            ("i", "IdxMax($high, 13) - IdxMin($low, 13)"),
            ("n", "Count($close > 0, 9) + Sum($close <= 10, 5)"),
            ("r", "Ref($close, 12) / $close"),
            ("c", "Corr($close, $volume, 9)"),
            ("l", "Slope($close, 10)"),
        ];
        let set = ExpressionSet::read(&expression_set(&texts), &[]).expect("sound");
        let on_calendar = bars();
        let off_calendar: Vec<DailyBar> = on_calendar
            .iter()
            .map(|bar| DailyBar { date: bar.date.saturating_sub(jiff::Span::new().years(12)), ..bar.clone() })
            .collect();
        for bars in [on_calendar, off_calendar] {
            let panel = DailyPanel::from_bars(&bars);
            let all = AlignedPanel::from_daily(&panel);
            for first in [0, 1, 15, 30, 65, 75, 86, 88, 89] {
                let cut = AlignedPanel::from_daily_since(&panel, first, set.lookback());
                let date = panel.dates().get(first);
                let wanted = |aligned: &AlignedPanel| {
                    let sessions = aligned.sessions();
                    sessions.len() - date.map_or(sessions.len(), |date| sessions.partition_point(|own| own < date))
                };
                let of = |aligned: &AlignedPanel| {
                    let got = set.compute(aligned, Some(wanted(aligned)), 1).expect("computed");
                    let key = |(symbol, session): &(usize, usize)| {
                        (aligned.codes()[*symbol].clone(), aligned.sessions()[*session])
                    };
                    let bits = |column: &Vec<f64>| column.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
                    (got.keys.iter().map(key).collect::<Vec<_>>(), got.columns.iter().map(bits).collect::<Vec<_>>())
                };
                assert_eq!(of(&cut), of(&all), "from {first}");
                assert!(
                    first < 45 || cut.rows() < all.rows() || all.sessions().len() == panel.dates().len(),
                    "{first}"
                );
            }
        }
    }
}
