//! A night that goes on from the one before: whether it can, what it takes over, and what it leaves. Every number
//! that it takes over is one that it would have computed, which chains of digests over the sessions show.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    COMPONENT, Mode,
    carry_over::{self, CarryOver, Obstacle, SCORES},
    chain::{bars_chain, labels_chain, on_calendar, securities_digest},
    night::Night,
    words::Word,
};
use crate::{
    digest::{Digest, FileMark},
    durable::DurableError,
    exit::AnyFailure,
    market::DailyPanel,
    ops::{
        Station,
        research_plan::{self, ResearchPlan},
    },
    research::{
        dataset::{EarlierDataset, ExtendedDataset, SavedDataset},
        factor::{self, Availability, FactorFrame, KnownValues, traded_cells},
        label::LabelFrame,
        train::Trained,
        zoo::Snapshot,
    },
    text::Note,
};

/// What a night takes over, and the sessions that it adds.
pub(super) struct Increment {
    /// The night that it goes on from.
    pub(super) since: Date,
    /// The first session that it computes.
    first: usize,
    /// The factors of that session and all after it.
    tail: FactorFrame,
    /// Their chain, which goes on from what was carried over.
    chain: Vec<Digest>,
    known: Vec<KnownValues>,
    earlier: EarlierDataset,
    /// The model, which was trained on the same rows.
    pub(super) model: Arc<Snapshot>,
    /// The digest of its training.
    pub(super) trained: Digest,
    /// Scores, S x D; NaN before the test part.
    pub(super) scores: Arc<Vec<f64>>,
}

/// What the stages note for the next night.
#[derive(Default)]
pub(super) struct Handover {
    /// The chain of the panel's bars, where something has asked for it.
    bars: Option<Vec<Digest>>,
    /// The chain of the label, likewise.
    labels: Option<Vec<Digest>>,
    /// The chain of the factors from session `0` of the pair on.
    pub(super) factors: Option<(usize, Vec<Digest>)>,
    pub(super) dataset: Option<SavedDataset>,
    /// The first and the last session with a row of the test part.
    pub(super) first_test: Option<Date>,
    pub(super) last_row: Option<Date>,
    pub(super) train_rows: usize,
    pub(super) trained: Option<Digest>,
    pub(super) scores: Option<Arc<Vec<f64>>>,
}

/// Says whether a night is asked to go on from the one before.
fn is_asked(night: &Night<'_>) -> bool {
    let asked = night.options.incremental || night.station.settings().ops.night_ops.incremental;
    asked && night.component == COMPONENT
}

/// Says whether a night runs every stage from the start.
fn is_whole(night: &Night<'_>) -> bool {
    let options = night.options;
    let whole = night.mode == Mode::Full && options.tasks.is_empty() && options.backtest_from.is_none();
    whole && night.component == COMPONENT && night.earlier.is_empty()
}

/// Takes up what the night before left, where this one is asked to and can. Returns why not, where it is asked to
/// and cannot: everything is computed then.
pub(super) fn take_up(night: &mut Night<'_>) -> Option<Note> {
    if !is_asked(night) {
        return None;
    }
    match Increment::open(night) {
        Ok(increment) => {
            night.products.increment = Some(Arc::new(increment));
            None
        }
        Err(obstacle) => {
            let why = Note::new(Word::NotIncremental, [&obstacle]);
            match obstacle {
                Obstacle::Damaged(_) | Obstacle::Failed(_) => tracing::warn!(component = night.component, "{}", &*why),
                Obstacle::Changed(_) => tracing::info!(component = night.component, "{}", &*why),
            }
            Some(why)
        }
    }
}

impl Increment {
    fn open(night: &mut Night<'_>) -> Result<Self, Obstacle> {
        let changed = |why: String| Obstacle::Changed(why);
        if !is_whole(night) {
            return Err(changed("only a night of all stages, not resumed, can go on from another".into()));
        }
        let plan = ResearchPlan::of(night.station).map_err(Obstacle::failure)?;
        let carried = CarryOver::read(&place(night.station, &plan))?;
        let (as_of, basis) = (night.as_of(), basis(night, &plan).map_err(Obstacle::Failed)?);
        if carried.as_of > as_of {
            return Err(changed(format!("the last night was for a later day, {}", carried.as_of)));
        }
        if let Some(name) = basis.keys().find(|name| basis.get(*name) != carried.basis.get(*name)) {
            return Err(changed(format!("the {name} was changed since the night of {}", carried.as_of)));
        }
        let panel = night.panel().map_err(Obstacle::Failed)?;
        let link = |chain: &[Digest]| chain.get(carried.settled).copied();
        let same_bars = link(night.products.handover.bars.insert(bars_chain(&panel))) == Some(carried.bars);
        let until = carried.until;
        let same_calendar = on_calendar(&panel) == carried.on_calendar;
        if !same_bars || !same_calendar {
            let history = night.history().map_err(Obstacle::Failed)?;
            // What was told of a share decides which of its bars count.
            let told = securities_digest(&history, panel.symbols(), until) == carried.securities;
            return Err(changed(match (told, same_calendar) {
                (false, _) => format!("listings or special treatment up to {until} were changed"),
                (true, false) => format!("which sessions up to {until} are of the exchanges' calendar was changed"),
                (true, true) => format!("bars up to {until} were changed"),
            }));
        }
        let labels = night.labels().map_err(Obstacle::Failed)?;
        let chain = night.products.handover.labels.insert(labels_chain(&labels, &plan.dataset));
        if link(chain) != Some(carried.labels) {
            return Err(changed(format!("labels of sessions up to {until} were changed")));
        }
        Self::load(night, &plan, carried, &panel, &labels)
    }

    /// Loads what the carry-over names, and computes the factors and scores of the sessions after it.
    fn load(
        night: &Night<'_>,
        plan: &ResearchPlan,
        carried: CarryOver,
        panel: &DailyPanel,
        labels: &LabelFrame,
    ) -> Result<Self, Obstacle> {
        let station = night.station;
        let directory = research_plan::cache(station, carried.as_of);
        let earlier = EarlierDataset::open(&directory, &carried.dataset, &carried.files)
            .map_err(|error| Obstacle::damage(&error))?;
        let failed = |error: crate::research::ResearchError| Obstacle::failure(error);
        let (sessions, _) = plan.dataset.sessions(labels).map_err(failed)?;
        if !earlier.sessions().goes_on_as(&sessions) {
            return Err(Obstacle::Changed("the split moves on: the training part has more sessions".into()));
        }
        let model =
            research_plan::zoo(station).load(&plan.job.id, &carried.model).map_err(|error| Obstacle::damage(&error))?;
        let trained = trained_digest(&model).map_err(|error| Obstacle::damage(&error))?;
        if trained != carried.trained || model.judgement.dataset_digest != earlier.training_digest() {
            return Err(Obstacle::Damaged(format!("model {} is not the one that was trained", model.id)));
        }
        let mut scores = carry_over::read_scores(&directory.join(SCORES), &carried.scores, panel)?;
        let first = carried.settled;
        let told = |done, total| night.options.listener.part(done, total, "factors");
        let tail = factor::compute_telling(&plan.factors, panel, first, night.threads(), &told).map_err(failed)?;
        let tail = tail.within(panel, &plan.universe);
        let added = model.scores(&tail).map_err(failed)?;
        let (days, width) = (panel.dates().len(), tail.dates.len());
        for (all, added) in scores.chunks_exact_mut(days.max(1)).zip(added.chunks_exact(width.max(1))) {
            if let Some(last) = all.get_mut(first..) {
                last.copy_from_slice(added);
            }
        }
        Ok(Self {
            since: carried.as_of,
            first,
            chain: tail.chain_from(carried.factors),
            tail,
            known: carried.known,
            earlier,
            model: Arc::new(model),
            trained,
            scores: Arc::new(scores),
        })
    }

    /// Returns the chain of the factors from some session on.
    pub(super) fn factor_chain(&self) -> (usize, Vec<Digest>) {
        (self.first, self.chain.clone())
    }

    /// Returns how many factors have a column.
    pub(super) const fn factors(&self) -> usize {
        self.tail.names.len()
    }

    /// Returns how much of each factor there is, over all sessions.
    pub(super) fn availability(&self, plan: &ResearchPlan, panel: &DailyPanel) -> Vec<Availability> {
        let known = self.known_until(self.first + self.tail.dates.len());
        let mut asked = plan.factors.factors.clone();
        asked.extend(plan.factors.expressions.iter().map(|expression| expression.name.clone()));
        KnownValues::availability(&asked, &known, traded_cells(panel, &plan.universe, panel.dates().len()))
    }

    fn known_until(&self, session: usize) -> Vec<KnownValues> {
        let added = KnownValues::of(&self.tail, &(0..session.saturating_sub(self.first)));
        self.known.iter().zip(&added).map(|(known, added)| known.and(added)).collect()
    }

    /// Returns the dataset with the sessions that are added.
    pub(super) fn dataset(&self, labels: &LabelFrame, plan: &ResearchPlan) -> Result<ExtendedDataset, AnyFailure> {
        Ok(self.earlier.extend(&self.tail, labels, &plan.dataset)?)
    }
}

/// Leaves the carry-over of a night of all stages. Returns why there is none, where there is none.
pub(super) fn leave(night: &mut Night<'_>) -> Result<Option<String>, AnyFailure> {
    if !is_whole(night) {
        return Ok(None);
    }
    let plan = ResearchPlan::of(night.station)?;
    let (panel, labels) = (night.panel()?, night.labels()?);
    let (sessions, settled) = plan.dataset.sessions(&labels)?;
    let handover = std::mem::take(&mut night.products.handover);
    let (Some((first, factors)), Some(dataset), Some(trained), Some(scores), Some(model)) = (
        handover.factors,
        handover.dataset,
        handover.trained,
        handover.scores,
        night.products.snapshot.as_ref().map(|snapshot| snapshot.id.clone()),
    ) else {
        return Ok(Some("a stage made nothing".into()));
    };
    let (Some(until), Some(first_test)) =
        (settled.checked_sub(1).and_then(|last| panel.dates().get(last)).copied(), handover.first_test)
    else {
        return Ok(Some("the test part has no row".into()));
    };
    if settled < sessions.test.start || handover.last_row.is_some_and(|last| last > until) {
        return Ok(Some("rows of the last sessions may still change".into()));
    }
    let known = match &night.products.increment {
        Some(increment) => increment.known_until(settled),
        None => KnownValues::of(&*night.factors()?, &(0..settled)),
    };
    let link = |chain: &[Digest], session: Option<usize>| session.and_then(|session| chain.get(session)).copied();
    let (Some(bars), Some(label), Some(factors)) = (
        link(&handover.bars.unwrap_or_else(|| bars_chain(&panel)), Some(settled)),
        link(&handover.labels.unwrap_or_else(|| labels_chain(&labels, &plan.dataset)), Some(settled)),
        link(&factors, settled.checked_sub(first)),
    ) else {
        return Ok(Some("the bars end before the last session carried over".into()));
    };
    let decided = first_decided(&panel, first_test);
    let path = research_plan::cache(night.station, night.as_of()).join(SCORES);
    let carried = CarryOver {
        version: CarryOver::VERSION,
        as_of: night.as_of(),
        basis: basis(night, &plan)?,
        settled,
        until,
        on_calendar: on_calendar(&panel),
        bars,
        securities: securities_digest(&*night.history()?, panel.symbols(), until),
        labels: label,
        factors,
        known,
        dataset: dataset.manifest,
        files: dataset.marks,
        model,
        trained,
        scores: carry_over::write_scores(&path, &panel, &scores, decided..settled)?,
    };
    carried.write(&place(night.station, &plan))?;
    Ok(None)
}

/// Returns the first session whose scores are traded: that before the first of the test.
fn first_decided(panel: &DailyPanel, first_test: Date) -> usize {
    panel.dates().partition_point(|date| *date < first_test).saturating_sub(1)
}

/// Returns the digest of a saved model's training.
fn trained_digest(model: &Snapshot) -> Result<Digest, crate::research::ResearchError> {
    let (own, judgement) = (model.model.clone(), &model.judgement);
    let metrics = judgement.metrics.clone();
    Trained { model: own, metrics, seed: judgement.seed, dataset_digest: judgement.dataset_digest }.digest()
}

fn place(station: &Station, plan: &ResearchPlan) -> PathBuf {
    let cache = station.workspace.path(&station.settings().alpha.cache_dir);
    cache.join(format!("carry_over_{}.json", plan.job.id))
}

/// Returns what the result depends on beside the bars, in words that a sentence can use.
fn basis(night: &Night<'_>, plan: &ResearchPlan) -> Result<BTreeMap<String, Digest>, AnyFailure> {
    // A night of all stages would judge the model against this one.
    let current = research_plan::zoo(night.station).current(&plan.job.id)?;
    let program = program(std::env::current_exe())?;
    let parts: [(&str, Digest); 11] = [
        ("model in force", written(&current)?),
        ("universe", written(&plan.universe)?),
        ("program", written(&(env!("CARGO_PKG_VERSION"), program))?),
        ("seed", written(&night.station.settings().seed)?),
        ("start date", written(&night.options.start)?),
        ("job", written(&(&plan.job, &plan.task))?),
        ("factor set", written(&plan.factors)?),
        ("label spec", written(&plan.labels)?),
        ("dataset rule", written(&plan.dataset)?),
        ("learner", written(&plan.learner)?),
        ("promotion gate", written(&plan.gate)?),
    ];
    Ok(parts.map(|(name, digest)| (name.to_owned(), digest)).into())
}

/// Returns the digest of a value as JSON.
fn written(value: &impl Serialize) -> Result<Digest, DurableError> {
    let wrong =
        |error: serde_json::Error| DurableError::at("encode", Path::new("what a night depends on"))(error.into());
    Ok(Digest::of(serde_json::to_vec(value).map_err(wrong)?))
}

/// Returns the mark of the executable: another build may compute other numbers under the same version.
fn program(found: io::Result<PathBuf>) -> Result<FileMark, DurableError> {
    let path = found.map_err(DurableError::at("find", Path::new("the program that runs")))?;
    FileMark::of(&path).map_err(DurableError::at("look at", &path))
}

#[cfg(test)]
#[path = "increment_tests.rs"]
mod tests;
