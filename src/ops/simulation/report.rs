//! The report of a simulation: `reports/simulation_YYYYMMDD.{json,md}`, verdict first.

use std::{fmt::Write, path::PathBuf};

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{BusUse, Counts};
use crate::{
    digest::Digest,
    durable::DurableError,
    market::tick::cny,
    ops::report_files,
    store::MarkRow,
    trading::{Fen, TradeCore},
};

/// What became of one account; amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountReport {
    /// The account.
    pub account_id: String,
    /// Its worth before the first bar.
    pub opening_nav: Fen,
    /// Its worth at the end.
    pub nav: Fen,
    /// Its cash at the end.
    pub cash: Fen,
    /// Its positions at the last prices.
    pub positions_value: Fen,
    /// Shares held at the end, by symbol.
    pub positions: std::collections::BTreeMap<String, i64>,
}

impl AccountReport {
    /// Returns the change of its worth, a share of what it was; 0 for an account that was worth nothing.
    #[must_use]
    pub fn change(&self) -> f64 {
        if self.opening_nav == 0 { 0.0 } else { self.nav as f64 / self.opening_nav as f64 - 1.0 }
    }

    /// Reads the accounts as they stand; what they were worth first is in the marks.
    pub(super) fn of(core: &TradeCore, marks: &[MarkRow]) -> Vec<Self> {
        let of = |id: &crate::trading::Name| {
            let account = core.account(id)?;
            let nav = account.value_at(|symbol| core.price(symbol).unwrap_or(0));
            let opening = marks.iter().find(|mark| *mark.account_id == **id).map_or(nav, |mark| mark.nav);
            let positions = account.positions().iter();
            Some(Self {
                account_id: id.to_string(),
                opening_nav: opening,
                nav,
                cash: account.cash(),
                positions_value: nav - account.cash(),
                positions: positions.map(|(symbol, position)| (symbol.to_string(), position.shares)).collect(),
            })
        };
        core.accounts().filter_map(of).collect()
    }
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationReport {
    /// The session.
    pub date: Date,
    /// The run in the ledger.
    pub run_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// Whether it ended well.
    pub success: bool,
    /// The exit code of the run itself, the bus apart.
    pub exit: u8,
    /// The error that ended it.
    pub error: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// The length of its bars.
    pub interval_minutes: i64,
    /// Symbols with bars.
    pub symbols: usize,
    /// The model whose scores it started with.
    pub model_id: Option<String>,
    /// The first step after an interruption, where it went on with a run that died.
    pub resumed_at_step: Option<usize>,
    /// The DayOps of the day that failed and was overruled by `--force`.
    pub forced_against: Option<String>,
    /// What happened, counted.
    pub counts: Counts,
    /// The accounts at the end.
    pub accounts: Vec<AccountReport>,
    /// Accounts that a kill switch has stopped: they trade no more until a person releases it.
    pub tripped: Vec<String>,
    /// Alerts of risk, in words.
    pub alerts: Vec<String>,
    /// What a reader must know to trust the numbers.
    pub notes: Vec<String>,
    /// What the bus did; none where it is not enabled.
    pub bus: Option<BusUse>,
    /// Digest of every execution and every worth: equal days give an equal one, with or without the bus.
    pub result_digest: Option<Digest>,
}

impl SimulationReport {
    /// Writes both forms and returns their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &std::path::Path) -> Result<[PathBuf; 2], DurableError> {
        let stem = format!("simulation_{}", self.date.strftime("%Y%m%d"));
        report_files::write_pair(reports, &stem, self, ("md", self.markdown()))
    }

    /// Returns the report as a person reads it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let verdict = if self.success { "succeeded" } else { "FAILED" };
        let mut text = format!("# Simulation of {}: {verdict}\n\n", self.date);
        if let Some(error) = &self.error {
            let _ = writeln!(text, "**{error}** (exit code {})\n", self.exit);
        }
        let (run, symbols, minutes) = (&self.run_id, self.symbols, self.interval_minutes);
        let model = self.model_id.as_deref().unwrap_or("none");
        let _ = writeln!(
            text,
            "Run `{run}`, {symbols} symbols, {minutes}-minute bars, model `{model}`, {:.1} s.",
            self.seconds
        );
        if let Some(digest) = &self.result_digest {
            let _ = writeln!(text, "Result digest `{digest}`.");
        }
        if let Some(step) = self.resumed_at_step {
            let _ = writeln!(text, "It went on at step {step}, after an interruption.");
        }
        text.push_str(
            "\n| account | opening NAV | NAV | cash | positions | return |\n|---|---:|---:|---:|---:|---:|\n",
        );
        for account in &self.accounts {
            let [opening, nav, cash, positions] =
                [account.opening_nav, account.nav, account.cash, account.positions_value]
                    .map(|fen| format!("{:.2}", cny(fen)));
            let _ = writeln!(
                text,
                "| {} | {opening} | {nav} | {cash} | {positions} | {:+.3} % |",
                account.account_id,
                account.change() * 100.0
            );
        }
        for account in &self.tripped {
            let _ = writeln!(
                text,
                "\n**The kill switch of account {account} is tripped: it buys nothing until a person releases it.**"
            );
        }
        self.counted(&mut text);
        for (title, lines) in [("Risk", &self.alerts), ("Notes", &self.notes)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n## {title}\n");
                for line in lines {
                    let _ = writeln!(text, "- {line}");
                }
            }
        }
        text
    }

    fn counted(&self, text: &mut String) {
        let counts = &self.counts;
        let _ = writeln!(
            text,
            "\n{} bars, {} signals, {} orders, {} fills, {} refused by risk.",
            counts.bars, counts.signals, counts.orders, counts.fills, counts.refused_by_risk
        );
        for (what, counts) in [("unfilled", &counts.unfilled), ("limited", &counts.limited)] {
            let words: Vec<String> = counts.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            if !words.is_empty() {
                let _ = writeln!(text, "Orders or wishes {what}: {}.", words.join(", "));
            }
        }
        match &self.bus {
            None => text.push_str("The event bus is not enabled.\n"),
            Some(BusUse { error: Some(error), dropped, .. }) => {
                let _ = writeln!(text, "**The event bus failed: {error}; {dropped} messages dropped.**");
            }
            Some(bus) => {
                let role = if bus.hosted { "hosted here" } else { "joined" };
                let _ = writeln!(text, "Event bus: {role}, {} messages, {} dropped.", bus.published, bus.dropped);
            }
        }
    }
}
