//! Repairs from other sources: where a row breaks a hard rule, each of its fields is taken from the source with the
//! best score in that field, as long as the row is sound afterwards. Every change says where it comes from, and can
//! be taken back exactly.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{DataError, SOURCE};
use crate::{
    data::guardian::{
        Finding, GuardianReport, Known, Rule, Severity, TABLE, Thresholds, examine,
        omega::{Agreement, FIELDS, newest, value_in, value_of},
    },
    market::{Calendar, DailyBar, SourceBar, Symbol},
    store::RepairRecord,
};

/// How the rule of a record begins whose value comes from another source.
pub const RULE_HEAD: &str = "source ";

/// The field of a record that stands for a whole row.
const ROW: &str = "row";

/// What is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceChange {
    /// A value is replaced; none where it was missing.
    Value {
        /// The column.
        field: &'static str,
        /// The value before.
        old: Option<f64>,
        /// The value after.
        new: f64,
    },
    /// A lost row is put in.
    Row(Box<DailyBar>),
}

/// A change and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The session.
    pub date: Date,
    /// The symbol.
    pub symbol: Symbol,
    /// What is changed.
    pub change: SourceChange,
    /// The source that says so.
    pub source: String,
    /// Which of its deliveries.
    pub version: u32,
    /// Its score in the field, 0 to 100; for a row the mean of its fields.
    pub score: f64,
    /// What was wrong with the row, and beside whom the source was chosen.
    pub why: String,
}

impl Provenance {
    /// Returns the column that is changed; `row` where a whole row is put in.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match &self.change {
            SourceChange::Value { field, .. } => field,
            SourceChange::Row(_) => ROW,
        }
    }

    /// Returns the change as the ledger keeps it: numbers in the shortest form that reads back to the same bits.
    #[must_use]
    pub fn record(&self, id: &str) -> RepairRecord {
        let (field, old, new) = match &self.change {
            SourceChange::Value { field, old, new } => (*field, old.map(|old| old.to_string()), new.to_string()),
            SourceChange::Row(bar) => (ROW, None, row_text(bar)),
        };
        let Self { source, version, score, why, .. } = self;
        RepairRecord {
            table: TABLE.into(),
            trade_date: self.date,
            symbol: self.symbol,
            field: field.into(),
            old,
            new: Some(new),
            rule: format!("{RULE_HEAD}{source} version {version}, score {score:.2}: {why}"),
            run_id: id.into(),
        }
    }
}

/// Plans which fields of faulty rows, and which lost rows, other sources can give. `bars` are as they are stored, by
/// date, then symbol; `report` is their examination, `agreement` that of the sources.
///
/// # Errors
/// `Unordered` when the bars are out of order or one is there twice; `Calendar` when one lies outside.
pub fn plan_by_source(
    bars: &[DailyBar],
    report: &GuardianReport,
    (sources, agreement): (&[SourceBar], &Agreement),
    (known, calendar): (Known<'_>, &Calendar),
    thresholds: &Thresholds,
) -> Result<Vec<Provenance>, DataError> {
    super::change::check_order(bars)?;
    let mut rows: BTreeMap<(Date, Symbol), Vec<&SourceBar>> = BTreeMap::new();
    for row in newest(sources) {
        rows.entry((row.bar.date, row.bar.symbol)).or_default().push(row);
    }
    let faults = hard_rules(&report.findings);
    let mut plan = Vec::new();
    for ((date, symbol), rules) in &faults {
        let Some(candidates) = rows.get(&(*date, *symbol)) else { continue };
        let chooser = Chooser { agreement, candidates, date: *date, symbol: *symbol, rules: rules.join(", ") };
        match bars.binary_search_by_key(&(*date, *symbol), |bar| (bar.date, bar.symbol)) {
            Ok(place) => plan.extend(bars.get(place).map(|bar| chooser.fields(bar)).unwrap_or_default()),
            Err(place) => {
                let before = bars.get(..place).unwrap_or_default().iter().rev().find(|bar| bar.symbol == *symbol);
                plan.extend(before.and_then(|before| chooser.row(before)));
            }
        }
    }
    // What does not make a row sound is not done: a wrong value must not be exchanged for another.
    let mut changed = bars.to_vec();
    put(&mut changed, &plan);
    let still: BTreeSet<(Date, Symbol)> =
        hard_rules(&examine(&derived(&changed, known), known, calendar, thresholds)?.findings).into_keys().collect();
    plan.retain(|change| !still.contains(&(change.date, change.symbol)));
    Ok(plan)
}

/// Returns the bars with the factors that were not delivered.
fn derived(bars: &[DailyBar], known: Known<'_>) -> Vec<DailyBar> {
    let mut bars = bars.to_vec();
    crate::market::adjust::derive_factors(&mut bars, known.actions);
    bars
}

/// The hard rules that a symbol-session breaks and another source could mend.
fn hard_rules(findings: &[Finding]) -> BTreeMap<(Date, Symbol), Vec<&'static str>> {
    let mut rules: BTreeMap<(Date, Symbol), Vec<&'static str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Hard) {
        let is_of_row =
            !matches!(finding.rule, Rule::Unlisted | Rule::OffCalendar | Rule::Duplicate | Rule::ShiftedDates);
        if let Some(symbol) = finding.symbol.filter(|_| is_of_row && finding.field != "adj_factor") {
            rules.entry((finding.date, symbol)).or_default().push(finding.rule.name());
        }
    }
    for rules in rules.values_mut() {
        rules.dedup();
    }
    rules
}

/// Chooses sources for one symbol-session.
struct Chooser<'a> {
    agreement: &'a Agreement,
    candidates: &'a [&'a SourceBar],
    date: Date,
    symbol: Symbol,
    rules: String,
}

impl Chooser<'_> {
    /// Returns the sound value of the source with the best score in a field; of equal ones the first by name.
    fn best(&self, field: &'static str) -> Option<(&SourceBar, f64, f64)> {
        let sound = self.candidates.iter().filter_map(|row| {
            let (own, value) = (self.agreement.sources.get(&*row.bar.source)?, value_of(row, field)?);
            let is_faulty = self.agreement.faults.get(&*row.bar.source).is_some_and(|faults| {
                [field, "date"].iter().any(|field| faults.contains(&(self.date, self.symbol, *field)))
            });
            (!is_faulty).then(|| Some((*row, value, own.fields.get(field)?.score)))?
        });
        sound.fold(None, |best: Option<(&SourceBar, f64, f64)>, one| match best {
            Some(best) if best.2 >= one.2 => Some(best),
            _ => Some(one),
        })
    }

    /// Returns the fields of a row that the best sources give otherwise.
    fn fields(&self, bar: &DailyBar) -> Vec<Provenance> {
        let changes = FIELDS.into_iter().filter_map(|field| {
            let (row, new, score) = self.best(field)?;
            let old = value_in(bar, field);
            let is_same = old.is_some_and(|old| same(field, old, new));
            (!is_same).then(|| self.provenance(SourceChange::Value { field, old, new }, row, score))
        });
        changes.collect()
    }

    /// Returns the lost row of the source with the best mean score of those that have all prices.
    fn row(&self, before: &DailyBar) -> Option<Provenance> {
        let faults = |source: &str| self.agreement.faults.get(source);
        let sound = self.candidates.iter().filter(|row| {
            let own = faults(&row.bar.source);
            !own.is_some_and(|own| own.iter().any(|(date, symbol, _)| (*date, *symbol) == (self.date, self.symbol)))
        });
        let scored = sound.filter_map(|row| Some((*row, self.agreement.sources.get(&*row.bar.source)?.score)));
        let (row, score) = scored.fold(None, |best: Option<(&SourceBar, f64)>, one| match best {
            Some(best) if best.1 >= one.1 => Some(best),
            _ => Some(one),
        })?;
        let step = row.bar.preclose.map_or(1.0, |preclose| {
            if (preclose - before.close).abs() < 0.005 { 1.0 } else { before.close / preclose }
        });
        let bar = DailyBar { adj_factor: before.adj_factor * step, source: SOURCE.into(), ..row.bar.clone() };
        Some(self.provenance(SourceChange::Row(Box::new(bar)), row, score))
    }

    fn provenance(&self, change: SourceChange, row: &SourceBar, score: f64) -> Provenance {
        let beside = self.candidates.len();
        let why = format!("the row breaks {}; best score of {beside} sources", self.rules);
        let (source, version) = (row.bar.source.to_string(), row.version);
        Provenance { date: self.date, symbol: self.symbol, change, source, version, score, why }
    }
}

/// Says whether two values are the same but for rounding.
fn same(field: &str, old: f64, new: f64) -> bool {
    match field {
        "volume" => (old - new).abs() < 100.0,
        "amount" => (old - new).abs() <= old.abs() * 1e-6,
        _ => (old - new).abs() < 0.005,
    }
}

fn set(bar: &mut DailyBar, field: &str, value: Option<f64>) {
    match (field, value) {
        ("open", Some(value)) => bar.open = value,
        ("high", Some(value)) => bar.high = value,
        ("low", Some(value)) => bar.low = value,
        ("close", Some(value)) => bar.close = value,
        ("volume", value) => bar.volume = value.map(|value| value as i64),
        ("amount", value) => bar.amount = value,
        ("preclose", value) => bar.preclose = value,
        // A price that is missing is a row that is missing.
        _ => {}
    }
}

/// Puts the changes of a plan into bars, by date, then symbol. A change of a row that is not there, and a row that is
/// there already, are left.
pub fn put(bars: &mut Vec<DailyBar>, plan: &[Provenance]) {
    for change in plan {
        let place = bars.binary_search_by_key(&(change.date, change.symbol), |bar| (bar.date, bar.symbol));
        match (&change.change, place) {
            (SourceChange::Value { field, new, .. }, Ok(place)) => {
                if let Some(bar) = bars.get_mut(place) {
                    set(bar, field, Some(*new));
                }
            }
            (SourceChange::Row(bar), Err(place)) => bars.insert(place, (**bar).clone()),
            _ => {}
        }
    }
}

/// Returns the rows of a plan as they are afterwards, by date, then symbol.
#[must_use]
pub fn changed_rows(bars: &[DailyBar], plan: &[Provenance]) -> Vec<DailyBar> {
    let touched: BTreeSet<(Date, Symbol)> = plan.iter().map(|change| (change.date, change.symbol)).collect();
    let mut rows: Vec<DailyBar> =
        bars.iter().filter(|bar| touched.contains(&(bar.date, bar.symbol))).cloned().collect();
    put(&mut rows, plan);
    rows
}

/// The rows as they were, and the keys of those that were put in.
pub type WayBack = (Vec<DailyBar>, BTreeSet<(Date, Symbol)>);

/// Returns what takes recorded repairs back: the rows as they were, and those that were put in. A row that a killed
/// repair never reached is as it was already.
///
/// # Errors
/// `Mismatch` when a value is neither the repaired one nor the one before: someone else has changed it since.
pub fn undo(bars: &[DailyBar], records: &[RepairRecord]) -> Result<WayBack, DataError> {
    let (mut rows, mut added) = (BTreeMap::<(Date, Symbol), DailyBar>::new(), BTreeSet::new());
    for record in records {
        let (date, symbol) = (record.trade_date, record.symbol);
        let mismatch = |problem: String| DataError::Mismatch { symbol, date, problem };
        let stored = bars.iter().find(|bar| (bar.date, bar.symbol) == (date, symbol));
        if record.field == ROW {
            match stored {
                Some(bar) if Some(row_text(bar)) == record.new => drop(added.insert((date, symbol))),
                Some(_) => return Err(mismatch("the row that was put in is not there as it was".into())),
                None => {}
            }
            continue;
        }
        let Some(stored) = stored else { return Err(mismatch("there is no such row".into())) };
        if !FIELDS.contains(&record.field.as_str()) {
            return Err(mismatch(format!("there is no column {}", record.field)));
        }
        let text = value_in(stored, &record.field).map(|value| value.to_string());
        if text != record.new && text != record.old {
            return Err(mismatch(format!("{} is {text:?}, not {:?}", record.field, record.new)));
        }
        let old = match record.old.as_deref().map(str::parse::<f64>) {
            Some(Ok(old)) => Some(old),
            Some(Err(error)) => return Err(mismatch(format!("the old {}: {error}", record.field))),
            None => None,
        };
        set(rows.entry((date, symbol)).or_insert_with(|| stored.clone()), &record.field, old);
    }
    Ok((rows.into_values().collect(), added))
}

/// Returns a row as text, exact to the last bit.
fn row_text(bar: &DailyBar) -> String {
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let DailyBar { open, high, low, close, adj_factor, .. } = bar;
    let volume = bar.volume.map(|volume| volume.to_string()).unwrap_or_default();
    let (amount, preclose) = (text(bar.amount), text(bar.preclose));
    format!("{open},{high},{low},{close},{volume},{amount},{preclose},{adj_factor},{},{}", bar.suspended, bar.source)
}
