//! The parts of the panel about what runs: NightOps with its stages, the schedule, experiments, models,
//! drills.

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{
    cell::{NONE, Side, cut, table},
    painter::{Painter, change, flow, grouped, moment},
};
use crate::{
    hud::state::{ExperimentFacts, Grade, JobFacts, NightOpsFacts, StageFacts, status_words},
    record::Verdict,
    text::{Note, Phrase},
};

/// From this width on there is room for the name of an experiment.
const EXPERIMENT_WIDE: usize = 90;

impl Painter<'_> {
    fn night_head(&self, night: &NightOpsFacts) -> Line<'static> {
        let seconds = night.seconds.map_or_else(|| NONE.into(), |seconds| format!("{seconds:.1} s"));
        let grade = match night.status {
            "success" => Grade::Ok,
            "running" => Grade::Unknown,
            _ => Grade::Fail,
        };
        let style = self.style(self.shown_in(&self.facts.night_ops.summary, grade));
        let age = self.age_of(night.started_at);
        Line::from_iter([
            Span::raw(format!("{}  ", night.date)),
            Span::styled(status_words(night.status, self.language), style),
            Span::raw(format!("  {seconds}  {age}")),
        ])
    }

    fn stage(&self, stage: &StageFacts) -> Span<'static> {
        let (sign, grade) = match stage.status {
            "done" => ("✓", Grade::Ok),
            "failed" => ("✗", Grade::Fail),
            _ => ("·", Grade::Unknown),
        };
        Span::styled(
            format!("{sign} {}", stage.name.say(self.language)),
            self.style(self.shown_in(&self.facts.night_ops.summary, grade)),
        )
    }

    /// Writes the last night: its head, and its stages side by side.
    pub(super) fn night(&self, width: usize) -> Vec<Line<'static>> {
        let Some(night) = &self.facts.night_ops.value else { return self.absent(Phrase::NoNightOps) };
        let stages = night.stages.iter().map(|stage| self.stage(stage)).collect();
        std::iter::once(self.night_head(night)).chain(flow(stages, width)).collect()
    }

    /// Writes the last night with a line a stage.
    pub(super) fn night_in_full(&self, width: usize) -> Vec<Line<'static>> {
        let Some(night) = &self.facts.night_ops.value else { return self.absent(Phrase::NoNightOps) };
        let row = |stage: &StageFacts| {
            vec![
                self.stage(stage),
                Span::raw(grouped(&stage.rows_out.to_string())),
                Span::raw(format!("{:.2} s", stage.seconds)),
                Span::styled(stage.reason.say(self.language), Self::quiet()),
            ]
        };
        let rows: Vec<Vec<Span<'static>>> = night.stages.iter().map(row).collect();
        let sides = [Side::Left, Side::Right, Side::Right, Side::Left];
        std::iter::once(self.night_head(night)).chain(table(&rows, &sides, width)).collect()
    }

    /// Writes each job: how its last run ended, and when the next one starts.
    pub(super) fn schedule(&self, width: usize) -> Vec<Line<'static>> {
        let jobs = self.facts.schedule.value.jobs.iter().filter(|job| job.enabled);
        let row = |job: &JobFacts| {
            let grade = self.shown_in(&self.facts.schedule.summary, job.grade());
            let (state, age) = match &job.last {
                Some(run) => (
                    status_words(run.status.word(), self.language),
                    self.age_of(run.finished_at.unwrap_or(run.started_at)),
                ),
                None => (self.say(Phrase::NotRunYet), NONE.to_owned()),
            };
            let next = job.next.map_or_else(|| NONE.into(), moment);
            let overdue = job.overdue.map(|due| format!("{} {}", self.say(Phrase::Due), moment(due)));
            let next = overdue.unwrap_or_else(|| format!("{} {next}", self.say(Phrase::NextStart)));
            vec![
                Span::styled(format!("{} {}", grade.sign(), job.job), self.style(grade)),
                Span::styled(state, self.style(grade)),
                Span::raw(age),
                Span::raw(next),
            ]
        };
        let rows: Vec<Vec<Span<'static>>> = jobs.map(row).collect();
        if rows.is_empty() {
            return self.absent(Phrase::None);
        }
        table(&rows, &[Side::Left; 4], width)
    }

    /// Writes the newest experiments.
    pub(super) fn experiments(&self, width: usize, most: usize) -> Vec<Line<'static>> {
        let experiments = &self.facts.experiments.value;
        let is_wide = width >= EXPERIMENT_WIDE;
        let row = |one: &ExperimentFacts| {
            let metric = |name: &str| one.metrics.get(name).copied().flatten().filter(|value| value.is_finite());
            let earned = metric("bt_ret_total").map_or_else(|| NONE.into(), change);
            let told = match (metric("bt_sharpe"), metric("rank_ic")) {
                (Some(sharpe), _) => format!("{} {sharpe:.2}", self.say(Phrase::Sharpe)),
                (None, Some(ic)) => format!("{} {ic:.3}", self.say(Phrase::RankInformationCoefficient)),
                _ => NONE.into(),
            };
            let grade = if one.status == "failed" { Grade::Fail } else { self.shown(Grade::Ok) };
            vec![
                Span::raw(Note::recalled::<Phrase>(one.task_type).say(self.language)),
                Span::styled(status_words(one.status, self.language), self.style(grade)),
                Span::raw(earned),
                Span::raw(told),
                Span::raw(self.age_of(one.ts)),
                // Half a name names nothing.
                Span::styled(if is_wide { one.experiment_id.clone() } else { String::new() }, Self::quiet()),
            ]
        };
        let rows: Vec<Vec<Span<'static>>> = experiments.iter().take(most).map(row).collect();
        if rows.is_empty() {
            return self.absent(Phrase::NoExperiments);
        }
        table(&rows, &[Side::Left, Side::Left, Side::Right, Side::Left, Side::Left, Side::Left], width)
    }

    /// Writes the models, one a job.
    pub(super) fn models(&self, width: usize) -> Vec<Line<'static>> {
        let row = |model: &crate::hud::state::ModelFacts| {
            let (gate, grade) = match model.gate_passed {
                Some(true) => (Phrase::GatePassed, Grade::Ok),
                Some(false) => (Phrase::GateRefused, Grade::Warning),
                None => (Phrase::Unknown, Grade::Unknown),
            };
            let ic = model.metrics.get("rank_ic").copied().flatten();
            let ic = ic.map_or_else(
                || NONE.into(),
                |ic| format!("{} {ic:.3}", Phrase::RankInformationCoefficient.say(self.language)),
            );
            let current = model.error.clone().or_else(|| model.current.clone());
            vec![
                Span::raw(model.job.clone()),
                Span::styled(format!("{} {}", self.say(Phrase::Gate), self.say(gate)), self.style(self.shown(grade))),
                Span::raw(ic),
                Span::raw(model.as_of.map_or_else(|| NONE.into(), |date| date.to_string())),
                Span::styled(current.unwrap_or_else(|| NONE.into()), Self::quiet()),
            ]
        };
        let rows: Vec<Vec<Span<'static>>> = self.facts.models.value.iter().map(row).collect();
        table(&rows, &[Side::Left; 5], width)
    }

    /// Writes the newest drills.
    pub(super) fn drills(&self, width: usize, most: usize) -> Vec<Line<'static>> {
        let row = |drill: &crate::hud::state::DrillFacts| {
            let (verdict, grade) = match drill.verdict {
                Verdict::Ready => (Phrase::Ready, Grade::Ok),
                Verdict::NotReady => (Phrase::NotReady, Grade::Fail),
            };
            let passed = drill.scenarios.iter().filter(|scenario| scenario.outcome == "Passed").count();
            let control = if drill.control { self.say(Phrase::ControlRun) } else { "" };
            vec![
                Span::styled(self.say(verdict), self.style(self.shown_in(&self.facts.drills.summary, grade))),
                Span::raw(format!("{passed} / {} {}", drill.scenarios.len(), self.say(Phrase::Scenarios))),
                Span::raw(self.age_of(drill.started_at)),
                Span::raw(drill.target.clone()),
                Span::styled(control, Self::quiet()),
            ]
        };
        let rows: Vec<Vec<Span<'static>>> = self.facts.drills.value.iter().take(most).map(row).collect();
        if rows.is_empty() {
            return self.absent(Phrase::NoDrills);
        }
        table(&rows, &[Side::Left; 5], width)
    }

    /// Writes that there is nothing.
    pub(super) fn absent(&self, phrase: Phrase) -> Vec<Line<'static>> {
        vec![Line::styled(self.say(phrase), Self::quiet())]
    }

    /// Writes what the last check before the opening found, what is not good first.
    pub(super) fn checks(&self, width: usize) -> Vec<Line<'static>> {
        let Some(day) = &self.facts.day_ops.value else { return self.absent(Phrase::NoDayOps) };
        let mut items: Vec<_> = day.items.iter().collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.grade));
        let good = items.iter().filter(|item| item.grade == Grade::Ok).count();
        let date = day.date.map_or_else(|| NONE.into(), |date| date.to_string());
        let head = format!("{date}  {good} / {} {}", items.len(), self.say(Phrase::Ok));
        let bad = items.into_iter().filter(|item| item.grade > Grade::Ok).map(|item| {
            let found = Note::new(Phrase::CheckFound, [&item.name, &item.found]).say(self.language);
            let words = format!("{} {found}", item.grade.sign());
            Line::styled(cut(&words, width), self.style(self.shown(item.grade)))
        });
        std::iter::once(Line::styled(head, Style::new().add_modifier(Modifier::BOLD))).chain(bad).collect()
    }
}
