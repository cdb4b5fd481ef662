//! The quote sites of a scenario: served on this machine from the workspace's own input bars.

use serde_json::json;

use super::{NotSo, Step, World, hold};
use crate::{
    config::{self, LoadOptions},
    drill::{
        Ended,
        upstream::{Disturbance, Upstream},
    },
    durable,
    source::files::{self, IntakeOptions},
    vault::Vault,
    workspace::Workspace,
};

/// The command that asks them, in `drill.toml`.
const COMMAND: &str = "collect";
/// What the workspace's config says of them goes into the overlay of dev.
const OVERLAY: &str = "config/system_config.dev.json";

impl World {
    /// Serves Eastmoney and 10jqka on this machine to the end of the scenario, names them in the workspace's config
    /// in a commit of its own, and collects from them once. They answer 403 to a user agent that holds `refused`.
    ///
    /// # Errors
    /// When they cannot be served or the collection fails. A target without the command skips the scenario.
    pub fn serve_quotes(&mut self, refused: &str) -> Step {
        self.require_command(COMMAND)?;
        let clock = self.session()?.options.clock.clone();
        let repo = self.environment()?.repo();
        let failed = |error: &dyn std::fmt::Display| NotSo(format!("cannot serve quotes: {error}"));
        let workspace = Workspace::at(repo.clone());
        let loaded = config::load(&workspace, &LoadOptions::default()).map_err(|error| failed(&error))?;
        let input = workspace.path(&loaded.settings.market.path);
        let intake = files::read_directory(&input, &IntakeOptions::default()).map_err(|error| failed(&error))?;
        let upstream = Upstream::start(intake.data).map_err(|error| failed(&error))?;
        upstream.disturb("", None, Disturbance::ForbidUserAgent(refused.to_owned()));
        let source = |site: &str| {
            let base_url = upstream.base_url();
            json!({"site": site, "role": "verify", "enabled": true, "base_url": base_url, "max_qps": 500})
        };
        let sources = json!({"eastmoney": source("eastmoney"), "tonghuashun": source("tonghuashun")});
        let overlay = format!("{:#}\n", json!({"env": "dev", "data_sources": sources}));
        durable::replace(&repo.join(OVERLAY), overlay).map_err(|error| failed(&error))?;
        Vault::open(&repo)?.commit_all("data: the quote sites of this machine", clock.now())?;
        self.quotes = Some(upstream);
        self.run(COMMAND)?;
        let run = &self.last_run()?.run;
        let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let sources = told.pointer("/report/sources").and_then(serde_json::Value::as_array);
        // 10jqka reaches back some months only, and a simulated market may end before that.
        let came = |source: &serde_json::Value| source["rows"].as_u64().is_some_and(|rows| rows > 0);
        hold(sources.is_some_and(|sources| sources.len() == 2 && sources.iter().any(came)), || {
            format!("the first collection brought no row: {}", run.last_words())
        })?;
        hold(run.ended == Ended::Code(0), || {
            format!("the first collection ended with {}: {}", run.ended, run.last_words())
        })
    }

    /// The quote sites refused so many requests of the scenario, and no fewer: a site that refuses is asked, and is
    /// not asked for every page.
    ///
    /// # Errors
    /// How many they refused.
    pub fn expect_quotes_refused(&self, least: usize, most: usize) -> Step {
        let quotes =
            self.quotes.as_ref().ok_or_else(|| NotSo::because("no quote sites are served in this scenario"))?;
        let refused = quotes.log().iter().filter(|asked| asked.status == 403).count();
        hold((least..=most).contains(&refused), || {
            format!("the quote sites refused {refused} requests, not {least} to {most}")
        })
    }
}
