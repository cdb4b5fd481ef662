//! One night: which stages run, what each left behind, and how the run is recorded.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

use super::{
    Mode, NightOpsOptions, Pace, Stage, data_stages,
    products::Products,
    refusal::ResumeError,
    report::{NightOpsReport, StageReport, TrainJobReport, glossary},
    research_stages,
    session::last_completed_session,
    words::Word,
};
use crate::{
    clock::Stopwatch,
    config::settings::NightMode,
    digest::{Digest, Hasher},
    exit::{AnyFailure, Exit, Failure},
    ops::{listener::Told, station::Station},
    store::{Ledger, RunEnd, RunStart, RunStatus, StageRecord, StageStatus},
    text::Note,
};

/// What a stage did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) rows_in: usize,
    pub(super) rows_out: usize,
    pub(super) digest: Option<Digest>,
    pub(super) remark: Note,
}

/// A run under way.
pub(in crate::ops) struct Night<'a> {
    /// Under which name it runs: `night_ops`, `backtest`, `simulation`.
    pub(super) component: &'static str,
    pub(in crate::ops) station: &'a Station,
    pub(super) options: &'a NightOpsOptions,
    pub(in crate::ops) run_id: String,
    pub(super) products: Products,
    pub(super) job: TrainJobReport,
    pub(super) recovered: Vec<String>,
    content: Option<Digest>,
    pub(super) mode: Mode,
    started_at: Timestamp,
    watch: Stopwatch,
    input_digest: Option<Digest>,
    pub(super) earlier: BTreeMap<String, StageRecord>,
    in_ledger: bool,
    steps: Vec<StageReport>,
}

impl<'a> Night<'a> {
    pub(in crate::ops) fn begin(station: &'a Station, options: &'a NightOpsOptions, component: &'static str) -> Self {
        let started_at = station.clock.now();
        let default_mode = match station.settings().ops.night_ops.default_mode {
            NightMode::Full => Mode::Full,
            NightMode::Data => Mode::Data,
            NightMode::Train => Mode::Train,
            NightMode::Backtest => Mode::Backtest,
        };
        let job_id = station.settings().alpha.default_job.clone();
        Self {
            component,
            station,
            options,
            run_id: run_id(station, component),
            products: Products::default(),
            job: TrainJobReport { job_id, model_id: None, train_run_id: None, backtest_run_id: None, promotion: None },
            recovered: Vec::new(),
            content: None,
            mode: options.mode.unwrap_or(default_mode),
            started_at,
            watch: Stopwatch::start(),
            input_digest: None,
            earlier: BTreeMap::new(),
            in_ledger: false,
            steps: Vec::new(),
        }
    }

    /// Returns the trading date worked for, as far as it is known.
    pub(in crate::ops) fn as_of(&self) -> Date {
        let asked = self.products.as_of.or(self.options.as_of);
        asked.unwrap_or_else(|| last_completed_session(self.station))
    }

    /// Runs every selected stage in order; the first failure ends the run.
    pub(super) fn run_stages(&mut self) -> Result<(), AnyFailure> {
        let pace = Pace::of(self);
        for stage in Stage::ALL {
            let outcome = match self.reason_to_skip(stage) {
                Some(record) => self.note(record),
                None => self.attempt(stage, &pace),
            };
            if let Err(failure) = outcome {
                self.skip_rest(stage);
                return Err(failure);
            }
            if stage == Stage::Collect {
                self.enter_ledger()?;
            }
        }
        Ok(())
    }

    fn attempt(&mut self, stage: Stage, pace: &Pace) -> Result<(), AnyFailure> {
        pace.tell(&self.options.listener, stage);
        let watch = Stopwatch::start();
        let outcome = match stage {
            Stage::Selfcheck => data_stages::selfcheck(self),
            Stage::Collect => data_stages::collect(self),
            Stage::TsCheck => data_stages::ts_check(self),
            Stage::Repair => data_stages::repair(self),
            Stage::Factor => research_stages::factor(self),
            Stage::Label => research_stages::label(self),
            Stage::Dataset => research_stages::dataset(self),
            Stage::Train => research_stages::train(self),
            Stage::Backtest => research_stages::backtest(self),
            Stage::Record => research_stages::record(self),
        };
        let seconds = watch.seconds();
        match outcome {
            Ok(done) => {
                let (rows_in, rows_out) = (done.rows_in, done.rows_out);
                self.options.listener.tell(Told::Done { rows: rows_out });
                tracing::info!(
                    component = self.component,
                    stage = stage.name(),
                    rows_in,
                    rows_out,
                    "{stage}: {}",
                    &*done.remark
                );
                self.note(StageReport {
                    status: StageStatus::Done,
                    rows_in: rows_in as u64,
                    rows_out: rows_out as u64,
                    digest: done.digest,
                    ..empty(stage, StageStatus::Done, done.remark, seconds)
                })
            }
            Err(failure) => {
                // The stage's failure is the cause; a ledger that cannot note it comes second.
                let why = Note::foreign(failure.to_string());
                let _ = self.note(empty(stage, StageStatus::Failed, why, seconds));
                Err(failure)
            }
        }
    }

    pub(super) fn selects(&self, stage: Stage) -> bool {
        // Without the self-check no stage would have its stores.
        stage == Stage::Selfcheck
            || if self.options.tasks.is_empty() {
                self.mode.selects(stage)
            } else {
                self.options.tasks.contains(&stage)
            }
    }

    /// Returns the record of a stage that is not to run: it was not asked for, or an earlier run of the
    /// same input did it.
    fn reason_to_skip(&self, stage: Stage) -> Option<StageReport> {
        if !self.selects(stage) {
            let mode = self.options.tasks.is_empty().then(|| Note::foreign(self.mode.name()));
            let asked = mode.unwrap_or_else(|| Word::TasksAsked.into());
            return Some(empty(stage, StageStatus::Skipped, Note::new(Word::NotPart, [&asked]), 0.0));
        }
        let done = StageReport::of(self.earlier.get(stage.name())?)?;
        let reason = Note::new(Word::DoneBefore, [&done.reason]);
        Some(StageReport { ok: true, status: StageStatus::Skipped, reason, seconds: 0.0, ..done })
    }

    /// Holds a product that was made again for a resumed run against what the interrupted run made.
    pub(super) fn check_resumed(&self, stage: Stage, digest: impl FnOnce() -> Digest) -> Result<(), ResumeError> {
        let Some(before) = self.earlier.get(stage.name()).and_then(|record| record.digest) else { return Ok(()) };
        // Asked for only here: to digest a table takes as long as to make it.
        let now = digest();
        if before == now { Ok(()) } else { Err(ResumeError { stage, before, now }) }
    }

    fn skip_rest(&mut self, failed: Stage) {
        for stage in Stage::ALL.into_iter().filter(|stage| *stage > failed) {
            // As above: the failed stage is the cause.
            let why = Note::in_each(|language| Note::new(Word::NotReached, [&failed.say(language)]).say(language));
            let _ = self.note(empty(stage, StageStatus::Skipped, why, 0.0));
        }
    }

    fn note(&mut self, step: StageReport) -> Result<(), AnyFailure> {
        let record = step.record();
        let inserted = self.in_ledger.then_some(self.products.stores.as_ref()).flatten();
        // A skipped stage must not hide in the ledger that an earlier run did it.
        let hides = record.status == StageStatus::Skipped && self.earlier.contains_key(&record.name);
        let noted =
            inserted.filter(|_| !hides).map_or(Ok(()), |stores| stores.ledger().put_stage(&self.run_id, &record));
        self.steps.push(step);
        Ok(noted?)
    }

    /// Enters the run in the ledger once its trading date and input are known; with `--resume` takes up
    /// the run of the same key that did not end well.
    fn enter_ledger(&mut self) -> Result<(), AnyFailure> {
        let as_of = self.as_of();
        self.content = Some(self.data_digest()?);
        let input = self.digest_input();
        self.input_digest = Some(input);
        let Some(stores) = &self.products.stores else { return Ok(()) };
        let ledger = stores.ledger();
        let candidate =
            if self.options.resume { ledger.resume_candidate(self.component, as_of, &input)? } else { None };
        if let Some(run) = candidate {
            tracing::info!(component = self.component, run = run.id, "goes on with the run that did not end well");
            ledger.resume_run(&run.id)?;
            let done = ledger.stages(&run.id)?.into_iter().filter(|stage| stage.status == StageStatus::Done);
            self.earlier = done.map(|stage| (stage.name.clone(), stage)).collect();
            self.run_id = run.id;
        } else {
            if self.options.resume {
                tracing::info!(component = self.component, "nothing to resume: every run with this input ended well");
            }
            ledger.begin_run(&self.start(as_of, input))?;
        }
        self.in_ledger = true;
        let stages: Vec<StageRecord> = self.steps.iter().map(StageReport::record).collect();
        stages.iter().try_for_each(|stage| ledger.put_stage(&self.run_id, stage))?;
        // An incremental night trains nothing, so that none of its experiments names a model: what is resumed
        // must not trade another one.
        if self.earlier.contains_key(Stage::Train.name()) && self.trained_before()?.is_none() {
            self.earlier.remove(Stage::Train.name());
        }
        Ok(())
    }

    fn start(&self, as_of: Date, input_digest: Digest) -> RunStart {
        RunStart {
            id: self.run_id.clone(),
            kind: self.component.into(),
            as_of,
            input_digest,
            started_at: self.started_at,
        }
    }

    /// Returns the digest of everything that the result depends on.
    fn digest_input(&self) -> Digest {
        let mut hasher = Hasher::new("night_ops input");
        hasher.text(&self.options.backtest_from.map(|date| date.to_string()).unwrap_or_default());
        hasher.text(self.mode.name()).text(env!("CARGO_PKG_VERSION")).int(self.station.settings().seed.0 as i64);
        hasher.text(&self.options.start.map(|date| date.to_string()).unwrap_or_default());
        hasher.digest(&self.station.config.digest).digest(&self.station.strategy_digest());
        if let Some(data) = &self.content {
            hasher.digest(data);
        }
        hasher.finish()
    }

    /// Returns the digest of what the stages made, if one of them made something; equal inputs give an
    /// equal one.
    fn digest_result(&self) -> Option<Digest> {
        let mut hasher = Hasher::new("night_ops result");
        self.steps.iter().find(|step| step.name.is_result() && step.digest.is_some())?;
        for step in self.steps.iter().filter(|step| step.name.is_result()) {
            hasher.text(step.name.name());
            if let Some(digest) = &step.digest {
                hasher.digest(digest);
            }
        }
        Some(hasher.finish())
    }

    /// Closes the run in the ledger and returns its report.
    pub(super) fn conclude(mut self, failure: Option<&dyn Failure>) -> Result<NightOpsReport, AnyFailure> {
        self.settle_from_ledger();
        let exit = failure.map_or(Exit::Done, Failure::exit);
        let result_digest = if failure.is_none() { self.digest_result() } else { None };
        let end = RunEnd {
            status: if failure.is_none() { RunStatus::Success } else { RunStatus::Failed },
            finished_at: self.station.clock.now(),
            result_digest,
            exit: exit.code(),
            error: failure.map(ToString::to_string),
        };
        match (self.close(&end), failure) {
            // The ledger may be what failed; then the failure at hand says so already.
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) => {
                tracing::warn!(component = self.component, "the run is not in the ledger: {error}");
            }
            (Ok(()), _) => {}
        }
        let mut report = self.so_far();
        (report.success, report.exit, report.error) = (failure.is_none(), exit.code(), end.error);
        report.result_digest = result_digest;
        Ok(report)
    }

    /// Returns the report of the run up to here, as one that goes well.
    pub(super) fn so_far(&self) -> NightOpsReport {
        NightOpsReport {
            date: self.as_of(),
            run_id: self.run_id.clone(),
            mode: self.mode.name().into(),
            success: true,
            exit: Exit::Done.code(),
            error: None,
            started_at: self.started_at,
            seconds: self.watch.seconds(),
            git_commit: self.station.commit(),
            config_digest: self.station.config.digest,
            input_digest: self.input_digest,
            result_digest: None,
            overrides: self.options.overrides.clone(),
            recovered: self.recovered.clone(),
            steps: self.steps.clone(),
            train_jobs: vec![self.job.clone()],
            zh: glossary(&self.steps, std::slice::from_ref(&self.job)),
        }
    }

    /// Ends the run in the ledger; a run that failed before it was entered is entered now.
    fn close(&mut self, end: &RunEnd) -> Result<(), AnyFailure> {
        if let (true, Some(stores)) = (self.in_ledger, &self.products.stores) {
            return Ok(stores.ledger().finish_run(&self.run_id, end)?);
        }
        let ledger = Ledger::open(&self.station.store_settings().ledger)?;
        let input = self.digest_input();
        ledger.begin_run(&self.start(self.as_of(), input))?;
        for step in &self.steps {
            ledger.put_stage(&self.run_id, &step.record())?;
        }
        Ok(ledger.finish_run(&self.run_id, end)?)
    }
}

/// Returns an id that no run of another second or process has.
fn run_id(station: &Station, component: &str) -> String {
    let now = station.clock.shanghai();
    let mark = Digest::of(format!("{now} {}", std::process::id())).short();
    format!("{component}_{}_{}", now.strftime("%Y%m%d_%H%M%S"), mark.get(..6).unwrap_or(&mark))
}

fn empty(name: Stage, status: StageStatus, reason: Note, seconds: f64) -> StageReport {
    let ok = status != StageStatus::Failed;
    StageReport { name, ok, status, reason, rows_in: 0, rows_out: 0, digest: None, seconds }
}
