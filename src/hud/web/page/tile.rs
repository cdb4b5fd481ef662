//! The tiles of the overview: one a fact, with what a glance should tell.

use super::{
    link,
    words::{self, badge, change, count, instant, maybe, money, percent, ratio, write_notes, write_source},
};
use crate::{
    chart::{Markup, spark},
    hud::state::{Facts, Grade, Summary, status_words},
    record::Verdict,
    text::{Language, Phrase},
};

/// Experiments shown on a tile.
const EXPERIMENTS_MAX: usize = 3;

/// Returns the tiles by the name of their fact, in the order of the page.
pub(in crate::hud::web) fn tiles(facts: &Facts, language: Language) -> Vec<(&'static str, Markup)> {
    let tiles = Tiles { facts, language };
    let draw = |(name, summary): (&'static str, &Summary)| {
        let (phrase, path): (Phrase, &str) = match name {
            "night_ops" => (Phrase::NightOps, "/operations"),
            "day_ops" => (Phrase::DayOps, "/operations"),
            "schedule" => (Phrase::Schedule, "/operations"),
            "accounts" => (Phrase::Accounts, "/accounts"),
            "risk" => (Phrase::Risk, "/accounts"),
            "experiments" => (Phrase::Experiments, "/experiments"),
            "models" => (Phrase::Models, "/models"),
            "data" => (Phrase::Data, "/data"),
            "drills" => (Phrase::Drills, "/drills"),
            "monitor" => (Phrase::Monitor, "/operations"),
            _ => (Phrase::Config, "/operations"),
        };
        let tile = tiles.tile(name, phrase, path, summary, |body| match name {
            "night_ops" => tiles.night_ops(body),
            "day_ops" => tiles.day_ops(body),
            "schedule" => tiles.schedule(body),
            "accounts" => tiles.accounts(body),
            "risk" => tiles.risk(body),
            "experiments" => tiles.experiments(body),
            "models" => tiles.models(body),
            "data" => tiles.data(body),
            "drills" => tiles.drills(body),
            "monitor" => tiles.monitor(body),
            _ => tiles.config(body),
        });
        (name, tile)
    };
    facts.summaries().into_iter().map(draw).collect()
}

struct Tiles<'a> {
    facts: &'a Facts,
    language: Language,
}

impl Tiles<'_> {
    fn say(&self, phrase: Phrase) -> &'static str {
        phrase.say(self.language)
    }

    fn tile(
        &self,
        name: &str,
        phrase: Phrase,
        path: &str,
        summary: &Summary,
        fill: impl FnOnce(&mut Markup),
    ) -> Markup {
        let mut tile = Markup::new();
        let (id, class) = (format!("tile-{name}"), format!("tile {}", summary.grade.word()));
        let heading = format!("head-{name}");
        let attributes = [
            ("id", id.as_str()),
            ("class", &class),
            ("data-grade", summary.grade.word()),
            ("aria-labelledby", &heading),
        ];
        tile.tag("section", &attributes, |section| {
            section.tag("div", &[("class", "tile-head")], |head| {
                head.tag("h2", &[("id", &heading)], |h2| {
                    h2.leaf("a", &[("href", &link(path, self.language))], self.say(phrase));
                });
                head.part(&badge(summary.grade, self.language));
            });
            section.tag("div", &[("class", "tile-body")], fill);
            write_notes(section, summary, self.language);
            write_source(section, summary, self.language);
        });
        tile
    }

    /// Writes a large figure with the words below it.
    fn figure(body: &mut Markup, value: &str, words: &str) {
        body.tag("p", &[("class", "figure")], |line| {
            line.leaf("b", &[], value).text(" ").leaf("span", &[], words);
        });
    }

    /// Writes pairs of names and values.
    fn pairs(&self, body: &mut Markup, pairs: &[(Phrase, String)]) {
        body.tag("dl", &[], |list| {
            for (phrase, value) in pairs {
                list.tag("div", &[], |pair| {
                    pair.leaf("dt", &[], self.say(*phrase)).leaf("dd", &[], value);
                });
            }
        });
    }

    fn night_ops(&self, body: &mut Markup) {
        let Some(night) = &self.facts.night_ops.value else { return };
        let seconds = maybe(night.seconds, |seconds| format!("{seconds:.1} s"));
        Self::figure(
            body,
            &night.date.to_string(),
            &format!("{} · {seconds}", status_words(night.status, self.language)),
        );
        let label = night
            .stages
            .iter()
            .map(|stage| format!("{}: {}", stage.name.say(self.language), status_words(stage.status, self.language)))
            .collect::<Vec<_>>();
        body.tag("p", &[("class", "stages"), ("role", "img"), ("aria-label", &label.join(", "))], |line| {
            for (stage, words) in night.stages.iter().zip(&label) {
                line.leaf("span", &[("class", stage.status), ("title", words)], "");
            }
        });
    }

    fn day_ops(&self, body: &mut Markup) {
        let Some(day) = &self.facts.day_ops.value else { return };
        let good = day.items.iter().filter(|item| item.grade == Grade::Ok).count();
        let date = day.date.map_or_else(String::new, |date| date.to_string());
        Self::figure(body, &date, &format!("{good} / {} {}", day.items.len(), Grade::Ok.phrase().say(self.language)));
    }

    /// Writes the job that starts next, and how the last run of each one ended.
    fn schedule(&self, body: &mut Markup) {
        let jobs = self.facts.schedule.value.jobs.iter().filter(|job| job.enabled);
        let next = jobs.clone().filter_map(|job| Some((job.next?, &job.job))).min();
        if let Some((at, job)) = next {
            Self::figure(body, &words::moment(at), &format!("{} · {job}", self.say(Phrase::NextStart)));
        }
        body.tag("ul", &[("class", "lines")], |list| {
            for job in jobs {
                let ended = match &job.last {
                    Some(run) => {
                        format!(
                            "{} · {}",
                            status_words(run.status.word(), self.language),
                            words::moment(run.finished_at.unwrap_or(run.started_at))
                        )
                    }
                    None => self.say(Phrase::NotRunYet).to_owned(),
                };
                list.tag("li", &[("class", job.grade().word())], |line| {
                    line.leaf("span", &[("class", "job")], &job.job).text(" ").leaf("span", &[], &ended);
                });
            }
        });
    }

    fn accounts(&self, body: &mut Markup) {
        for account in &self.facts.accounts.value {
            let since = if account.nav_open > 0.0 { account.nav / account.nav_open - 1.0 } else { 0.0 };
            Self::figure(body, &money(account.nav), &format!("{} · {}", account.account_id, change(since)));
            let values: Vec<f64> = account.curve.iter().map(|point| point.nav).collect();
            body.part(&spark(self.say(Phrase::Curve), &values));
            self.pairs(
                body,
                &[
                    (Phrase::Drawdown, percent(account.dd_total)),
                    (Phrase::Exposure, percent(account.gross_exposure)),
                    (Phrase::Positions, account.positions.len().to_string()),
                ],
            );
        }
    }

    fn risk(&self, body: &mut Markup) {
        let risk = &self.facts.risk.value;
        let in_force = risk.switches.iter().filter(|switch| switch.released_at.is_none()).count();
        self.pairs(
            body,
            &[
                (Phrase::KillSwitches, format!("{in_force} {}", self.say(Phrase::InForce))),
                (Phrase::Alerts, risk.alerts.len().to_string()),
            ],
        );
        if let Some(alert) = risk.alerts.first() {
            body.tag("p", &[("class", "words")], |line| {
                line.text(&alert.message.say(self.language)).text(" · ").part(&words::aged_words(
                    &alert.ts,
                    self.facts.at,
                    self.language,
                ));
            });
        }
    }

    fn experiments(&self, body: &mut Markup) {
        body.tag("ul", &[("class", "lines")], |list| {
            for experiment in self.facts.experiments.value.iter().take(EXPERIMENTS_MAX) {
                let metric = |name: &str| experiment.metrics.get(name).copied().flatten();
                let told = match (metric("bt_ret_total"), metric("ic")) {
                    (Some(earned), _) => format!(
                        "{} · {} {}",
                        change(earned),
                        self.say(Phrase::Sharpe),
                        maybe(metric("bt_sharpe"), ratio)
                    ),
                    (None, Some(ic)) => format!("IC {ic:.3}"),
                    _ => status_words(experiment.status, self.language).to_owned(),
                };
                let href = link(&format!("/experiments/{}", experiment.experiment_id), self.language);
                list.tag("li", &[], |line| {
                    let kind = words::kind_words(experiment.task_type, self.language);
                    line.leaf("a", &[("href", &href)], &kind).text(" ");
                    line.leaf("span", &[], &told);
                });
            }
        });
    }

    fn models(&self, body: &mut Markup) {
        for model in self.facts.models.value.iter().filter(|model| model.current.is_some()) {
            let metric = |name: &str| maybe(model.metrics.get(name).copied().flatten(), |value| format!("{value:.3}"));
            let trained = model.as_of.map_or_else(String::new, |date| date.to_string());
            Self::figure(body, &trained, &model.job);
            let gate = match model.gate_passed {
                Some(true) => self.say(Phrase::GatePassed),
                Some(false) => self.say(Phrase::GateRefused),
                None => super::words::NONE,
            };
            self.pairs(
                body,
                &[
                    (Phrase::Gate, gate.to_owned()),
                    (Phrase::InformationCoefficient, metric("ic")),
                    (Phrase::RankInformationCoefficient, metric("rank_ic")),
                ],
            );
        }
    }

    fn data(&self, body: &mut Markup) {
        let data = &self.facts.data.value;
        let Some(session) = data.newest_session else { return };
        Self::figure(body, &session.to_string(), self.say(Phrase::Newest));
        let daily = data.tables.iter().find(|table| table.table == "daily");
        self.pairs(
            body,
            &[
                (Phrase::Rows, daily.map_or_else(String::new, |table| count(table.rows))),
                (Phrase::Days, daily.map_or_else(String::new, |table| table.partitions.to_string())),
                (Phrase::Findings, count(data.findings.values().sum::<u64>())),
            ],
        );
    }

    fn drills(&self, body: &mut Markup) {
        let Some(drill) = self.facts.drills.value.first() else { return };
        let verdict = match drill.verdict {
            Verdict::Ready => Phrase::Ready,
            Verdict::NotReady => Phrase::NotReady,
        };
        let passed = drill.scenarios.iter().filter(|scenario| scenario.outcome == "Passed").count();
        let words = format!("{passed} / {} · {}", drill.scenarios.len(), drill.target);
        Self::figure(body, self.say(verdict), &words);
        body.leaf("p", &[("class", "words")], &instant(drill.started_at));
    }

    fn monitor(&self, body: &mut Markup) {
        let Some(monitor) = &self.facts.monitor.value else { return };
        let errors: u64 = monitor.components.iter().map(|component| component.errors_total).sum();
        self.pairs(
            body,
            &[
                (Phrase::Daemon, status_words(monitor.daemon, self.language).to_owned()),
                (Phrase::Events, count(monitor.events_total)),
                (Phrase::Errors, count(errors)),
            ],
        );
    }

    fn config(&self, body: &mut Markup) {
        let config = &self.facts.config.value;
        for mistake in &config.mistakes {
            body.leaf("p", &[("class", "words")], mistake);
        }
        if !config.digest.is_empty() {
            let short = config.digest.get(..12).unwrap_or(&config.digest).to_owned();
            self.pairs(body, &[(Phrase::Environment, config.env.clone()), (Phrase::Digest, short)]);
        }
    }
}
