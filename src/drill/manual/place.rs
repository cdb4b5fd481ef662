//! The workspace that a paper is about: its paths, ports, tags and models, read from where they are.

use std::{fs, path::Path};

use crate::{
    config::{self, ConfigErrors, LoadOptions},
    drill::options::quoted,
    rollback,
    vault::Vault,
    workspace::Workspace,
};

/// What stands for the date in names where there is no tag yet.
const DATE: &str = "YYYYMMDD";

/// The workspace that a paper is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualPlace {
    /// Its root as people call it.
    pub root: String,
    /// The choice of input bars.
    pub market: String,
    /// The newest tag `war-baseline-…`, or its pattern.
    pub baseline_tag: String,
    /// The newest tag `war-config-stable-…`, or its pattern.
    pub config_tag: String,
    /// The model in force, or nothing.
    pub model: Option<String>,
    /// Name and value of what else a person looks up, in order.
    pub facts: Vec<(&'static str, &'static str, String)>,
}

impl ManualPlace {
    /// Returns the baseline as it is typed: where there is none yet, the one that the reader is told to make.
    pub(super) fn baseline(&self) -> &str {
        if self.baseline_tag.ends_with(DATE) { rollback::PREVIOUS } else { &self.baseline_tag }
    }

    /// Returns the tag of the stable config as it is typed; the same holds of it.
    pub(super) fn stable_config(&self) -> &str {
        if self.config_tag.ends_with(DATE) {
            "$(git tag --list 'war-config-stable-*' | tail -n 1)"
        } else {
            &self.config_tag
        }
    }

    /// Returns the root as it is typed: quoted where a shell would take it for more than one word, its `~` apart.
    pub(super) fn typed_root(&self) -> String {
        self.root.strip_prefix("~/").map_or_else(|| quoted(&self.root), |below| format!("~/{}", quoted(below)))
    }

    /// Reads the workspace at `root`, which the paper calls `shown`.
    ///
    /// # Errors
    /// The mistakes of its config.
    pub fn read(root: &Path, shown: &str, options: &LoadOptions) -> Result<Self, ConfigErrors> {
        let settings = config::load(&Workspace::at(root.to_path_buf()), options)?.settings;
        // Only a repository of its own: a folder within another one has none of its tags.
        let vault = root.join(".git").exists().then(|| Vault::open(root).ok()).flatten();
        let newest = |prefix: &str| {
            let tags = vault.as_ref().and_then(|vault| vault.tags(&format!("{prefix}*")).ok());
            tags.and_then(|tags| tags.last().cloned()).unwrap_or_else(|| format!("{prefix}{DATE}"))
        };
        let models = settings.alpha.model_dir.join(&settings.alpha.default_job);
        let current = fs::read_link(root.join(&models).join("current")).ok();
        let bus = &settings.event_bus;
        let facts = vec![
            ("config", "配置", Workspace::CONFIG.to_owned()),
            ("jobs", "任务", settings.paths.jobs_yaml.display().to_string()),
            ("DuckDB", "DuckDB", settings.storage.ts.duckdb_path.display().to_string()),
            ("Parquet", "Parquet", settings.paths.parquet_dir.display().to_string()),
            ("models", "模型", models.display().to_string()),
            ("experiments", "实验", settings.paths.experiments_dir.join("experiments.jsonl").display().to_string()),
            ("logs", "日志", settings.paths.logs_dir.display().to_string()),
            ("reports", "报告", settings.paths.reports_dir.display().to_string()),
            ("bus", "总线", format!("{}, {}, {}", bus.pub_endpoint, bus.sub_endpoint, bus.monitor_endpoint)),
            ("HUD", "HUD", format!("http://{}:{}/", settings.hud.host, settings.hud.port)),
            ("monitor", "监控", format!("http://127.0.0.1:{}/metrics", settings.monitor.port)),
        ];
        Ok(Self {
            root: shown.to_owned(),
            market: "simulated".into(),
            baseline_tag: newest("war-baseline-"),
            config_tag: newest("war-config-stable-"),
            model: current.map(|link| link.display().to_string()),
            facts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ManualPlace;

    #[test]
    fn root_is_one_word_of_a_shell() {
        let typed = |root: &str| {
            let [baseline_tag, config_tag, market] = [(); 3].map(|()| String::new());
            let place =
                ManualPlace { root: root.into(), market, baseline_tag, config_tag, model: None, facts: Vec::new() };
            place.typed_root()
        };
        assert_eq!(typed("~/work/lighthunter"), "~/work/lighthunter");
        assert_eq!(typed("/srv/my work/it's"), "'/srv/my work/it'\\''s'");
        assert_eq!(typed("~/my work"), "~/'my work'");
    }
}
