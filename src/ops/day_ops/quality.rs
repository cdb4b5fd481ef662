//! Does the model still order the symbols as it did in training? Its rank IC over the newest sessions
//! whose label is known, held against what it showed on its validation rows.
//!
//! Twenty sessions are few: the bar is what chance leaves of the promise, two standard errors below it.

use jiff::civil::Date;

use super::{
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    data::{
        guardian::{self, Known},
        repair,
    },
    exit::AnyFailure,
    market::{Calendar, DailyBar, DailyPanel},
    metric::{cross_section, summarise},
    ops::{data_state, research_plan::ResearchPlan},
    research::{factor, label, zoo::Snapshot},
    store::Query,
    text::Note,
};

/// Sessions with a known label that are measured.
const MEASURED_SESSIONS: usize = 20;
/// With fewer there is nothing to say.
const MEASURED_SESSIONS_MIN: usize = 10;
/// Sessions that factors look back and labels look forward, beside those measured, in windows of the set.
const LOOKBACKS: usize = 3;
/// Standard errors that a mean may lie below what was promised.
const STANDARD_ERRORS: f64 = 2.0;

/// How the model did of late.
pub(super) struct Recent {
    sessions: usize,
    rank_ic: f64,
    standard_error: f64,
    last: Date,
}

/// Returns what the model showed on the rows of its validation, in words.
pub(super) fn promised(model: &Snapshot) -> Note {
    let value = model.judgement.metrics.get("rank_ic").copied().flatten();
    value.map_or_else(|| Found::RankIcUndefined.into(), |value| Note::new(Found::RankIc, [&format!("{value:.4}")]))
}

impl Recent {
    /// Grades the newest sessions against the promise.
    pub(super) fn judge(&self, morning: &Morning<'_>, model: &Snapshot, findings: &mut Findings) {
        let drop_max = morning.station.settings().alpha.gate.max_rank_ic_drop;
        let promise = model.judgement.metrics.get("rank_ic").copied().flatten().unwrap_or(0.0);
        let Self { sessions, rank_ic, standard_error, last } = self;
        let [own, error, shown] = [*rank_ic, *standard_error, promise].map(|value| format!("{value:.4}"));
        let found = Note::new(Found::SkillRecent, [&own, &error, sessions, last, &shown]);
        if rank_ic + STANDARD_ERRORS * standard_error < promise - drop_max {
            findings.warn(Note::new(Found::SkillLost, [&found]), Remedy::ModelRetrain);
        } else {
            findings.ok(found);
        }
    }
}

/// Measures the model over the newest sessions whose label is known; none where they are too few. Only
/// the bars that those sessions need are read.
///
/// # Errors
/// When the bars cannot be read, or factors or labels cannot be computed.
pub(super) fn recent(morning: &Morning<'_>, model: &Snapshot) -> Result<Option<Recent>, AnyFailure> {
    let plan = ResearchPlan::of(morning.station)?;
    let Some(panel) = panel(morning, model.features.window.lookback)? else { return Ok(None) };
    let factors = factor::compute(&plan.factors, &panel)?.within(&panel, &plan.universe);
    let labels = label::compute(&plan.labels, &panel)?;
    let scores = model.scores(&factors)?;
    let label = labels.label(&model.model.label)?;
    let days = factors.dates.len();
    let of_day =
        |values: &[f64], day: usize| values.iter().skip(day).step_by(days.max(1)).copied().collect::<Vec<f64>>();
    let coefficients = (0..days).rev().filter_map(|day| {
        let rank_ic = cross_section(&of_day(&scores, day), &of_day(&label.values, day)).rank_ic?;
        Some((*factors.dates.get(day)?, rank_ic))
    });
    let newest: Vec<(Date, f64)> = coefficients.take(MEASURED_SESSIONS).collect();
    let summary = summarise(&newest.iter().map(|(_, rank_ic)| Some(*rank_ic)).collect::<Vec<_>>());
    let (Some(rank_ic), Some(deviation), Some((last, _))) = (summary.mean, summary.deviation, newest.first()) else {
        return Ok(None);
    };
    let standard_error = deviation / (summary.days as f64).sqrt();
    let recent = Recent { sessions: summary.days, rank_ic, standard_error, last: *last };
    Ok((summary.days >= MEASURED_SESSIONS_MIN).then_some(recent))
}

/// Returns the repaired bars of the sessions that matter, without what research leaves out.
fn panel(morning: &Morning<'_>, lookback: usize) -> Result<Option<DailyPanel>, AnyFailure> {
    let Ok(stores) = &morning.stores else { return Ok(None) };
    let sessions = (MEASURED_SESSIONS + LOOKBACKS * lookback.max(MEASURED_SESSIONS)) as i64;
    let calendar = Calendar::builtin();
    let from = calendar.offset(morning.session, -sessions).ok();
    let mut bars = stores.daily(&Query { from, ..Query::up_to(morning.session) })?;
    if bars.is_empty() {
        return Ok(None);
    }
    let (actions, thresholds) = (stores.actions(morning.session)?, data_state::thresholds(morning.station));
    let history = stores.security_history(morning.session)?;
    let known = Known { actions: &actions, history: &history };
    let report = guardian::examine(&bars, known, calendar, &thresholds)?;
    let plan = repair::plan(&bars, &report, known, calendar, &thresholds)?;
    repair::apply(&mut bars, &plan)?;
    let excluded = plan.excluded_days();
    let kept: Vec<&DailyBar> = bars.iter().filter(|bar| !excluded.contains(&(bar.date, bar.symbol))).collect();
    Ok(Some(DailyPanel::from_bars(kept.iter().copied()).with_history(&history)))
}
