//! The monitor that runs beside a scenario's commands, and what it counts.

use std::{thread, time::Duration};

use super::{NotSo, Step, World, hold};
use crate::{
    clock::Stopwatch,
    drill::service::{Service, errors_on},
};

/// The command's name in `drill.toml`.
const COMMAND: &str = "monitor";
/// How long the monitor may take to count what has happened, seconds.
const COUNT_SECONDS: f64 = 10.0;
/// How often its page is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The monitor, and its page when it started.
pub(super) struct Watched {
    service: Service,
    before: String,
}

impl World {
    /// Starts the target's monitor and waits until it answers; it runs to the end of the scenario.
    ///
    /// # Errors
    /// When it ends or does not answer before its deadline. A target without one skips the scenario.
    pub fn start_monitor(&mut self) -> Step {
        self.require_command(COMMAND)?;
        let session = self.session()?;
        let mut service = session.target.start(COMMAND, self.environment()?)?;
        let (watch, deadline) = (Stopwatch::start(), session.target.spec.deadline_seconds(COMMAND));
        let before = loop {
            let error = match service.page() {
                Ok(page) => break page,
                Err(error) => error,
            };
            if let Some(ended) = service.ended() {
                let words = self.environment().map(|environment| environment.said(COMMAND)).unwrap_or_default();
                return Err(NotSo(format!("the monitor ended with {ended}: {words}")));
            }
            hold(watch.seconds() < deadline, || format!("the monitor does not answer after {deadline} s: {error}"))?;
            thread::sleep(LOOK_EVERY);
        };
        self.monitor = Some(Watched { service, before });
        Ok(())
    }

    /// The monitor counts so many more errors of a component than when it started, and goes on.
    ///
    /// # Errors
    /// What it counts after ten seconds, or how it ended.
    pub fn expect_monitor_count(&mut self, count: u32, component: &str) -> Step {
        let Watched { service, before } =
            self.monitor.as_mut().ok_or_else(|| NotSo::because("no monitor was started in this scenario"))?;
        let watch = Stopwatch::start();
        let page = loop {
            let page = service.page().map_err(|error| NotSo(format!("the monitor does not answer: {error}")))?;
            let added = errors_on(&page, component) - errors_on(before, component);
            if added == f64::from(count) {
                break page;
            }
            hold(added < f64::from(count) && watch.seconds() < COUNT_SECONDS, || {
                format!("the monitor counts {added} more errors of {component}, not {count}")
            })?;
            thread::sleep(LOOK_EVERY);
        };
        self.keep_evidence("monitor_page.txt", page)
    }

    /// The monitor's page comes to name a word.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn expect_monitor_shows(&mut self, word: &str) -> Step {
        let watched = self.monitor.as_mut().ok_or_else(|| NotSo::because("no monitor was started in this scenario"))?;
        let watch = Stopwatch::start();
        loop {
            let page =
                watched.service.page().map_err(|error| NotSo(format!("the monitor does not answer: {error}")))?;
            if page.contains(word) {
                return self.keep_evidence("monitor_page.txt", page);
            }
            hold(watch.seconds() < COUNT_SECONDS, || format!("the monitor does not name '{word}'"))?;
            thread::sleep(LOOK_EVERY);
        }
    }
}
