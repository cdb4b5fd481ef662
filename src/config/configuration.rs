//! Loads every config file of a workspace and checks that they agree with each other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    data_schema::DataSchema,
    document::Document,
    experiment_matrix::ExperimentMatrix,
    factor_spec::FactorSpec,
    job::{Job, Jobs},
    label_spec::LabelSpec,
    layer::{self, Origin},
    load::{self, LoadOptions, Loaded, load},
    mistake::{ConfigErrors, Mistake, Warning},
    node::{Node, Place},
    section::Findings,
    template,
};
use crate::{
    digest::{Digest, Hasher},
    workspace::Workspace,
};

/// Everything that the config files of a workspace say.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// The settings, with their origins.
    pub loaded: Loaded,
    /// The scheduler's jobs.
    pub jobs: Jobs,
    /// Labels and tasks.
    pub labels: LabelSpec,
    /// Sets of factors.
    pub factors: FactorSpec,
    /// The tables that come in.
    pub schema: DataSchema,
    /// Experiments and sweeps.
    pub matrix: ExperimentMatrix,
    /// What was accepted in any file but should be changed.
    pub warnings: Vec<Warning>,
    /// The digest of what all files say.
    pub digest: Digest,
    /// The files read, relative to the workspace, with their digests.
    pub files: Vec<(String, Digest)>,
}

/// What `check` found in files without mistakes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The files that were read, relative to the workspace.
    pub files: Vec<String>,
    /// What should be changed.
    pub warnings: Vec<Warning>,
    /// The digest of what all files say.
    pub digest: Digest,
}

/// Loads all config files of a workspace.
///
/// # Errors
/// Every mistake of all files at once.
pub fn load_all(workspace: &Workspace, options: &LoadOptions) -> Result<Configuration, ConfigErrors> {
    let mut findings = Findings::default();
    let loaded = match load(workspace, options) {
        Ok(loaded) => Some(loaded),
        Err(errors) => {
            findings.mistakes.extend(errors.mistakes().iter().cloned());
            None
        }
    };
    let jobs_file = loaded
        .as_ref()
        .map_or_else(|| template::JOBS.to_owned(), |loaded| loaded.settings.paths.jobs_yaml.display().to_string());
    let mut files = loaded.as_ref().map(|loaded| loaded.files.clone()).unwrap_or_default();
    let sides =
        Sides::read(&jobs_file, &mut findings, |name, findings| load::read_tree(workspace, name, findings, &mut files));
    if let (Some(loaded), Some(sides)) = (&loaded, &sides) {
        sides.check_references(loaded, &jobs_file, &mut findings);
        check_scripts(workspace, loaded, &mut findings);
        sides.check_programs(workspace, loaded, &mut findings);
    }
    combine(loaded, sides, files, findings)
}

/// Returns what the template says, without a workspace: the defaults of everything.
///
/// # Errors
/// None in a sound build; the template is checked like any other workspace.
pub fn shipped() -> Result<Configuration, ConfigErrors> {
    let mut findings = Findings::default();
    let settings = load::of_template(&mut findings);
    let sides = Sides::read(template::JOBS, &mut findings, |name, findings| {
        let text = template::file(name).unwrap_or_default();
        let document =
            Document::of_bytes(name, text.into()).map_err(|mistake| findings.mistakes.push(*mistake)).ok()?;
        document.parse().map_err(|mistakes| findings.mistakes.extend(mistakes)).ok()
    });
    let loaded = settings.map(|(settings, tree)| Loaded::of(settings, tree, Vec::new(), Vec::new()));
    if let (Some(loaded), Some(sides)) = (&loaded, &sides) {
        sides.check_references(loaded, template::JOBS, &mut findings);
    }
    combine(loaded, sides, Vec::new(), findings)
}

/// Checks all config files of a workspace, every overlay and the example included.
///
/// # Errors
/// Every mistake of all files at once.
pub fn check(workspace: &Workspace, options: &LoadOptions) -> Result<CheckReport, ConfigErrors> {
    let mut mistakes = Vec::new();
    let mut report = match load_all(workspace, options) {
        Ok(configuration) => Some(CheckReport {
            files: configuration.files.iter().map(|(name, _)| name.clone()).collect(),
            warnings: configuration.warnings,
            digest: configuration.digest,
        }),
        Err(errors) => {
            mistakes.extend(errors.mistakes().iter().cloned());
            None
        }
    };
    for overlay in load::overlays(workspace) {
        let environment = overlay.strip_prefix("config/").and_then(load::environment_of).map(str::to_owned);
        match load(workspace, &LoadOptions { environment, ..options.clone() }) {
            Ok(loaded) => {
                if let Some(report) = &mut report {
                    report.files.extend(loaded.files.into_iter().map(|(name, _)| name));
                    report.warnings.extend(loaded.warnings);
                }
            }
            Err(errors) => mistakes.extend(errors.mistakes().iter().cloned()),
        }
    }
    if let Some(report) = &mut report {
        report.files.sort();
        report.files.dedup();
        report.warnings.sort();
        report.warnings.dedup();
    }
    match (ConfigErrors::of(mistakes), report) {
        (None, Some(report)) => Ok(report),
        (errors, _) => Err(errors.unwrap_or_else(ConfigErrors::unexplained)),
    }
}

/// Returns the factor sets of a workspace as far as they can be read, whatever is wrong in any file; what is wrong
/// is [`check`]'s to say.
#[must_use]
pub fn factor_sets(workspace: &Workspace) -> FactorSpec {
    let mut findings = Findings::default();
    let tree = load::read_tree(workspace, template::FACTOR_SPEC, &mut findings, &mut Vec::new());
    tree.map(|tree| FactorSpec::read(&tree, &mut findings)).unwrap_or_default()
}

fn combine(
    loaded: Option<Loaded>,
    sides: Option<Sides>,
    files: Vec<(String, Digest)>,
    findings: Findings,
) -> Result<Configuration, ConfigErrors> {
    match (ConfigErrors::of(findings.mistakes), loaded, sides) {
        (None, Some(loaded), Some(sides)) => {
            let mut hasher = Hasher::new("configuration");
            hasher.digest(&loaded.digest).digest(&sides.digest);
            let mut warnings = [loaded.warnings.clone(), findings.warnings].concat();
            warnings.sort();
            warnings.dedup();
            Ok(Configuration {
                jobs: sides.jobs.over(&loaded.settings.jobs),
                labels: sides.labels,
                factors: sides.factors,
                schema: sides.schema,
                matrix: sides.matrix,
                warnings,
                digest: hasher.finish(),
                files,
                loaded,
            })
        }
        (errors, ..) => Err(errors.unwrap_or_else(ConfigErrors::unexplained)),
    }
}

/// What the files beside `system_config.json` say.
struct Sides {
    jobs: Jobs,
    jobs_tree: Node,
    labels: LabelSpec,
    factors: FactorSpec,
    schema: DataSchema,
    matrix: ExperimentMatrix,
    matrix_tree: Node,
    digest: Digest,
}

impl Sides {
    /// Reads all files, so that all their mistakes are found; nothing where one of them has no tree.
    fn read(
        jobs_file: &str,
        findings: &mut Findings,
        mut tree: impl FnMut(&str, &mut Findings) -> Option<Node>,
    ) -> Option<Self> {
        let mut hasher = Hasher::new("side files");
        let mut read = |name: &str, findings: &mut Findings| {
            let tree = tree(name, findings)?;
            hasher.digest(&layer::digest(name, &tree));
            Some(tree)
        };
        let jobs_tree = read(jobs_file, findings);
        let jobs = jobs_tree.as_ref().map(|tree| Jobs::read(tree, findings));
        let labels = read(template::LABEL_SPEC, findings).map(|tree| LabelSpec::read(&tree, findings));
        let factors = read(template::FACTOR_SPEC, findings).map(|tree| FactorSpec::read(&tree, findings));
        let schema = read(template::DATA_SCHEMA, findings).map(|tree| DataSchema::read(&tree, findings));
        let matrix_tree = read(template::EXPERIMENT_MATRIX, findings);
        let matrix = matrix_tree.as_ref().map(|tree| ExperimentMatrix::read(tree, findings));
        Some(Self {
            jobs: jobs?,
            jobs_tree: jobs_tree?,
            labels: labels?,
            factors: factors?,
            schema: schema?,
            matrix: matrix?,
            matrix_tree: matrix_tree?,
            digest: hasher.finish(),
        })
    }

    /// Checks what one file says about another.
    fn check_references(&self, loaded: &Loaded, jobs_file: &str, findings: &mut Findings) {
        let settings = &loaded.settings;
        self.jobs.clone().over(&settings.jobs).check_required(jobs_file, findings);
        let known: Vec<&str> = loaded.origins.keys().map(String::as_str).collect();
        let before = findings.mistakes.len();
        self.matrix.check_keys(&known, &self.matrix_tree, findings);
        if findings.mistakes.len() == before {
            self.check_runs(loaded, findings);
        }
        let mut missing = |key: String, name: &str, file: &str, names: Vec<&str>| {
            let mistake = Mistake::at(&place_of(&loaded.origins, &key), key, format!("{name} is not in {file}"));
            findings.mistakes.push(mistake.nearest(name, names));
        };
        for job in &settings.research.jobs {
            if self.labels.task(&job.task).is_none() {
                let names = self.labels.tasks.iter().map(|task| task.id.as_str()).collect();
                missing(format!("research.jobs.{}.task", job.id), &job.task, template::LABEL_SPEC, names);
            }
            if !self.factors.sets.contains_key(&job.factor_set) {
                let names = self.factors.sets.keys().map(String::as_str).collect();
                missing(format!("research.jobs.{}.factor_set", job.id), &job.factor_set, template::FACTOR_SPEC, names);
            }
        }
    }
}

impl Sides {
    /// Checks that the programs of all jobs are there.
    fn check_programs(&self, workspace: &Workspace, loaded: &Loaded, findings: &mut Findings) {
        let place = |job: &Job| {
            let key = format!("jobs.{}.command", job.id);
            let given = self.jobs_tree.find(&key).map(|node| node.place.clone());
            given.unwrap_or_else(|| place_of(&loaded.origins, &key))
        };
        self.jobs.clone().over(&loaded.settings.jobs).check_programs(workspace.root(), place, findings);
    }

    /// Checks that the settings of every run of the matrix are sound.
    fn check_runs(&self, loaded: &Loaded, findings: &mut Findings) {
        for run in self.matrix.runs() {
            let Err(errors) = loaded.with(template::EXPERIMENT_MATRIX, &run.set) else { continue };
            findings.mistakes.extend(errors.mistakes().iter().map(|mistake| {
                let key = format!("{} sets {}", run.id, mistake.key);
                let line = self.matrix.place(&run.id, &mistake.key, &self.matrix_tree).line;
                Mistake { file: template::EXPERIMENT_MATRIX.to_owned(), line, key, ..mistake.clone() }
            }));
        }
    }
}

/// Returns where the value of a dotted key was written.
fn place_of(origins: &BTreeMap<String, Origin>, key: &str) -> Place {
    Place::printed(origins.get(key).map_or("default", |origin| origin.origin.as_str()))
}

/// Reports the scripts that the settings name and that are not there.
fn check_scripts(workspace: &Workspace, loaded: &Loaded, findings: &mut Findings) {
    let portfolio = &loaded.settings.portfolio;
    let of_strategies = portfolio.strategies.iter().filter_map(|strategy| {
        strategy.script.as_ref().map(|script| (format!("portfolio.strategies.{}.script", strategy.id), script))
    });
    for (key, script) in std::iter::once(("portfolio.script".to_owned(), &portfolio.script)).chain(of_strategies) {
        if !workspace.path(script).is_file() {
            let what = format!("{} does not exist", script.display());
            findings.mistakes.push(Mistake::at(&place_of(&loaded.origins, &key), key, what));
        }
    }
}
