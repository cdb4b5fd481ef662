//! The original's keys that do not come over by their name: those that its code never read, those that it read and
//! that nothing here answers to, and those that it never read although this system does. What its code reads is from
//! the original itself, key by key; nothing here is guessed from a name.

use super::{Defect, DefectKind, tree};
use crate::config::node::Node;

/// Keys that no code of the original read. A `*` stands for any one key; what is below a key goes with it.
const DEAD: [(&str, &str); 23] = [
    ("trading_calendar", "the trading calendar is built in; closures of later years: data_sources.market.closures"),
    ("paths.project_root", "the workspace is the root, wherever it is"),
    ("paths.root_dir", "it was made and never used"),
    ("paths.db_dir", "it was made and never used"),
    ("paths.fig_dir", "it was made and never used"),
    ("paths.backup_dir", "it was made and never used; `lighthunter baseline create` keeps copies"),
    ("logging", "the log was always DEBUG to log/; here it is JSON lines in paths.logs_dir, see ops.logs"),
    ("request_engine.default_site", "its reader asked for another key"),
    ("event_bus.topics", "topics are constants"),
    ("event_bus.zmq.pub_mode", "all parts connect to one forwarder"),
    ("event_bus.zmq.sub_mode", "all parts connect to one forwarder"),
    ("event_bus.pub_mode", "all parts connect to one forwarder; both sides connecting lost every message there"),
    ("event_bus.sub_mode", "all parts connect to one forwarder; both sides connecting lost every message there"),
    ("storage.ts.driver", "DuckDB was used whatever stood here; storage.ts.engine chooses"),
    ("duckdb.read_only", "the database is opened as each command needs it"),
    ("collector.ts.interval_sec", "its reader asked for interval_seconds; jobs.yaml says when a collector runs"),
    ("trade_core.trading_cost_bps", "its backtest used 1.5 whatever stood here; costs are broker.paper.*"),
    ("portfolio.accounts.*.broker", "the broker is broker.type"),
    ("ops.night_ops.mode", "only a second night_ops.py at the root read it; write ops.night_ops.default_mode"),
    ("backup", "`lighthunter baseline create` keeps copies"),
    ("network.sites.*.extra", "data_sources says what a site is asked for"),
    ("network.sites.*.roles", "data_sources says what a site is asked for"),
    ("network.sites.*.primary", "data_sources says what a site is asked for"),
];

/// Keys that the original read and that nothing here answers to, with what does the work instead.
const DROPPED: [(&str, &str); 42] = [
    ("paths.config_dir", "config files are always in config/"),
    ("paths.dataset_dir", "a dataset is made for each run and kept in paths.cache_dir"),
    ("paths.datasets_dir", "a dataset is made for each run and kept in paths.cache_dir"),
    ("paths.factors_dir", "factors are computed for each run"),
    ("paths.factor_dir", "factors are computed for each run"),
    ("paths.label_spec", "labels are in config/label_spec.json"),
    ("paths.db_root", "the stores are storage.ts.* and storage.ledger_path"),
    ("paths.ts_db", "the stores are storage.ts.* and storage.ledger_path"),
    ("paths.market_ts_db", "the stores are storage.ts.* and storage.ledger_path"),
    ("paths.universe_file", "the universe is the table of securities, and research.universe"),
    ("request_engine", "requests are network.*"),
    ("data_bus", "there is one bus: event_bus"),
    ("storage.duckdb", "the database's threads and tables are the program's own"),
    ("storage.parquet", "storage.ts.write_mode says whether Parquet is written"),
    ("collector", "data_sources says what is collected, jobs.yaml when"),
    ("alpha.models", "the learner is research.learner, the model in force models/<job>/current"),
    ("broker.paper.base_currency", "accounts are in CNY"),
    ("broker.paper.starting_cash", "an account's cash is portfolio.accounts.<id>.starting_cash"),
    ("broker.shadow.enable_latency_sleep", "latency is of the market's time; nothing sleeps"),
    ("broker.shadow.random_seed", "every random choice derives from seed"),
    ("trade_core.commission_bps", "broker.paper.commission_bps is given too, and was in force"),
    ("trade_core.slippage_bps", "broker.paper.slippage_bps is given too, and was in force"),
    ("risk_micro", "scores of the microstructure are not computed"),
    ("hud.debug", "there is no debug page"),
    ("monitor.latency_topics", "every topic is measured"),
    ("monitor.error_topics", "every topic is measured"),
    ("monitor.queue_topics", "every topic is measured"),
    ("monitor.risk_topic", "topics are constants"),
    ("monitor.log_prefix", "logs are in paths.logs_dir"),
    ("data_quality.duckdb_path", "there is one database: storage.ts.duckdb_path"),
    ("data_quality.report_dir", "reports are in paths.reports_dir"),
    ("data_quality.output_dir", "reports are in paths.reports_dir"),
    ("data_quality", "the tables, fields and rules of the gate are config/data_schema.json and data_guardian.*"),
    ("factor_label_report", "an IC report is part of every training run"),
    ("ts_labeler", "labels are config/label_spec.json"),
    ("ts_recorder", "recording is `lighthunter data collect`"),
    ("sentiment", "no posts are collected"),
    ("risk_account", "limits of accounts are risk.*"),
    ("data_sources.*.name", "a source is named by its key"),
    ("data_sources.*.timebands", "jobs.yaml says when a source is asked"),
    ("data_sources.*.sources", "a source is one site"),
    ("duckdb", "there is one database: storage.ts.duckdb_path"),
];

/// Keys of sections that the original's file has and its code did not read, while this system reads their like.
pub(super) const NOW_IN_FORCE: [(&str, &str); 6] = [
    ("logging.max_bytes", "ops.logs.max_bytes"),
    ("logging.backup_count", "ops.logs.keep_files"),
    ("request_engine.default_timeout_sec", "network.default_timeout_sec"),
    ("network.sites.*.qps_limit", "network.sites.*.max_qps"),
    ("storage.ts.db_path", "storage.ts.sqlite_path"),
    ("portfolio.strategies.*.account", "portfolio.strategies.*.account_id"),
];

/// Names that only a migration translates: the loader does not take them.
pub(super) const MOVED: [(&str, &str); 6] = [
    ("logging.max_bytes", "ops.logs.max_bytes"),
    ("logging.backup_count", "ops.logs.keep_files"),
    ("paths.data_root", "paths.data_dir"),
    ("request_engine.default_timeout", "network.default_timeout_sec"),
    ("trade_core.commission_bps", "broker.paper.commission_bps"),
    ("trade_core.slippage_bps", "broker.paper.slippage_bps"),
];

/// Takes the keys out of the tree that do not come over, and names each.
pub(super) fn leave(root: &mut Node, defects: &mut Vec<Defect>) {
    let rules = [(&DEAD[..], DefectKind::Dead), (&DROPPED[..], DefectKind::Dropped)];
    for (rules, kind) in rules {
        for (pattern, reason) in rules {
            for key in tree::matching(root, pattern) {
                let Some(place) = tree::remove(root, &key) else { continue };
                let head =
                    if kind == DefectKind::Dead { "was read by no code of the original" } else { "has no counterpart" };
                defects.push(Defect::at(&place, &key, kind, format!("{head}: {reason}")));
            }
        }
    }
}
