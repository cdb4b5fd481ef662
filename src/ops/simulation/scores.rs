//! The scores that a session starts with, of the close of the session before. The model may not have
//! seen anything later than the session itself: where the one in force has, an earlier one of its job
//! stands in for it, as it would have been in force that day.

use jiff::civil::Date;

use super::{COMPONENT, words::Word};
use crate::{
    exit::AnyFailure,
    market::{Calendar, Symbol},
    ops::{
        night_ops::{Night, NightOpsOptions, Refusal},
        research_plan,
        station::Station,
    },
    research::zoo::Snapshot,
    store::{Stores, Table},
    text::Note,
};

/// Scores by symbol, and the model that gave them.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub(super) model_id: Option<String>,
    pub(super) values: Vec<(Symbol, f64)>,
    /// Why there are none, or what they are not worth.
    pub(super) note: Option<Note>,
}

/// Scores the close of the session before `date`. Where no model is in force or the daily bars end
/// earlier there are no scores, and the note says so.
///
/// # Errors
/// When the model cannot be used: damaged, of other factors, or pinned and trained on later days.
pub(super) fn before(
    station: &Station,
    stores: Stores,
    date: Date,
    present: &[Symbol],
) -> Result<(Scores, Stores), AnyFailure> {
    let none = |note: Note| Scores { note: Some(note), ..Scores::default() };
    let before = Calendar::builtin().previous_session(date)?;
    let job = &station.settings().alpha.default_job;
    let model = match model_of_the_day(station, job, date)? {
        Ok(model) => model,
        Err(note) => return Ok((none(note), stores)),
    };
    if stores.last_date(Table::Daily)?.is_none_or(|last| last < before) {
        return Ok((none(Note::new(Word::BarsTooShort, [&before])), stores));
    }
    let options = NightOpsOptions { as_of: Some(date), ..NightOpsOptions::default() };
    let mut night = Night::with_stores(station, &options, COMPONENT, stores, date);
    let factors = night.factors()?;
    let all = model.scores(&factors)?;
    let days = factors.dates.len();
    let Ok(day) = factors.dates.binary_search(&before) else {
        let note = Note::new(Word::NobodyTraded, [&before]);
        return Ok((none(note), night.into_stores()?));
    };
    let score = |(row, symbol): (usize, &Symbol)| Some((*symbol, *all.get(row * days + day)?));
    let mut values: Vec<(Symbol, f64)> = factors.symbols.iter().enumerate().filter_map(score).collect();
    values.retain(|(symbol, score)| score.is_finite() && present.binary_search(symbol).is_ok());
    let note = if values.is_empty() {
        Some(Note::new(Word::NobodyScored, [&before]))
    } else {
        let trained = model.judgement.as_of;
        (trained > before).then(|| Note::new(Word::ScoresSeen, [&model.id, &trained]))
    };
    let scores = Scores { model_id: Some(model.id.clone()), values, note };
    Ok((scores, night.into_stores()?))
}

/// Returns the pinned model, else the one in force, else the newest that was trained by that day; or why
/// there is none.
fn model_of_the_day(station: &Station, job: &str, date: Date) -> Result<Result<Snapshot, Note>, AnyFailure> {
    let zoo = research_plan::zoo(station);
    if let Some(pinned) = &station.settings().alpha.model_id {
        let model = zoo.load(job, pinned)?;
        let trained = model.judgement.as_of;
        if trained > date {
            return Err(Refusal::FutureModel { model: model.id, trained, as_of: date }.into());
        }
        return Ok(Ok(model));
    }
    if zoo.current(job)?.is_none() {
        return Ok(Err(Note::new(Word::NoModelInForce, [&job])));
    }
    let current = zoo.load_current(job)?;
    if current.judgement.as_of <= date {
        return Ok(Ok(current));
    }
    let mut earlier: Option<Snapshot> = None;
    for id in zoo.list(job)? {
        let model = match zoo.load(job, &id) {
            Ok(model) => model,
            Err(error) => {
                tracing::warn!(component = COMPONENT, "model {id} of job {job} is passed over: {error}");
                continue;
            }
        };
        let newest = earlier.as_ref().is_none_or(|best| best.judgement.as_of <= model.judgement.as_of);
        if model.judgement.as_of <= date && model.judgement.gate.passed && newest {
            earlier = Some(model);
        }
    }
    Ok(earlier.ok_or_else(|| Note::new(Word::ModelsTooNew, [&job, &date])))
}
