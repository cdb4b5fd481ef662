//! The report of a simulation: `reports/simulation_YYYYMMDD.{json,md}`, verdict first.

use std::{fmt::Write, path::PathBuf};

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{BusUse, Counts, refusals::RefusedOrder, words::Word};
use crate::{
    digest::Digest,
    durable::DurableError,
    market::tick::cny,
    ops::{reason, report_files},
    store::MarkRow,
    text::{Language, Note, Speak},
    trading::{Fen, TradeCore, risk::in_words},
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
    /// Alerts of risk, as the ledger has them.
    pub alerts: Vec<String>,
    /// The orders that risk refused; the experiment's `refused.csv` has them too.
    pub refused: Vec<RefusedOrder>,
    /// What a reader must know to trust the numbers.
    pub notes: Vec<Note>,
    /// What the bus did; none where it is not enabled.
    pub bus: Option<BusUse>,
    /// Digest of every execution and every worth: equal days give an equal one, with or without the bus.
    pub result_digest: Option<Digest>,
}

impl SimulationReport {
    /// Writes both forms and returns their paths; the one for people is in `language`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, reports: &std::path::Path, language: Language) -> Result<[PathBuf; 2], DurableError> {
        let stem = format!("simulation_{}", self.date.strftime("%Y%m%d"));
        report_files::write_pair(reports, &stem, self, ("md", self.markdown(language)))
    }

    /// Returns the report as a person reads it.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        let say = |note: Note| note.say(language);
        let title = if self.success { Word::Succeeded } else { Word::Failed };
        let mut text = format!("# {}\n\n", say(Note::new(title, [&self.date])));
        if let Some(error) = &self.error {
            let _ = writeln!(text, "**{error}** {}\n", say(Note::new(Word::ExitCode, [&self.exit])));
        }
        let seconds = format!("{:.1}", self.seconds);
        let model = self.model_id.as_ref().map_or_else(|| Word::NoModel.into(), Note::foreign);
        let run = [&self.run_id as &dyn Speak, &self.symbols, &self.interval_minutes, &model, &seconds];
        let _ = writeln!(text, "{}", say(Note::new(Word::Run, run)));
        if let Some(digest) = &self.result_digest {
            let _ = writeln!(text, "{}", say(Note::new(Word::ResultDigest, [digest])));
        }
        if let Some(step) = &self.resumed_at_step {
            let _ = writeln!(text, "{}", say(Note::new(Word::Resumed, [step])));
        }
        let _ = write!(text, "\n{}\n|---|---:|---:|---:|---:|---:|\n", Word::Columns.say(language));
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
            let _ = writeln!(text, "\n**{}**", say(Note::new(Word::Tripped, [account])));
        }
        self.write_counts(&mut text, language);
        let notes: Vec<String> = self.notes.iter().map(|note| note.say(language)).collect();
        let alerts: Vec<String> = self.alerts.iter().map(|alert| alert_note(alert).say(language)).collect();
        for (title, lines) in [(Word::Risk, &alerts), (Word::Notes, &notes)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n## {}\n", title.say(language));
                for line in lines {
                    let _ = writeln!(text, "- {line}");
                }
            }
        }
        text
    }

    fn write_counts(&self, text: &mut String, language: Language) {
        let say = |note: Note| note.say(language);
        let counts = &self.counts;
        let all: [&dyn Speak; 5] =
            [&counts.bars, &counts.signals, &counts.orders, &counts.fills, &counts.refused_by_risk];
        let _ = writeln!(text, "\n{}", say(Note::new(Word::Counts, all)));
        for (what, counts) in [(Word::Unfilled, &counts.unfilled), (Word::Limited, &counts.limited)] {
            let of = |(code, count): (&String, &u64)| format!("{} {count}", reason::words(code, language));
            let words: Vec<String> = counts.iter().map(of).collect();
            if !words.is_empty() {
                let _ = writeln!(text, "{}", say(Note::new(what, [&words.join(", ")])));
            }
        }
        let bus = match &self.bus {
            None => Word::BusOff.into(),
            Some(BusUse { error: Some(error), dropped, .. }) => {
                let _ = writeln!(text, "**{}**", say(Note::new(Word::BusFailed, [error, dropped])));
                return;
            }
            Some(bus) => {
                let role = if bus.hosted { Word::BusHosted } else { Word::BusJoined };
                Note::new(role, [&bus.published, &bus.dropped])
            }
        };
        let _ = writeln!(text, "{}", say(bus));
    }

    /// Returns what the command says: notes, alerts, accounts, and the verdict last.
    #[must_use]
    pub fn lines(&self) -> Vec<Note> {
        let mut lines: Vec<Note> =
            self.alerts.iter().map(|alert| Note::new(Word::RiskAlert, [&alert_note(alert)])).collect();
        for account in &self.accounts {
            let [nav, cash, positions] =
                [account.nav, account.cash, account.positions_value].map(|fen| format!("{:.2}", cny(fen)));
            let change = format!("{:+.3}", account.change() * 100.0);
            let all: [&dyn Speak; 6] =
                [&account.account_id, &nav, &change, &cash, &positions, &account.positions.len()];
            lines.push(Note::new(Word::Account, all));
        }
        lines.extend(self.tripped.iter().map(|account| Note::new(Word::KillSwitch, [account])));
        let error = self.bus.as_ref().and_then(|bus| bus.error.as_ref());
        lines.extend(error.map(|error| Note::new(Word::Degraded, [error])));
        lines
    }

    /// Returns the verdict in one line.
    #[must_use]
    pub fn verdict(&self) -> Note {
        let verdict = if self.success { Word::VerdictGood } else { Word::VerdictBad };
        let (counts, seconds) = (&self.counts, format!("{:.1}", self.seconds));
        Note::new(verdict, [&self.date, &counts.bars, &counts.orders, &counts.fills, &seconds])
    }
}

/// Says an alert, `<instant> <level>: <message>`, in every language.
fn alert_note(alert: &str) -> Note {
    let parts = alert.split_once(": ").and_then(|(head, message)| Some((head.split_once(' ')?, message)));
    match parts {
        Some(((at, level), message)) => Note::new(Word::Alert, [&at, &in_words(level), &in_words(message)]),
        None => Note::foreign(alert),
    }
}
