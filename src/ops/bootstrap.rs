//! Bringing a workspace up: `init` makes one, `bootstrap` completes a fresh clone (the manual's 1.1-1.3).
//!
//! Makes the manual's fixed directories only, never the parent of a configured database: a path that
//! points nowhere is a mistake to be seen, not to be papered over.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    clock::Clock,
    config::{self, LoadOptions, template},
    durable::{self, DurableError},
    exit::{AnyFailure, Exit, Failure},
    market::MarketData,
    seed::Seed,
    source::{
        MarketChoice, SimulatedSpec,
        files::{self, FileReport},
        simulated,
    },
    store,
    text::{Note, Speak, phrases},
    vault::Vault,
    workspace::{DIRECTORIES, Workspace},
};

/// Where the input bars go; `data_sources.market.path` names it.
const INPUT: &str = "data/raw/market";

phrases! {
    /// What was done to bring a workspace up, in every language.
    enum Word {
        IsThere => "{} is there", "{} 已存在";
        FromExample => "{} made from its example", "{} 已由示例生成";
        Directories => "{} directories are there", "{} 个目录已就位";
        ConfigRight => "{} config files are right", "{} 个配置文件检查通过";
        NoBarsYet => "{} holds no bars yet: run `lighthunter bootstrap --market simulated` or `--market DIR`",
            "{} 中还没有行情：运行 `lighthunter bootstrap --market simulated` 或 `--market DIR`";
        From => "{} from {}", "{}，来自 {}";
        LeftOut => "{} left out: {}", "{} 未纳入：{}";
    }
}

/// The input bars that were asked for.
#[derive(Debug, Clone)]
pub struct MarketRequest {
    /// `simulated`, `simulated:SEED` or a directory.
    pub choice: String,
    /// Symbols of the simulated market.
    pub symbols: Option<usize>,
    /// Sessions of the simulated market.
    pub days: Option<usize>,
}

/// A workspace that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    /// Its root.
    pub root: PathBuf,
    /// Its first commit.
    pub commit: String,
    /// The input bars, one line a file.
    pub input: Vec<Note>,
}

/// What `bootstrap` did.
#[derive(Debug, Clone, Serialize)]
pub struct BroughtUp {
    /// One line a thing.
    pub actions: Vec<Note>,
    /// What should be looked at.
    pub warnings: Vec<Note>,
}

/// Why a workspace could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The directory for a new workspace holds something.
    #[error("{path} is not empty, so no workspace is made there", path = .0.display())]
    NotEmpty(PathBuf),
    /// `--symbols` or `--days` with a directory.
    #[error("--symbols and --days size the simulated market; {0} is a directory of bars")]
    SizedDirectory(String),
    /// A directory of bars that holds no file of a known table.
    #[error("{path} holds no file of bars", path = .0.display())]
    NoBars(PathBuf),
}

impl Failure for BootstrapError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotEmpty(_) => Exit::Config,
            Self::SizedDirectory(_) => Exit::Usage,
            Self::NoBars(_) => Exit::DataRefused,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotEmpty(_) => "Name a directory that is empty or not there yet.".into(),
            Self::SizedDirectory(_) => "Leave --symbols and --days out, or use --market simulated.".into(),
            Self::NoBars(_) => "See docs/data.md for the names and columns of the input files.".into(),
        })
    }
}

/// Makes a workspace: template, input bars, repository, first commit.
///
/// # Errors
/// When the directory is not empty, the bars cannot be had, or a file cannot be written.
pub fn init(directory: &Path, market: &MarketRequest, clock: &Clock) -> Result<Made, AnyFailure> {
    let choice = MarketChoice::parse(&market.choice)?;
    if std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BootstrapError::NotEmpty(directory.into()).into());
    }
    // What may fail for the user's own reasons comes before anything is written.
    let bars = Bars::of(&choice, market)?;
    durable::make_directory(directory)?;
    let root = directory.canonicalize().map_err(DurableError::at("find", directory))?;
    let workspace = Workspace::at(root.clone());
    for (name, content) in template::FILES {
        let path = workspace.path(name);
        durable::make_directory(path.parent().unwrap_or(&root))?;
        durable::replace(&path, content)?;
    }
    make_directories(&workspace)?;
    config::check(&workspace, &LoadOptions::default())?;
    let input = bars.place(&workspace, Placing::Copy)?;
    let vault = Vault::init(&root)?;
    let commit = vault.commit_all("init: workspace", clock.now())?;
    Ok(Made { root, commit, input })
}

/// Completes a fresh clone: config, directories, input bars; then checks all config.
///
/// # Errors
/// When a file cannot be written, the bars cannot be had, or the config has mistakes.
pub fn bootstrap(
    workspace: &Workspace,
    market: Option<&MarketRequest>,
    options: &LoadOptions,
) -> Result<BroughtUp, AnyFailure> {
    let mut actions = Vec::new();
    let config_file = workspace.path(Workspace::CONFIG);
    if config_file.exists() {
        actions.push(Note::new(Word::IsThere, [&Workspace::CONFIG]));
    } else {
        let example = workspace.path(Workspace::CONFIG_EXAMPLE);
        let content = std::fs::read(&example).map_err(DurableError::at("read", &example))?;
        durable::replace(&config_file, content)?;
        actions.push(Note::new(Word::FromExample, [&Workspace::CONFIG]));
    }
    make_directories(workspace)?;
    actions.push(Note::new(Word::Directories, [&DIRECTORIES.len()]));
    if let Some(request) = market {
        let choice = MarketChoice::parse(&request.choice)?;
        actions.extend(Bars::of(&choice, request)?.place(workspace, Placing::Link)?);
    }
    let report = config::check(workspace, options)?;
    actions.push(Note::new(Word::ConfigRight, [&report.files.len()]));
    let mut warnings: Vec<Note> = report.warnings.iter().map(|warning| Note::foreign(warning.to_string())).collect();
    if std::fs::read_dir(workspace.path(INPUT)).map_or(true, |mut entries| entries.next().is_none()) {
        warnings.push(Note::new(Word::NoBarsYet, [&INPUT]));
    }
    Ok(BroughtUp { actions, warnings })
}

fn make_directories(workspace: &Workspace) -> Result<(), DurableError> {
    DIRECTORIES.into_iter().try_for_each(|name| durable::make_directory(&workspace.path(name)))
}

/// How files of a directory come into the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placing {
    /// The workspace owns its input.
    Copy,
    /// The input is only read, so a clone of the workspace can share it.
    Link,
}

/// Input bars that are there, not yet in a workspace.
enum Bars {
    /// Made from a seed; with the word for where they are from.
    Made(MarketData, String),
    /// Files of a directory.
    Files(PathBuf, Vec<FileReport>),
}

impl Bars {
    fn of(choice: &MarketChoice, request: &MarketRequest) -> Result<Self, AnyFailure> {
        match choice {
            MarketChoice::Simulated { seed } => {
                let mut spec = SimulatedSpec::default();
                spec.seed = seed.map_or(spec.seed, Seed);
                spec.symbols = request.symbols.unwrap_or(spec.symbols);
                spec.days = request.days.unwrap_or(spec.days);
                Ok(Self::Made(simulated::generate(&spec)?, spec.source()))
            }
            MarketChoice::Directory(_) if request.symbols.is_some() || request.days.is_some() => {
                Err(BootstrapError::SizedDirectory(request.choice.clone()).into())
            }
            MarketChoice::Directory(from) => {
                let from = from.canonicalize().map_err(DurableError::at("find", from))?;
                let found = files::scan_directory(&from)?;
                if found.iter().all(|file| file.skipped.is_some()) {
                    return Err(BootstrapError::NoBars(from).into());
                }
                Ok(Self::Files(from, found))
            }
        }
    }

    fn place(self, workspace: &Workspace, placing: Placing) -> Result<Vec<Note>, AnyFailure> {
        let into = workspace.path(INPUT);
        durable::make_directory(&into)?;
        match self {
            Self::Made(data, source) => {
                let written = store::write_market(&into, &data)?;
                Ok(written.iter().map(|path| Note::new(Word::From, [&workspace.shown(path), &source])).collect())
            }
            Self::Files(from, found) => bring_files(workspace, &from, &found, placing),
        }
    }
}

fn bring_files(
    workspace: &Workspace,
    from: &Path,
    found: &[FileReport],
    placing: Placing,
) -> Result<Vec<Note>, AnyFailure> {
    let mut lines = Vec::new();
    for file in found {
        let (source, target) = (from.join(&file.file), workspace.path(INPUT).join(&file.file));
        if let Some(reason) = &file.skipped {
            lines.push(Note::new(Word::LeftOut, [&file.file as &dyn Speak, reason]));
            continue;
        }
        match placing {
            Placing::Link => durable::point(&target, &source)?,
            Placing::Copy => durable::replace_with(&target, |output| {
                std::io::copy(&mut std::fs::File::open(&source)?, output).map(drop)
            })?,
        }
        lines.push(Note::foreign(workspace.shown(&target)));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn table_is_sound() {
        crate::text::assert_sound::<Word>(&[]);
    }
}
