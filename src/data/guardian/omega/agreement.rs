//! Sources against each other, field by field: how far each is from the reference, and how late it comes.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::WORST_MAX;
use crate::{
    market::{DailyBar, SourceBar, Symbol},
    metric::median,
};

/// The fields that sources are compared in.
pub const FIELDS: [&str; 7] = ["open", "high", "low", "close", "volume", "amount", "preclose"];

/// A value this share beside the reference is an anomaly, not another way of rounding.
const ANOMALY: f64 = 0.02;

/// What a price may differ by: less than a tick, CNY.
const PRICE_TOLERANCE: f64 = 0.005;

/// What a volume may differ by: it is cut or rounded to lots somewhere, shares.
const VOLUME_TOLERANCE: f64 = 100.0;

/// The closing time of the exchanges, in hours of UTC.
const CLOSE_HOUR: i8 = 7;

/// How sources are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementRules {
    /// The source that the others are held against; none for the median of all.
    pub reference: Option<String>,
    /// By this share a volume or turnover may differ.
    pub diff_threshold: f64,
    /// A row that comes later after the close is late, seconds.
    pub latency_seconds: f64,
}

impl Default for AgreementRules {
    fn default() -> Self {
        Self { reference: None, diff_threshold: 0.001, latency_seconds: 14_400.0 }
    }
}

/// One field of one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FieldAgreement {
    /// Values delivered.
    pub values: usize,
    /// Values that there was another source's beside.
    pub compared: usize,
    /// Of these, the ones that differ by more than rounding.
    pub differ: usize,
    /// Of these, the ones that are 2 % off and more.
    pub anomalies: usize,
    /// Values of rows that break a hard rule in this field.
    pub faulty: usize,
    /// The median of (value - reference) / reference over the values compared; none where none was.
    pub bias: Option<f64>,
    /// 100 x (1 - those that differ or are faulty / values).
    pub score: f64,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceScore {
    /// Rows, the newest version of each.
    pub rows: usize,
    /// Symbols.
    pub symbols: usize,
    /// The first and the last session.
    pub reach: [Date; 2],
    /// Rows that it delivered again with other values.
    pub restated: usize,
    /// The median of the seconds from the close to the delivery, over rows delivered within a day; none
    /// where none was.
    pub latency_seconds: Option<f64>,
    /// Of these, the rows that came late.
    pub late: usize,
    /// Its fields.
    pub fields: BTreeMap<&'static str, FieldAgreement>,
    /// The mean of its fields' scores.
    pub score: f64,
}

/// A value that is far from the reference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Anomaly {
    /// The session.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// Who says so.
    pub source: String,
    /// The column.
    pub field: &'static str,
    /// What it says.
    pub value: f64,
    /// What the reference says.
    pub reference: f64,
}

impl Anomaly {
    fn share(&self) -> f64 {
        (self.value / self.reference - 1.0).abs()
    }
}

/// What sources say of each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Every source by its name.
    pub sources: BTreeMap<String, SourceScore>,
    /// The values that are farthest off.
    pub anomalies: Vec<Anomaly>,
    /// Symbol-sessions that two sources or more deliver, and those of them that agree in every field.
    pub compared: usize,
    pub(super) agreed: usize,
    #[serde(skip)]
    pub(super) days: BTreeMap<Date, [usize; 2]>,
    #[serde(skip)]
    pub(super) symbols: BTreeMap<Symbol, [usize; 2]>,
    /// Values that break a hard rule: nobody repairs from them.
    #[serde(skip)]
    pub(in crate::data) faults: Faults,
}

/// Symbol-sessions and fields of a source that break a hard rule; the field `date` stands for the whole row.
pub(in crate::data) type Faults = BTreeMap<String, std::collections::BTreeSet<(Date, Symbol, &'static str)>>;

/// Returns the newest version of each row, by session, symbol, source.
#[must_use]
pub fn newest(rows: &[SourceBar]) -> Vec<&SourceBar> {
    let mut ordered: Vec<&SourceBar> = rows.iter().collect();
    ordered.sort_by(|a, b| a.key().cmp(&b.key()));
    let same = |a: &&SourceBar, b: &&SourceBar| {
        (a.bar.date, a.bar.symbol, &a.bar.source) == (b.bar.date, b.bar.symbol, &b.bar.source)
    };
    ordered.chunk_by(same).filter_map(|versions| versions.last().copied()).collect()
}

/// Returns a field of a delivered row; none where it is missing or no number.
#[must_use]
pub fn value_of(row: &SourceBar, field: &str) -> Option<f64> {
    value_in(&row.bar, field).filter(|value| value.is_finite())
}

/// Returns one of [`FIELDS`] of a bar as it stands there; none where it is missing.
pub(in crate::data) fn value_in(bar: &DailyBar, field: &str) -> Option<f64> {
    match field {
        "open" => Some(bar.open),
        "high" => Some(bar.high),
        "low" => Some(bar.low),
        "close" => Some(bar.close),
        "volume" => bar.volume.map(|volume| volume as f64),
        "amount" => bar.amount,
        "preclose" => bar.preclose,
        _ => None,
    }
}

impl AgreementRules {
    fn agrees(&self, field: &str, value: f64, reference: f64) -> bool {
        let difference = (value - reference).abs();
        match field {
            "volume" => difference <= VOLUME_TOLERANCE.max(reference.abs() * self.diff_threshold),
            "amount" => difference <= reference.abs() * self.diff_threshold,
            _ => difference < PRICE_TOLERANCE,
        }
    }

    /// Compares the sources' rows; `faults` are the values that break a hard rule by themselves.
    #[must_use]
    pub fn compare(&self, rows: &[SourceBar], faults: Faults) -> Agreement {
        let newest = newest(rows);
        let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
        let mut all = Agreement::default();
        for day in newest.chunk_by(|a, b| (a.bar.date, a.bar.symbol) == (b.bar.date, b.bar.symbol)) {
            self.compare_day(day, &faults, (&mut tallies, &mut all));
        }
        for (name, tally) in tallies {
            all.sources.insert(name.to_owned(), tally.score());
        }
        all.anomalies.sort_by(|a, b| {
            b.share()
                .total_cmp(&a.share())
                .then_with(|| (a.date, a.symbol, &a.source).cmp(&(b.date, b.symbol, &b.source)))
        });
        all.anomalies.truncate(WORST_MAX);
        all.faults = faults;
        all
    }

    fn compare_day<'a>(
        &self,
        day: &[&'a SourceBar],
        faults: &Faults,
        (tallies, all): (&mut BTreeMap<&'a str, Tally>, &mut Agreement),
    ) {
        let Some(first) = day.first() else { return };
        let (date, symbol) = (first.bar.date, first.bar.symbol);
        let mut agree = true;
        for row in day {
            tallies.entry(&row.bar.source).or_default().count(row, self.latency_seconds);
        }
        for field in FIELDS {
            let values: Vec<(&str, f64)> =
                day.iter().filter_map(|row| Some((&*row.bar.source, value_of(row, field)?))).collect();
            let reference = self.reference_of(&values);
            for (source, value) in &values {
                let Some(tally) = tallies.get_mut(*source) else { continue };
                let of = faults.get(*source);
                let is_faulty =
                    of.is_some_and(|of| of.contains(&(date, symbol, field)) || of.contains(&(date, symbol, "date")));
                let other = reference.filter(|(by, _)| by != source || values.len() > 1).map(|(_, value)| value);
                let agrees = other.is_none_or(|other| self.agrees(field, *value, other));
                tally.put(field, *value, other.filter(|_| values.len() > 1), (agrees, is_faulty));
                agree &= agrees;
                if let Some(reference) = other.filter(|other| !agrees && (value / other - 1.0).abs() > ANOMALY) {
                    all.anomalies.push(Anomaly {
                        date,
                        symbol,
                        source: (*source).to_owned(),
                        field,
                        value: *value,
                        reference,
                    });
                }
            }
        }
        if day.len() > 1 {
            all.compared += 1;
            all.agreed += usize::from(agree);
            for [of, own] in [all.days.entry(date).or_default(), all.symbols.entry(symbol).or_default()] {
                *of += 1;
                *own += usize::from(agree);
            }
        }
    }

    /// Returns the value that all are held against, and whose it is; the median is nobody's.
    fn reference_of<'a>(&self, values: &[(&'a str, f64)]) -> Option<(&'a str, f64)> {
        let named = self.reference.as_deref().and_then(|name| values.iter().find(|(source, _)| *source == name));
        if let Some(named) = named {
            return Some(*named);
        }
        if values.len() < 2 {
            return None;
        }
        Some(("", median(values.iter().map(|(_, value)| *value).collect())?))
    }
}

/// What one source has delivered so far.
#[derive(Debug, Default)]
struct Tally {
    rows: usize,
    symbols: std::collections::BTreeSet<Symbol>,
    reach: Option<[Date; 2]>,
    restated: usize,
    latencies: Vec<f64>,
    late: usize,
    fields: BTreeMap<&'static str, (FieldAgreement, Vec<f64>, usize)>,
}

impl Tally {
    fn count(&mut self, row: &SourceBar, late_after: f64) {
        self.rows += 1;
        self.symbols.insert(row.bar.symbol);
        let date = row.bar.date;
        self.reach = Some(self.reach.map_or([date; 2], |[first, last]| [first.min(date), last.max(date)]));
        self.restated += usize::from(row.version > 1);
        if let Some(latency) = latency(date, row.received_at) {
            self.late += usize::from(latency > late_after);
            self.latencies.push(latency);
        }
    }

    fn put(&mut self, field: &'static str, value: f64, reference: Option<f64>, (agrees, is_faulty): (bool, bool)) {
        let (agreement, biases, lost) = self.fields.entry(field).or_default();
        agreement.values += 1;
        agreement.faulty += usize::from(is_faulty);
        *lost += usize::from(is_faulty || !agrees);
        let Some(reference) = reference else { return };
        agreement.compared += 1;
        agreement.differ += usize::from(!agrees);
        agreement.anomalies += usize::from(!agrees && (value / reference - 1.0).abs() > ANOMALY);
        if reference != 0.0 {
            biases.push((value - reference) / reference);
        }
    }

    fn score(self) -> SourceScore {
        let of_field = |(field, (mut agreement, biases, lost)): (_, (FieldAgreement, Vec<f64>, usize))| {
            agreement.bias = median(biases);
            agreement.score = 100.0 * (1.0 - lost as f64 / agreement.values.max(1) as f64);
            (field, agreement)
        };
        let fields: BTreeMap<&'static str, FieldAgreement> = self.fields.into_iter().map(of_field).collect();
        let score = fields.values().map(|field| field.score).sum::<f64>() / fields.len().max(1) as f64;
        SourceScore {
            rows: self.rows,
            symbols: self.symbols.len(),
            reach: self.reach.unwrap_or_default(),
            restated: self.restated,
            latency_seconds: median(self.latencies),
            late: self.late,
            fields,
            score,
        }
    }
}

/// Returns the seconds from the close of a session to a delivery within a day of it; older sessions are history,
/// not late.
fn latency(date: Date, received_at: Timestamp) -> Option<f64> {
    let close = date.at(CLOSE_HOUR, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    let seconds = received_at.duration_since(close).as_secs_f64();
    (0.0..86_400.0).contains(&seconds).then_some(seconds)
}
