//! `data inspect`: an original daily file, its defects named; refused where its prices are adjusted, because adjusted
//! prices among raw ones are wrong everywhere and visible nowhere.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    data::adjustment::{Adjustment, Recognition, recognise},
    exit::{AnyFailure, Exit, Failure},
    market::{MarketData, Symbol},
    source::files::read_original,
    store::write_market,
};

/// What an original file is.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// The file.
    pub file: PathBuf,
    /// Bars.
    pub rows: usize,
    /// Lines that are no bars.
    pub rejected: usize,
    /// What is wrong with it, one sentence each; an adjustment by the symbols that have it.
    pub defects: Vec<String>,
    /// What each symbol's prices are.
    pub symbols: BTreeMap<Symbol, Recognition>,
    /// Where the bars were written in the layout of this system; nothing where that was not asked for.
    pub converted: Option<PathBuf>,
}

/// The prices of a file are adjusted, or may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} is not taken: {what}", file = .file.display())]
pub struct AdjustedPrices {
    file: PathBuf,
    what: String,
}

impl Failure for AdjustedPrices {
    fn exit(&self) -> Exit {
        Exit::DataRefused
    }

    fn remedy(&self) -> Option<String> {
        Some("Fetch the same sessions unadjusted (Eastmoney: fqt=0), and bring those in.".into())
    }
}

impl Inspection {
    /// Lets the prices pass, or refuses them.
    ///
    /// # Errors
    /// Where a symbol's prices are adjusted, or nothing shows that they are raw.
    pub fn gate(&self) -> Result<(), AdjustedPrices> {
        let adjusted = self.symbols.iter().filter(|(_, own)| own.adjustment != Adjustment::Raw);
        let said: Vec<String> = adjusted.map(|(symbol, own)| format!("{symbol}: {}", own.words())).collect();
        if said.is_empty() {
            return Ok(());
        }
        Err(AdjustedPrices { file: self.file.clone(), what: said.join("; ") })
    }
}

/// Reads an original daily file and names its defects; where its prices are raw and a directory is given, writes the
/// bars there as `daily.parquet`, which `data import` takes.
///
/// # Errors
/// When the file is of another layout, or cannot be read or written.
pub fn inspect(file: &Path, convert_to: Option<&Path>) -> Result<Inspection, AnyFailure> {
    let original = read_original(file)?;
    let symbols = recognise(&original.bars);
    let mut defects = original.defects;
    for (symbol, own) in symbols.iter().filter(|(_, own)| own.adjustment != Adjustment::Raw) {
        defects.push(format!("{symbol}: {}", own.words()));
    }
    let (rows, rejected) = (original.bars.len(), original.rejected.len());
    let mut inspection = Inspection { file: file.into(), rows, rejected, defects, symbols, converted: None };
    if let Some(directory) = convert_to.filter(|_| inspection.gate().is_ok()) {
        let mut daily = original.bars;
        daily.dedup_by(|later, first| (later.date, later.symbol) == (first.date, first.symbol));
        let files = write_market(directory, &MarketData { daily, ..MarketData::default() })?;
        inspection.converted = files.into_iter().next();
    }
    Ok(inspection)
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, path::Path};

    use super::inspect;
    use crate::{
        data::adjustment::Adjustment,
        durable,
        market::{DailyBar, Symbol},
        source::{
            SimulatedSpec,
            files::{IntakeOptions, read_directory},
            simulated,
        },
    };

    /// Four symbols in the original's layout, their dividends subtracted from all earlier prices where it is asked.
    /// The original's own set is not at hand: this one is made of simulated bars.
    fn write_original(path: &Path, is_subtracted: bool) -> usize {
        let spec = SimulatedSpec { symbols: 20, days: 500, minute_days: 0, ..SimulatedSpec::default() };
        let daily = simulated::generate(&spec).expect("made").daily;
        let mut symbols: Vec<Symbol> = daily.iter().map(|bar| bar.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        let series = |symbol: &Symbol| daily.iter().filter(|bar| bar.symbol == *symbol).cloned().collect::<Vec<_>>();
        let pays = |bars: &Vec<DailyBar>| bars[bars.len() - 1].adj_factor > bars[0].adj_factor * 1.01;
        let chosen: Vec<Vec<DailyBar>> = symbols.iter().map(series).filter(pays).take(4).collect();
        let mut text = "trade_date,code,name,open,high,low,close,volume,amount\n".to_owned();
        for bars in &chosen {
            let mut cash = vec![0.0; bars.len()];
            for day in (1..bars.len()).rev() {
                let paid = bars[day - 1].close - bars[day].preclose.unwrap_or(bars[day - 1].close);
                cash[day - 1] = cash[day] + paid;
            }
            for (bar, cash) in bars.iter().zip(cash) {
                let down = if is_subtracted { cash } else { 0.0 };
                let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(|price| price - down);
                let (lots, amount) = (bar.volume.unwrap_or(0) / 100, bar.amount.unwrap_or(0.0));
                let (date, code) = (bar.date.strftime("%Y%m%d"), bar.symbol.code());
                let _ = writeln!(text, "{date},{code},x,{open:.2},{high:.2},{low:.2},{close:.2},{lots},{amount:.2}");
            }
        }
        durable::replace(path, &text).expect("written");
        chosen.len()
    }

    #[test]
    fn subtracted_dividends_are_named_and_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let (file, out) = (room.path().join("ultrashort.csv"), room.path().join("out"));
        assert_eq!(write_original(&file, true), 4);
        let found = inspect(&file, Some(&out)).expect("read");
        assert_eq!(found.symbols.len(), 4);
        for (symbol, own) in &found.symbols {
            assert_eq!(own.adjustment, Adjustment::Subtractive, "{symbol}: {own:?}");
        }
        let refusal = found.gate().expect_err("refused");
        assert!(refusal.to_string().contains("forward-adjusted by SUBTRACTION"), "{refusal}");
        assert!(found.converted.is_none() && !out.exists(), "nothing is written of what is refused");
    }

    #[test]
    fn raw_prices_are_converted_and_can_be_imported() {
        let room = tempfile::tempdir().expect("a directory");
        let (file, out) = (room.path().join("ultrashort.csv"), room.path().join("out"));
        write_original(&file, false);
        let found = inspect(&file, Some(&out)).expect("read");
        found.gate().expect("raw");
        assert!(found.converted.is_some());
        let data = read_directory(&out, &IntakeOptions::default()).expect("read").data;
        assert_eq!(data.daily.len(), found.rows);
    }
}
