//! The settings of a workspace as types, one file a group of sections. Every default lives in the template
//! `config/workspace/config/system_config.json`; here is only what may be said and how it is read.

mod agreement;
mod alpha;
mod data;
mod data_source;
mod edges;
mod network;
mod ops;
mod proxy;
mod research;
mod risk;
mod storage;
mod trading;

use std::path::PathBuf;

pub use alpha::{Alpha, ModelGate};
pub use data::{DataGuardian, MarketKind, MarketSource};
pub use data_source::{DataSource, SourceKind, SourceRole};
pub use edges::{EventBus, Hud, Monitor};
pub use network::{CircuitBreaker, Network, NetworkSite, RateLimits, Retry};
pub use ops::{DayOps, LogFiles, NightMode, NightOps, Ops, Performance};
pub use research::{
    BoostedTrees, Dataset, ElasticNet, FoldMode, Learner, Processor, Research, ResearchJob, Split, WalkForward,
};
pub use risk::Risk;
pub use storage::{Engine, Storage, TsStorage, WriteMode};
pub use trading::{
    Account, Broker, BrokerKind, PaperCosts, Portfolio, RebalanceMode, ShadowBroker, Strategy, TradeCore,
};

use super::{
    job::{self, Job},
    node::Node,
    section::{Findings, Section},
};
use crate::seed::Seed;

/// Everything that `system_config.json` says, with all layers applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The config's own version, free text.
    pub version: String,
    /// The time zone of dates and times; Asia/Shanghai.
    pub timezone: String,
    /// The environment, which names the overlay.
    pub env: String,
    /// What every random choice derives from.
    pub seed: Seed,
    /// Where things are.
    pub paths: Paths,
    /// How upstream sources are asked.
    pub network: Network,
    /// The event bus.
    pub event_bus: EventBus,
    /// The stores.
    pub storage: Storage,
    /// Where bars come from.
    pub market: MarketSource,
    /// The upstream sources, in the order of the file; none in the template, which stays offline.
    pub data_sources: Vec<DataSource>,
    /// The gate that data must pass.
    pub data_guardian: DataGuardian,
    /// The broker and its costs.
    pub broker: Broker,
    /// Orders and cash.
    pub trade_core: TradeCore,
    /// Accounts and strategies.
    pub portfolio: Portfolio,
    /// Limits that refuse orders.
    pub risk: Risk,
    /// Models.
    pub alpha: Alpha,
    /// How a model is made and judged.
    pub research: Research,
    /// The web page.
    pub hud: Hud,
    /// The monitor daemon.
    pub monitor: Monitor,
    /// The daily operations.
    pub ops: Ops,
    /// Jobs given here; the same id in `jobs.yaml` wins.
    pub jobs: Vec<Job>,
    /// Conventions of the performance figures.
    pub performance: Performance,
}

/// Directories and files, relative to the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// All data.
    pub data_dir: PathBuf,
    /// Input, as it came.
    pub raw_dir: PathBuf,
    /// Time series files.
    pub ts_data_dir: PathBuf,
    /// Parquet tables; the same as `storage.ts.parquet_dir`.
    pub parquet_dir: PathBuf,
    /// Logs.
    pub logs_dir: PathBuf,
    /// Experiments.
    pub experiments_dir: PathBuf,
    /// State of the monitor and baselines.
    pub monitor_dir: PathBuf,
    /// Models; the same as `alpha.model_dir`.
    pub models_dir: PathBuf,
    /// Reports.
    pub reports_dir: PathBuf,
    /// What can be made again.
    pub cache_dir: PathBuf,
    /// The scheduler's jobs.
    pub jobs_yaml: PathBuf,
}

impl Paths {
    fn read(s: &mut Section<'_>) -> Self {
        Self {
            data_dir: s.path("data_dir"),
            raw_dir: s.path("raw_dir"),
            ts_data_dir: s.path("ts_data_dir"),
            parquet_dir: s.path("parquet_dir"),
            logs_dir: s.path("logs_dir"),
            experiments_dir: s.path("experiments_dir"),
            monitor_dir: s.path("monitor_dir"),
            models_dir: s.path("models_dir"),
            reports_dir: s.path("reports_dir"),
            cache_dir: s.path("cache_dir"),
            jobs_yaml: s.path("jobs_yaml"),
        }
    }
}

/// Reads the settings from a tree in which every key has a value, and checks that they agree.
pub(super) fn read(tree: &Node, findings: &mut Findings) -> Settings {
    let before = findings.mistakes.len();
    let settings = Section::root(tree, findings, read_sections);
    // Values that were not understood cannot be compared.
    if findings.mistakes.len() == before {
        agreement::check(&settings, tree, findings);
    }
    settings
}

fn read_sections(s: &mut Section<'_>) -> Settings {
    let trade_core = s.section("trade_core", TradeCore::read);
    let (market, data_sources) =
        s.section("data_sources", |s| (s.section("market", MarketSource::read), DataSource::read_all(s)));
    Settings {
        version: s.text("version"),
        timezone: s.choice("timezone", &[("Asia/Shanghai", "Asia/Shanghai")], "").to_owned(),
        env: s.name("env"),
        seed: Seed(s.count("seed", 0, u64::MAX)),
        paths: s.section("paths", Paths::read),
        network: s.section("network", Network::read),
        event_bus: s.section("event_bus", EventBus::read),
        storage: s.section("storage", Storage::read),
        market,
        data_sources,
        data_guardian: s.section("data_guardian", DataGuardian::read),
        broker: s.section("broker", Broker::read),
        portfolio: s.section("portfolio", |s| Portfolio::read(s, &trade_core)),
        trade_core,
        risk: s.section("risk", Risk::read),
        alpha: s.section("alpha", Alpha::read),
        research: s.section("research", Research::read),
        hud: s.section("hud", Hud::read),
        monitor: s.section("monitor", Monitor::read),
        ops: s.section("ops", Ops::read),
        jobs: s.named("jobs", job::read).into_iter().map(|(_, job)| job).collect(),
        performance: s.section("performance", Performance::read),
    }
}
