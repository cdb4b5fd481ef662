//! The label frame: the columns of a label spec over a panel.

use jiff::civil::Date;

use super::{
    Entry,
    family::{self, Future},
};
use crate::{
    config::{Family, Label, LabelSpec},
    digest::{Digest, Hasher},
    market::{DailyPanel, Field, Symbol, UniverseRule},
    research::{ResearchError, factor::is_hole},
};

/// One label over S symbols x D sessions.
#[derive(Debug, Clone)]
pub struct LabelColumn {
    /// The label's id.
    pub id: String,
    /// Sessions of future that it reads.
    pub horizon: usize,
    /// S x D numbers; NaN where today or a session that the label reads did not trade or is not known.
    pub values: Vec<f64>,
    /// Why there is no number at all, where there is none.
    pub reason: Option<String>,
}

/// Label columns over S symbols x D sessions, laid out as in [`DailyPanel`].
#[derive(Debug, Clone)]
pub struct LabelFrame {
    /// The labels in the spec's order.
    pub labels: Vec<LabelColumn>,
    /// S x D: whether the next session's open could be bought.
    pub entry: Vec<Entry>,
    /// The symbols, ascending; S of them.
    pub symbols: Vec<Symbol>,
    /// The sessions, ascending; D of them.
    pub dates: Vec<Date>,
}

impl LabelFrame {
    /// Returns a label's column.
    ///
    /// # Errors
    /// When there is no such label; names the nearest.
    pub fn label(&self, id: &str) -> Result<&LabelColumn, ResearchError> {
        let known = || self.labels.iter().map(|label| label.id.as_str());
        self.labels.iter().find(|label| label.id == id).ok_or_else(|| ResearchError::unknown("label", id, known()))
    }

    /// Marks the cells that a universe does not hold, each by what was known on its session. The labels stay: what
    /// the next session brought is known all the same. `panel` is the one that they were computed on.
    #[must_use]
    pub fn within(mut self, panel: &DailyPanel, rule: &UniverseRule) -> Self {
        for (entry, _) in self.entry.iter_mut().zip(panel.universe(rule)).filter(|(_, admitted)| !admitted) {
            *entry = Entry::Outside;
        }
        self
    }

    /// Returns the digest of ids, layout, numbers and entries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new("label_frame");
        hasher.int(self.symbols.len() as i64).int(self.dates.len() as i64);
        for symbol in &self.symbols {
            hasher.text(&symbol.to_string());
        }
        for date in &self.dates {
            hasher.text(&date.to_string());
        }
        for label in &self.labels {
            hasher.text(&label.id).int(label.horizon as i64);
            for value in &label.values {
                hasher.float(*value);
            }
        }
        for entry in &self.entry {
            hasher.int(*entry as i64);
        }
        hasher.finish()
    }
}

/// Computes the labels of a spec. Horizons count the panel's sessions; prices are adjusted.
///
/// # Errors
/// When an id occurs twice, a horizon is 0, a threshold has the wrong sign, or a direction's base is
/// not a return label of the spec.
pub fn compute(spec: &LabelSpec, panel: &DailyPanel) -> Result<LabelFrame, ResearchError> {
    for (at, label) in spec.labels.iter().enumerate() {
        check(label)?;
        if spec.labels.iter().take(at).any(|earlier| earlier.id == label.id) {
            return Err(ResearchError::setting("label_spec.labels", format!("{} twice", label.id), "each id once"));
        }
    }
    let prices = Prices::of(panel);
    let labels = spec.labels.iter().map(|label| column(label, spec, panel, &prices)).collect::<Result<_, _>>()?;
    let entry = Entry::of_panel(panel);
    Ok(LabelFrame { labels, entry, symbols: panel.symbols().to_vec(), dates: panel.dates().to_vec() })
}

/// Returns what holding from today's close to the close `horizon` sessions on earned, on adjusted prices:
/// S x D simple returns, neither clipped nor logarithmic; NaN where one of the two closes is not known. What
/// a score is held against where its label is no return.
#[must_use]
pub fn forward_returns(panel: &DailyPanel, horizon: usize) -> Vec<f64> {
    future_values(&Family::Return { log: false, clip: None }, horizon, &Prices::of(panel))
}

/// Adjusted prices, S x D, NaN where the symbol did not trade; and for each session how many follow
/// it without a hole in the panel.
struct Prices {
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    followers: Vec<usize>,
}

impl Prices {
    fn of(panel: &DailyPanel) -> Self {
        let days = panel.dates().len();
        let factor = panel.column(Field::AdjFactor);
        let adjusted = |field: Field| -> Vec<f64> {
            let raw = panel.column(field).iter().zip(factor).enumerate();
            raw.map(|(cell, (price, factor))| {
                let price = if panel.trades(cell / days, cell % days) { price * factor } else { f64::NAN };
                if price > 0.0 && price.is_finite() { price } else { f64::NAN }
            })
            .collect()
        };
        let mut followers = vec![0; days];
        for day in (1..days).rev() {
            if let (Some(before), Some(after)) = (panel.dates().get(day - 1), panel.dates().get(day))
                && !is_hole(*before, *after)
            {
                followers[day - 1] = followers[day] + 1;
            }
        }
        Self { high: adjusted(Field::High), low: adjusted(Field::Low), close: adjusted(Field::Close), followers }
    }

    /// Returns what follows a cell over `horizon` sessions; none where the panel does not reach so far.
    fn future(&self, cell: usize, horizon: usize) -> Option<Future<'_>> {
        let day = cell.checked_rem(self.followers.len())?;
        if *self.followers.get(day)? < horizon {
            return None;
        }
        let window = cell + 1..cell + 1 + horizon;
        Some(Future {
            close: *self.close.get(cell)?,
            closes: self.close.get(window.clone())?,
            highs: self.high.get(window.clone())?,
            lows: self.low.get(window)?,
        })
    }
}

fn column(label: &Label, spec: &LabelSpec, panel: &DailyPanel, prices: &Prices) -> Result<LabelColumn, ResearchError> {
    let (horizon, values, reason) = match &label.family {
        Family::Direction { base, neg, pos } => {
            let base = base_of(label, base, spec)?;
            let values = future_values(&base.family, base.horizon, prices);
            let classes = values.into_iter().map(|value| family::direction(value, *neg, *pos)).collect();
            (base.horizon, classes, None)
        }
        Family::Copy { column } => copy(column, panel),
        family => (label.horizon, future_values(family, label.horizon, prices), None),
    };
    let empty = values.iter().all(|value: &f64| value.is_nan());
    let reason = reason.or_else(|| empty.then(|| format!("no cell has {horizon} known sessions after it")));
    Ok(LabelColumn { id: label.id.clone(), horizon, values, reason })
}

fn future_values(family: &Family, horizon: usize, prices: &Prices) -> Vec<f64> {
    (0..prices.close.len())
        .map(|cell| prices.future(cell, horizon).map_or(f64::NAN, |future| family::value(family, future)))
        .collect()
}

/// Copies today's column: it reads no future.
fn copy(name: &str, panel: &DailyPanel) -> (usize, Vec<f64>, Option<String>) {
    let days = panel.dates().len();
    let Some(field) = Field::ALL.into_iter().find(|field| field_name(*field) == name) else {
        let nothing = vec![f64::NAN; panel.symbols().len() * days];
        return (0, nothing, Some(format!("the daily panel has no column '{name}'")));
    };
    let traded = |cell: usize| panel.trades(cell / days, cell % days);
    let cells = panel.column(field).iter().enumerate();
    (0, cells.map(|(cell, value)| if traded(cell) { *value } else { f64::NAN }).collect(), None)
}

const fn field_name(field: Field) -> &'static str {
    match field {
        Field::Open => "open",
        Field::High => "high",
        Field::Low => "low",
        Field::Close => "close",
        Field::Volume => "volume",
        Field::Amount => "amount",
        Field::Preclose => "preclose",
        Field::AdjFactor => "adj_factor",
    }
}

fn base_of<'a>(label: &Label, base: &str, spec: &'a LabelSpec) -> Result<&'a Label, ResearchError> {
    let returns = || spec.labels.iter().filter(|label| matches!(label.family, Family::Return { .. }));
    returns().find(|candidate| candidate.id == base).ok_or_else(|| {
        if spec.labels.iter().any(|candidate| candidate.id == base) {
            ResearchError::setting(&format!("labels.{}.base_label", label.id), base, "the id of a return label")
        } else {
            ResearchError::unknown("base label", base, returns().map(|label| label.id.as_str()))
        }
    })
}

fn check(label: &Label) -> Result<(), ResearchError> {
    let wrong = match label.family {
        _ if label.horizon == 0 => Some(("horizon_days", 0.0, "at least 1 session")),
        Family::Return { clip: Some(clip), .. } if !above_zero(clip) => Some(("clip", clip, "a number above 0")),
        Family::Direction { neg, .. } if !above_zero(-neg) => Some(("thresholds.neg", neg, "a number below 0")),
        Family::Direction { pos, .. } if !above_zero(pos) => Some(("thresholds.pos", pos, "a number above 0")),
        Family::BarrierTp { pct } if !above_zero(pct) => Some(("tp_pct", pct, "a number above 0")),
        Family::BarrierSl { pct } if !(above_zero(pct) && pct < 1.0) => Some(("sl_pct", pct, "between 0 and 1")),
        Family::Outcome { up, big_up, .. } if !(above_zero(up) && up <= big_up) => {
            Some(("params.up", up, "above 0, and not above big_up"))
        }
        Family::Outcome { down, big_down, .. } if !(above_zero(-down) && big_down <= down) => {
            Some(("params.down", down, "below 0, and not below big_down"))
        }
        _ => None,
    };
    wrong.map_or(Ok(()), |(key, got, allowed)| {
        Err(ResearchError::setting(&format!("labels.{}.{key}", label.id), got, allowed))
    })
}

fn above_zero(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
