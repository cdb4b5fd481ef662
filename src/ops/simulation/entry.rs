//! How a run begins: entered in the ledger and opened, or, where one of the same input died, taken up from
//! what its ledger has.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    COMPONENT, SimulationError,
    recorder::{Counts, Rows},
    refusals::Refusals,
    run::Run,
    words::Word,
};
use crate::{
    digest::Digest,
    exit::AnyFailure,
    store::{RunStart, RunStatus},
    text::Note,
    trading::{SessionOpen, Silent, TradeCore, TradingError},
};

/// What a run keeps in the ledger beside its rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) core: Value,
    pub(super) counts: Counts,
    #[serde(default)]
    pub(super) alerts: Vec<String>,
    #[serde(default)]
    pub(super) refusals: Refusals,
}

impl Run<'_> {
    /// Returns the digest of everything that the result depends on.
    fn input(&self) -> Digest {
        let mut hasher = self.given.clone();
        hasher.text(self.continues.as_deref().unwrap_or_default());
        hasher.text(self.scores.model_id.as_deref().unwrap_or_default()).int(self.scores.values.len() as i64);
        for (symbol, score) in &self.scores.values {
            hasher.text(&symbol.to_string()).float(*score);
        }
        hasher.finish()
    }

    /// Takes over the accounts as the newest simulated session before this day left them, where that is
    /// asked for.
    pub(super) fn carry_over(&mut self, core: &mut TradeCore) -> Result<(), AnyFailure> {
        if !self.options.carry_over {
            return Ok(());
        }
        let date = self.day.date;
        let Some((run, state)) = self.stores()?.ledger().last_trade_state(COMPONENT, date)? else {
            self.day.notes.push(Note::new(Word::StartsWithCash, [&date]));
            return Ok(());
        };
        let saved: Saved = serde_json::from_str(&state.state)
            .map_err(|error| TradingError::State { part: "simulation", what: error.to_string() })?;
        core.restore(&saved.core)?;
        self.release_released(core)?;
        self.day.notes.push(Note::new(Word::GoesOn, [&run.as_of, &run.id]));
        self.continues = Some(format!("{} {}", run.id, state.digest));
        Ok(())
    }

    /// A person's release counts more than a saved state.
    fn release_released(&mut self, core: &mut TradeCore) -> Result<(), AnyFailure> {
        let accounts: Vec<String> = core.accounts().map(ToString::to_string).collect();
        let ledger = self.stores()?.ledger();
        for account in accounts {
            if ledger.kill_switch(&account)?.is_none() {
                core.release_kill_switch(&account);
            }
        }
        Ok(())
    }

    /// Enters the run in the ledger, or takes up the one of the same input that died; returns its state.
    pub(super) fn enter_ledger(&mut self) -> Result<Option<(usize, Saved)>, AnyFailure> {
        let (date, input, resume) = (self.day.date, self.input(), self.options.resume);
        let start = RunStart {
            id: self.id.clone(),
            kind: COMPONENT.into(),
            as_of: date,
            input_digest: input,
            started_at: self.started_at,
        };
        let steps = self.day.steps.len();
        let ledger = self.stores()?.ledger();
        let candidate = if resume { ledger.resume_candidate(COMPONENT, date, &input)? } else { None };
        // A run that failed would fail again at the same bar.
        let Some(run) = candidate.filter(|run| run.status == RunStatus::Interrupted) else {
            ledger.begin_run(&start)?;
            self.in_ledger = true;
            if resume {
                self.day.notes.push(Word::NothingToResume.into());
            }
            return Ok(None);
        };
        ledger.resume_run(&run.id)?;
        let state = ledger.trade_state(&run.id)?;
        (self.id, self.in_ledger) = (run.id, true);
        let Some(state) = state else { return Ok(None) };
        let saved: Saved = serde_json::from_str(&state.state)
            .map_err(|error| TradingError::State { part: "simulation", what: error.to_string() })?;
        let done = usize::try_from(state.step).unwrap_or(usize::MAX);
        if done > steps {
            return Err(SimulationError::Resume { saved: state.step, steps }.into());
        }
        Ok(Some((done, saved)))
    }

    /// Opens the session; a run that goes on gets back what its ledger has. Returns the first step to play.
    pub(super) fn open(&mut self, core: &mut TradeCore, saved: Option<(usize, Saved)>) -> Result<usize, AnyFailure> {
        let opening = self.day.date.at(9, 15, 0, 0);
        let (days, actions) = (self.day.days.clone(), self.day.actions.clone());
        let open = SessionOpen { at: opening, days: &days, actions: &actions, falls: &[] };
        let Some((done, saved)) = saved else {
            core.open_session(&open, &mut self.recorder)?;
            self.recorder.open_books(core);
            if !self.scores.values.is_empty() {
                core.decide(opening, &self.scores.values, &mut self.recorder)?;
            }
            return Ok(0);
        };
        core.open_session(&open, &mut Silent)?;
        if !self.scores.values.is_empty() {
            core.rehearse_decision(&self.scores.values)?;
        }
        for step in self.day.steps.iter().take(done) {
            core.rehearse(step)?;
        }
        core.restore(&saved.core)?;
        self.release_released(core)?;
        let id = self.id.clone();
        let ledger = self.stores()?.ledger();
        let rows = Rows { orders: ledger.orders(&id)?, executions: ledger.executions(&id)?, marks: ledger.marks(&id)? };
        self.recorder.take_up(rows, saved, core);
        (self.resumed_at, self.done) = (Some(done), done);
        tracing::info!(component = COMPONENT, run = id, step = done, "goes on with the run that died");
        Ok(done)
    }
}
