//! Chains of digests over the sessions of a night's panel and label: two nights with the same link after a session
//! have the same sessions up to it. Opens nothing and decides nothing.

use jiff::civil::Date;

use crate::{
    digest::{Digest, Hasher},
    market::{Calendar, DailyPanel, Field, SecurityHistory, SecurityStatus, Symbol},
    research::{dataset::DatasetRule, label::LabelFrame},
};

/// Says whether every session of a panel is one of the exchanges' calendar.
pub(super) fn on_calendar(panel: &DailyPanel) -> bool {
    let (Some(first), Some(last)) = (panel.dates().first(), panel.dates().last()) else { return false };
    let sessions = Calendar::builtin().sessions(*first..=*last);
    sessions.is_ok_and(|sessions| panel.dates().iter().all(|date| sessions.binary_search(date).is_ok()))
}

/// Returns the chain of a panel's sessions: the bars that traded, and a symbol's first bar, which says when it was
/// listed. Suspended rows that a repair puts in between take no part in any number.
pub(super) fn bars_chain(panel: &DailyPanel) -> Vec<Digest> {
    let days = panel.dates().len();
    let first_bar = |symbol: usize| (0..days).find(|day| panel.has_bar(symbol, *day));
    let listed: Vec<Option<usize>> = (0..panel.symbols().len()).map(first_bar).collect();
    let columns = Field::ALL.map(|field| panel.column(field));
    chain("carried bars", days, |day, hasher| {
        hasher.text(&panel.dates().get(day).map(ToString::to_string).unwrap_or_default());
        for (symbol, (name, listed)) in panel.symbols().iter().zip(&listed).enumerate() {
            let (trades, lists) = (panel.trades(symbol, day), *listed == Some(day));
            if trades || lists {
                hasher.int(i64::from(name.code())).text(name.exchange().suffix()).int(i64::from(trades));
                // Limits and the universe follow from what the share was on that day.
                hasher.text(panel.status(symbol, day).map_or("", SecurityStatus::name));
                hasher.int(i64::from(panel.knows(symbol))).int(i64::from(panel.is_listed(symbol, day)));
                hasher.int(panel.sessions_since_listing(symbol, day).map_or(-1, i64::from));
                let cell = symbol * days + day;
                columns
                    .iter()
                    .filter_map(|column| column.get(cell))
                    .fold(&mut *hasher, |hasher, value| hasher.float(*value));
            }
        }
    })
}

/// Returns the digest of what was told of securities up to a date. The chain of the bars has what follows from it;
/// this says why that differs.
pub(super) fn securities_digest(history: &SecurityHistory, symbols: &[Symbol], until: Date) -> Digest {
    let mut hasher = Hasher::new("carried securities");
    for symbol in symbols {
        for (date, status) in history.events_of(*symbol).iter().filter(|(date, _)| *date <= until) {
            hasher.text(&symbol.to_string()).text(&date.to_string()).text(status.name());
        }
    }
    hasher.finish()
}

/// Returns the chain of the label that a rule learns: its known values, and whether they could be traded where that counts.
pub(super) fn labels_chain(labels: &LabelFrame, rule: &DatasetRule) -> Vec<Digest> {
    let Ok(label) = labels.label(&rule.label) else { return Vec::new() };
    let days = labels.dates.len();
    chain("carried labels", days, |day, hasher| {
        hasher.text(&labels.dates.get(day).map(ToString::to_string).unwrap_or_default());
        for (symbol, name) in labels.symbols.iter().enumerate() {
            let cell = symbol * days + day;
            let value = label.values.get(cell).copied().unwrap_or(f64::NAN);
            if value.is_nan() {
                continue;
            }
            let tradable = !labels.entry.get(cell).is_some_and(|entry| entry.is_untradable());
            hasher.int(i64::from(name.code())).text(name.exchange().suffix()).float(value);
            hasher.int(i64::from(!rule.tradable_only || tradable));
        }
    })
}

/// Returns the start of a chain and the link of every session after it.
fn chain(domain: &str, sessions: usize, mut put: impl FnMut(usize, &mut Hasher)) -> Vec<Digest> {
    let mut chain = vec![Hasher::new(domain).finish()];
    for session in 0..sessions {
        let mut hasher = Hasher::new(domain);
        if let Some(last) = chain.last() {
            hasher.digest(last);
        }
        put(session, &mut hasher);
        chain.push(hasher.finish());
    }
    chain
}
