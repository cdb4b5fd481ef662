//! Rules between settings of different sections: what must be equal, distinct, or exist.

use std::{collections::BTreeMap, path::Path};

use super::Settings;
use crate::config::{
    mistake::Mistake,
    node::{Node, Place},
    section::Findings,
};

/// Checks the rules; `tree` says where each value was written.
pub(super) fn check(settings: &Settings, tree: &Node, findings: &mut Findings) {
    let mut rules = Rules { tree, findings };
    rules.equal(
        ("storage.ts.parquet_dir", &settings.storage.ts.parquet_dir),
        ("paths.parquet_dir", &settings.paths.parquet_dir),
    );
    rules.equal(("alpha.model_dir", &settings.alpha.model_dir), ("paths.models_dir", &settings.paths.models_dir));
    rules.distinct(&[
        ("storage.ts.sqlite_path", settings.storage.ts.sqlite_path.display().to_string()),
        ("storage.ts.duckdb_path", settings.storage.ts.duckdb_path.display().to_string()),
        ("storage.ledger_path", settings.storage.ledger_path.display().to_string()),
    ]);
    rules.distinct(&[
        ("event_bus.pub_endpoint", settings.event_bus.pub_endpoint.clone()),
        ("event_bus.sub_endpoint", settings.event_bus.sub_endpoint.clone()),
        ("event_bus.monitor_endpoint", settings.event_bus.monitor_endpoint.clone()),
        ("hud.port", format!("tcp://127.0.0.1:{}", settings.hud.port)),
        ("monitor.port", format!("tcp://127.0.0.1:{}", settings.monitor.port)),
    ]);
    rules.job(settings);
    rules.strategies(settings);
}

struct Rules<'a> {
    tree: &'a Node,
    findings: &'a mut Findings,
}

impl Rules<'_> {
    fn report(&mut self, key: &str, what: String) {
        let mistake = self.at(key, what);
        self.findings.mistakes.push(mistake);
    }

    fn at(&self, key: &str, what: String) -> Mistake {
        Mistake::at(&self.place(key), key, what)
    }

    fn place(&self, key: &str) -> Place {
        self.tree.find(key).map_or_else(|| Place::outside("default"), |node| node.place.clone())
    }

    /// Orders two keys that do not agree: the first is the one to blame, which a default never is.
    fn blame<'k>(&self, key: &'k str, other: &'k str) -> (&'k str, &'k str) {
        if *self.place(key).file == *"default" { (other, key) } else { (key, other) }
    }

    fn equal(&mut self, (one, path): (&str, &Path), (two, other): (&str, &Path)) {
        if path != other {
            let (key, beside) = self.blame(one, two);
            let (own, else_where) = if key == one { (path, other) } else { (other, path) };
            let what = format!("is {}, but {beside} is {}", own.display(), else_where.display());
            self.report(key, format!("{what}; both name the same directory"));
        }
    }

    fn distinct(&mut self, values: &[(&str, String)]) {
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, value) in values {
            if let Some(other) = first.insert(value, key) {
                let (key, other) = self.blame(key, other);
                self.report(key, format!("is the same as {other}: {value}"));
            }
        }
    }

    fn job(&mut self, settings: &Settings) {
        let wanted = &settings.alpha.default_job;
        if settings.research.job(wanted).is_none() {
            let ids = settings.research.jobs.iter().map(|job| job.id.as_str());
            let what = format!("{wanted} is not a job of research.jobs");
            let mistake = self.at("alpha.default_job", what).nearest(wanted, ids);
            self.findings.mistakes.push(mistake);
        }
    }

    fn strategies(&mut self, settings: &Settings) {
        let portfolio = &settings.portfolio;
        for strategy in &portfolio.strategies {
            if !portfolio.accounts.iter().any(|account| account.id == strategy.account_id) {
                let key = format!("portfolio.strategies.{}.account_id", strategy.id);
                let what = format!("{} is not an account of portfolio.accounts", strategy.account_id);
                let ids = portfolio.accounts.iter().map(|account| account.id.as_str());
                let mistake = self.at(&key, what).nearest(&strategy.account_id, ids);
                self.findings.mistakes.push(mistake);
            }
        }
    }
}
