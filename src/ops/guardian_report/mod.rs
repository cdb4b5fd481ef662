//! The guardian's report: `reports/data_guardian_omega_<start>_<end>.{md,json,html}`, and the rows that break a
//! hard rule, copied to `data/quarantine` with their reasons. The stored rows stay where they are: research leaves
//! them out by the same findings.

mod blocks;
mod markdown;
mod page;
mod rules;
mod words;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::Date;
use serde_json::json;

use super::{data_state, station::Station};
use crate::{
    config::DataSchema,
    data::guardian::{
        FieldBounds, GuardianReport, Known, Severity,
        omega::{self, AgreementRules, Omega, OmegaRules, Weights},
    },
    durable::{self, DurableError},
    exit::AnyFailure,
    market::{Calendar, CorporateAction, DailyBar, Field, SecurityHistory, Symbol},
    store::{Query, Stores, replace_sealed},
    text::Language,
};

/// Where rows that break a hard rule are copied to, relative to the workspace.
const QUARANTINE: &str = "data/quarantine";

/// The source that stands for none.
const MEDIAN: &str = "median";

/// What was examined, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Examined<'a> {
    /// The bars.
    pub bars: &'a [DailyBar],
    /// Their examination.
    pub report: &'a GuardianReport,
    /// Corporate actions known then.
    pub actions: &'a [CorporateAction],
    /// Securities known then.
    pub history: &'a SecurityHistory,
}

/// Returns how the config judges bars.
#[must_use]
pub fn rules(station: &Station) -> OmegaRules {
    let guardian = &station.settings().data_guardian;
    OmegaRules {
        thresholds: data_state::thresholds(station),
        weights: Weights {
            coverage: guardian.weight_coverage,
            source: guardian.weight_source,
            value: guardian.weight_value,
            consistency: guardian.weight_consistency,
        },
        agreement: AgreementRules {
            reference: Some(guardian.reference_source.clone()).filter(|source| source != MEDIAN),
            diff_threshold: guardian.diff_threshold,
            latency_seconds: guardian.latency_seconds,
        },
    }
}

/// Returns the bounds that `config/data_schema.json` sets on the columns of daily bars, in the order of
/// [`Field::ALL`].
pub(super) fn bounds(schema: &DataSchema) -> [FieldBounds; Field::ALL.len()] {
    let rules = schema.entities.get("daily_bar").map(|entity| &entity.rules);
    Field::ALL.map(|field| {
        let name = match field {
            Field::Open => "open",
            Field::High => "high",
            Field::Low => "low",
            Field::Close => "close",
            Field::Volume => "volume",
            Field::Amount => "amount",
            Field::Preclose => "pre_close",
            Field::AdjFactor => "factor",
        };
        let rule = rules.and_then(|rules| rules.get(name)).copied().unwrap_or_default();
        FieldBounds { gt: rule.gt, ge: rule.ge, lt: rule.lt, le: rule.le }
    })
}

/// Judges examined bars beside what each source delivered of the same sessions.
///
/// # Errors
/// When the stores cannot be read.
pub fn judge(
    station: &Station,
    stores: &Stores,
    examined: Examined<'_>,
    rules: &OmegaRules,
) -> Result<Omega, AnyFailure> {
    let last = examined.bars.iter().map(|bar| bar.date).max().unwrap_or_else(|| station.clock.today());
    let first = examined.bars.iter().map(|bar| bar.date).min();
    let sources = stores.source_bars(&Query { from: first, ..Query::up_to(last) })?;
    let known = Known { actions: examined.actions, history: examined.history };
    Ok(omega::judge(examined.bars, examined.report, &sources, (known, Calendar::builtin()), rules)?)
}

/// Writes the report in its three forms and returns their paths: Markdown, JSON, HTML.
///
/// # Errors
/// When a file cannot be written.
pub fn write(station: &Station, omega: &Omega, language: Language) -> Result<[PathBuf; 3], DurableError> {
    let directory = station.reports();
    let day = |date: Date| date.strftime("%Y%m%d").to_string();
    let stem = format!("data_guardian_omega_{}_{}", day(omega.meta.start), day(omega.meta.end));
    let paths = ["md", "json", "html"].map(|form| directory.join(format!("{stem}.{form}")));
    durable::make_directory(&directory)?;
    let json = serde_json::to_string_pretty(omega).unwrap_or_default() + "\n";
    for (path, text) in paths.iter().zip([markdown::markdown(omega, language), json, page::html(omega, language)]) {
        replace_sealed(path, text)?;
    }
    Ok(paths)
}

/// Copies the rows that break a hard rule to the quarantine, one JSON line each with its reasons, and returns the
/// file and how many rows there are; nothing where there is none. The same judgement writes the same file.
///
/// # Errors
/// When the file cannot be written.
pub fn quarantine(station: &Station, examined: Examined<'_>) -> Result<Option<(PathBuf, usize)>, DurableError> {
    let mut reasons: BTreeMap<(Date, Symbol), Vec<String>> = BTreeMap::new();
    for finding in examined.report.findings.iter().filter(|finding| finding.severity == Severity::Hard) {
        if let Some(symbol) = finding.symbol {
            let reason = format!("{}: {}", finding.rule.name(), finding.message);
            reasons.entry((finding.date, symbol)).or_default().push(reason);
        }
    }
    let rows = examined.bars.iter().filter_map(|bar| Some((bar, reasons.get(&(bar.date, bar.symbol))?)));
    let mut lines: Vec<String> = rows.map(|(bar, reasons)| row(bar, reasons).to_string()).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    lines.sort_unstable();
    let last = examined.bars.iter().map(|bar| bar.date).max().unwrap_or_default();
    let directory = station.workspace.path(QUARANTINE);
    let path = directory.join(format!("guardian_{}.jsonl", last.strftime("%Y%m%d")));
    durable::make_directory(&directory)?;
    durable::replace(&path, lines.join("\n") + "\n")?;
    Ok(Some((path, lines.len())))
}

/// A row as the quarantine keeps it. A price that is not a number has none in JSON, so that it is kept as text.
fn row(bar: &DailyBar, reasons: &[String]) -> serde_json::Value {
    let number = |value: f64| if value.is_finite() { json!(value) } else { json!(value.to_string()) };
    json!({
        "date": bar.date,
        "symbol": bar.symbol,
        "table": "daily",
        "open": number(bar.open),
        "high": number(bar.high),
        "low": number(bar.low),
        "close": number(bar.close),
        "volume": bar.volume,
        "amount": bar.amount.map(number),
        "preclose": bar.preclose.map(number),
        "adj_factor": number(bar.adj_factor),
        "suspended": bar.suspended,
        "source": &*bar.source,
        "reasons": reasons,
    })
}

#[cfg(test)]
mod tests;
