//! The HUD that runs beside a scenario's commands, and what its pages say.

use std::{thread, time::Duration};

use super::{NotSo, Step, World, hold, hud_signal::HudWatch};
use crate::{clock::Stopwatch, drill::service::Service};

/// The command's name in `drill.toml`.
const COMMAND: &str = "hud";
/// How long the HUD may take to show what has happened, seconds.
const SHOW_SECONDS: f64 = 15.0;
/// How often its pages are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Where it lists the experiments.
const EXPERIMENTS: &str = "/api/experiments";
/// What names an experiment there.
const EXPERIMENT_KEY: &str = "\"experiment_id\":";

/// The HUD, and how many experiments it showed when it started.
pub(super) struct Shown {
    service: Service,
    experiments: usize,
    /// What watches its tiles, as a signal of its own.
    pub(super) watch: HudWatch,
}

impl World {
    /// Starts the target's HUD and waits until it answers; it runs to the end of the scenario.
    ///
    /// # Errors
    /// When it ends or does not answer before its deadline. A target without one skips the scenario.
    pub fn start_hud(&mut self) -> Step {
        self.require_command(COMMAND)?;
        let session = self.session()?;
        let _running = session.target.busy.start();
        let mut service = session.target.start(COMMAND, self.environment()?)?;
        let (watch, deadline) = (Stopwatch::start(), session.target.spec.deadline_seconds(COMMAND));
        let page = loop {
            session.target.interruption.check()?;
            let error = match service.page_at(EXPERIMENTS) {
                Ok(page) => break page,
                Err(error) => error,
            };
            if let Some(ended) = service.ended() {
                let words = self.environment().map(|environment| environment.said(COMMAND)).unwrap_or_default();
                return Err(NotSo(format!("the HUD ended with {ended}: {words}")));
            }
            hold(watch.seconds() < deadline, || format!("the HUD does not answer after {deadline} s: {error}"))?;
            thread::sleep(LOOK_EVERY);
        };
        let watch = HudWatch::start(service.url().to_owned());
        self.hud = Some(Shown { service, experiments: page.matches(EXPERIMENT_KEY).count(), watch });
        Ok(())
    }

    /// A page of the HUD comes to say every one of `words`.
    ///
    /// # Errors
    /// The first word that it does not say in time, or that it has ended or does not answer.
    pub fn expect_hud_page(&mut self, path: &str, words: &[&str]) -> Step {
        let page = self.hud_page_when(path, |page| words.iter().all(|word| page.contains(word)))?;
        let missing = words.iter().find(|word| !page.contains(*word));
        hold(missing.is_none(), || format!("the HUD's {path} does not say '{}'", missing.unwrap_or(&"")))?;
        let name = path.trim_matches('/').replace('/', "_");
        self.keep_evidence(&format!("hud_{}.txt", if name.is_empty() { "page" } else { &name }), page)
    }

    /// The HUD comes to show the newest experiment of the last run.
    ///
    /// # Errors
    /// When the run has none, or it is not shown in time.
    pub fn expect_experiment_in_hud(&mut self) -> Step {
        let newest = self.last_run()?.seen.experiments.last().and_then(|line| line.get("id")?.as_str());
        let id = newest.ok_or_else(|| NotSo::because("the last run recorded no experiment"))?.to_owned();
        self.expect_hud_page(EXPERIMENTS, &[id.as_str()])
    }

    /// The HUD shows as many experiments as when it started.
    ///
    /// # Errors
    /// How many it shows.
    pub fn expect_no_experiment_in_hud(&mut self) -> Step {
        let page = self.hud_page_when(EXPERIMENTS, |_| true)?;
        let before = self.hud.as_ref().map_or(0, |hud| hud.experiments);
        let shown = page.matches(EXPERIMENT_KEY).count();
        hold(shown == before, || format!("the HUD shows {shown} experiments, not {before}"))
    }

    /// Returns a page when it is as wanted, or the last one before time is up.
    fn hud_page_when(&mut self, path: &str, wanted: impl Fn(&str) -> bool) -> Result<String, NotSo> {
        let session = self.session()?;
        let (target, canary) = (session.target.clone(), std::sync::Arc::clone(&session.canary));
        let _running = target.busy.start();
        let hud = self.hud.as_mut().ok_or_else(|| NotSo::because("no HUD was started in this scenario"))?;
        let watch = Stopwatch::start();
        loop {
            target.interruption.check()?;
            if let Some(ended) = hud.service.ended() {
                return Err(NotSo(format!("the HUD has ended with {ended}")));
            }
            let page = hud.service.page_at(path);
            let late = watch.seconds() >= SHOW_SECONDS;
            match page {
                Ok(page) if wanted(&page) || late => {
                    canary.search_text(&format!("the HUD's {path}"), &page);
                    return Ok(page);
                }
                Err(error) if late => return Err(NotSo(format!("the HUD does not answer: {error}"))),
                _ => thread::sleep(LOOK_EVERY),
            }
        }
    }
}
