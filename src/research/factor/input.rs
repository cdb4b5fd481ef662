//! What factors are computed from: a table of a file, or daily bars. Expressions see aligned rows, the
//! built-in factors see bars; both come from the same numbers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;

use super::AlignedPanel;
use crate::{
    exit::{Exit, Failure},
    market::{DailyBar, DailyPanel, SecurityHistory, Symbol},
    store::{Frame, FrameColumn},
};

/// A table that is no panel.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}", path = path.display())]
pub struct PanelError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, with the row where there is one.
    pub what: String,
}

impl Failure for PanelError {
    fn exit(&self) -> Exit {
        Exit::DataRefused
    }

    fn remedy(&self) -> Option<String> {
        Some("Give a table with `code`, `date` and numbers such as open, high, low, close, volume, vwap; one row a code and date.".into())
    }
}

/// The columns that a table must have for built-in factors; a raw price is `raw_` one, else price / factor.
const BAR_COLUMNS: [&str; 6] = ["open", "high", "low", "close", "volume", "factor"];

/// Aligned rows, and bars where built-in factors are wanted.
#[derive(Debug, Clone, Default)]
pub struct FactorInput {
    /// The rows that expressions see.
    pub aligned: AlignedPanel,
    /// The bars that built-in factors see.
    pub bars: Vec<DailyBar>,
    /// What is known of their securities.
    pub history: SecurityHistory,
}

impl FactorInput {
    /// Takes daily bars as they are stored, and what is known of their securities.
    #[must_use]
    pub fn from_bars(bars: Vec<DailyBar>, history: SecurityHistory) -> Self {
        let panel = DailyPanel::from_bars(&bars).with_history(&history);
        Self { aligned: AlignedPanel::from_daily(&panel), bars, history }
    }

    /// Returns the panel that built-in factors see.
    #[must_use]
    pub fn panel(&self) -> DailyPanel {
        DailyPanel::from_bars(&self.bars).with_history(&self.history)
    }

    /// Takes a table with the columns `code` and `date`; each column of numbers is a field. `path` names it in
    /// errors. Bars are made where `with_bars` says so.
    ///
    /// # Errors
    /// When a key column is missing or no key, a code has two rows of one date, or a column that bars need is
    /// missing.
    pub fn from_frame(path: &Path, frame: &Frame, with_bars: bool) -> Result<Self, PanelError> {
        let wrong = |what: String| PanelError { path: path.into(), what };
        let keys = keys(frame).map_err(wrong)?;
        let columns = frame.columns().iter();
        let fields: Vec<(String, Vec<f64>)> =
            columns.filter_map(|(name, column)| Some((name.clone(), numbers(column)?))).collect();
        let aligned = AlignedPanel::lay_out(&keys, &fields).map_err(|row| {
            let key = keys.get(row).map(|(code, date)| format!("{code} on {date}")).unwrap_or_default();
            wrong(format!("row {}: {key} is there twice", row + 1))
        })?;
        let bars = if with_bars { bars(&keys, &fields).map_err(wrong)? } else { Vec::new() };
        Ok(Self { aligned, bars, history: SecurityHistory::default() })
    }

    /// Returns what was known at the close of a date.
    #[must_use]
    pub fn until(&self, last: Date) -> Self {
        let bars = self.bars.iter().filter(|bar| bar.date <= last).cloned().collect();
        Self { aligned: self.aligned.until(last), bars, history: self.history.until(last) }
    }
}

/// Makes bars of a table's rows.
fn bars(keys: &[(Arc<str>, Date)], fields: &[(String, Vec<f64>)]) -> Result<Vec<DailyBar>, String> {
    let column = |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, values)| values.as_slice());
    if let Some(name) = BAR_COLUMNS.iter().find(|name| column(name).is_none()) {
        return Err(format!("column '{name}' is missing, which built-in factors need"));
    }
    let at =
        |name: &str, row: usize| column(name).and_then(|values| values.get(row).copied()).filter(|v| v.is_finite());
    let mut bars = Vec::with_capacity(keys.len());
    for (row, (code, date)) in keys.iter().enumerate() {
        let symbol = symbol(code).ok_or_else(|| {
            format!("row {}: '{code}' is no code such as 600000.SH, which built-in factors need", row + 1)
        })?;
        let factor = at("factor", row).unwrap_or(f64::NAN);
        let raw = |name: &str| {
            let adjusted = || Some(at(name, row)? / factor);
            at(&format!("raw_{name}"), row).or_else(adjusted).unwrap_or(f64::NAN)
        };
        let shares = at("raw_volume", row).or_else(|| Some(at("volume", row)? * factor));
        bars.push(DailyBar {
            date: *date,
            symbol,
            open: raw("open"),
            high: raw("high"),
            low: raw("low"),
            close: raw("close"),
            volume: shares.map(|shares| shares.round() as i64),
            amount: at("amount", row),
            preclose: at("pre_close", row),
            adj_factor: factor,
            suspended: false,
            source: "input".into(),
        });
    }
    Ok(bars)
}

/// Reads `600000.SH` or `SH600000`.
pub(super) fn symbol(code: &str) -> Option<Symbol> {
    let turned = || {
        let (exchange, digits) = (code.get(..2)?, code.get(2..)?);
        format!("{digits}.{exchange}").parse().ok()
    };
    code.parse().ok().or_else(turned)
}

fn keys(frame: &Frame) -> Result<Vec<(Arc<str>, Date)>, String> {
    let column = |name: &str| {
        frame.column(name).ok_or_else(|| {
            format!("column '{name}' is missing; the file has {}", frame.names().collect::<Vec<_>>().join(", "))
        })
    };
    let FrameColumn::Utf8(codes) = column("code")? else { return Err("column 'code' is not text".into()) };
    let dates: Vec<Date> = match column("date")? {
        FrameColumn::Date(dates) => dates.clone(),
        FrameColumn::Utf8(texts) => texts
            .iter()
            .enumerate()
            .map(|(row, text)| text.parse().map_err(|_| format!("row {}: '{text}' is no date", row + 1)))
            .collect::<Result<_, _>>()?,
        _ => return Err("column 'date' holds no dates".into()),
    };
    if let Some(row) = codes.iter().position(|code| code.is_empty()) {
        return Err(format!("row {}: the code is missing", row + 1));
    }
    Ok(codes.iter().cloned().zip(dates).collect())
}

fn numbers(column: &FrameColumn) -> Option<Vec<f64>> {
    match column {
        FrameColumn::F64(values) => Some(values.clone()),
        FrameColumn::I64(values) => Some(values.iter().map(|value| *value as f64).collect()),
        FrameColumn::Utf8(_) | FrameColumn::Date(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::FactorInput;
    use crate::{
        market::{SecurityEvent, SecurityHistory, SecurityStatus},
        research::{
            factor::{FactorPlan, compute, peeks},
            testing::{core_set, random_bars},
        },
    };

    #[test]
    fn factors_of_bars_are_those_of_the_panel_with_its_securities() {
        let mut bars = random_bars(3, 60);
        let (of, dates) = (bars[0].symbol, bars.iter().map(|bar| bar.date).collect::<Vec<_>>());
        // A close at the limit of special treatment, which is no limit of an ordinary share.
        let treated = dates[dates.len() / 2];
        for bar in bars.iter_mut().filter(|bar| bar.symbol == of && bar.date > treated) {
            let preclose = bar.preclose.expect("a reference");
            bar.close = (preclose * 105.0).round() / 100.0;
            bar.high = bar.high.max(bar.close);
        }
        let event = SecurityEvent { date: treated, symbol: of, status: SecurityStatus::St, name: "".into() };
        let history = SecurityHistory::of(&[event]);
        let plan = FactorPlan::read(&core_set(), &[]).expect("sound");
        let table = |history: &SecurityHistory| {
            let input = FactorInput::from_bars(bars.clone(), history.clone());
            assert_eq!(peeks(&plan, &input, 3, 1).expect("checked"), []);
            (plan.compute(&input, None, 1).expect("computed"), compute(&core_set(), &input.panel()).expect("computed"))
        };
        let at = |name: &str, names: &[String]| names.iter().position(|own| own == name).expect("there");
        let limit = "F_limit_up_freq_5d";
        let ((own, panel), (unknown, _)) = (table(&history), table(&SecurityHistory::default()));
        let sum = |column: &[f64]| column.iter().filter(|value| !value.is_nan()).sum::<f64>();
        let told = &own.columns[at(limit, &own.names)];
        assert!(sum(told) > sum(&unknown.columns[at(limit, &unknown.names)]), "a rise of 5 % is at the limit of ST");
        assert!((sum(told) - sum(&panel.columns[at(limit, &panel.names)])).abs() < 1e-12);
    }
}
