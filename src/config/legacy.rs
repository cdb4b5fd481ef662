//! Key names of the original system that map cleanly onto a key of this one: accepted, with a warning
//! that names the new key.

use super::{
    mistake::{Mistake, Warning},
    node::Node,
    section::Findings,
};

/// Old name, new name. A `*` stands for any key at that depth.
pub(super) const RENAMED: [(&str, &str); 32] = [
    ("duckdb.path", "storage.ts.duckdb_path"),
    ("duckdb.db_path", "storage.ts.duckdb_path"),
    ("storage.duckdb.path", "storage.ts.duckdb_path"),
    ("paths.duckdb_path", "storage.ts.duckdb_path"),
    ("storage.parquet.root", "storage.ts.parquet_dir"),
    ("storage.ts.db_path", "storage.ts.sqlite_path"),
    ("storage.ts.driver", "storage.ts.engine"),
    ("event_bus.zmq.pub_endpoint", "event_bus.pub_endpoint"),
    ("event_bus.zmq.sub_endpoint", "event_bus.sub_endpoint"),
    ("event_bus.zmq.monitor_endpoint", "event_bus.monitor_endpoint"),
    ("paths.log_dir", "paths.logs_dir"),
    ("request_engine.default_timeout_sec", "network.default_timeout_sec"),
    ("network.global_limits.max_qps", "network.rate_limits.max_qps"),
    ("network.global_limits.max_concurrent", "network.rate_limits.max_concurrent"),
    ("network.circuit_breakers", "network.circuit_breaker"),
    ("network.circuit_breaker.error_rate_window", "network.circuit_breaker.error_rate_window_sec"),
    ("network.sites.*.qps_limit", "network.sites.*.max_qps"),
    ("network.sites.*.circuit_breaker.error_rate_window", "network.sites.*.circuit_breaker.error_rate_window_sec"),
    ("network.sites.*.retry.retry_status_codes", "network.sites.*.retry.status_codes"),
    ("network.sites.*.retry.retry_on_timeout", "network.sites.*.retry.on_timeout"),
    ("portfolio.strategies.*.account", "portfolio.strategies.*.account_id"),
    ("risk_account.max_dd_intraday", "risk.max_dd_intraday"),
    ("risk_account.max_dd_total", "risk.max_dd_total"),
    ("risk_account.max_leverage", "risk.max_leverage"),
    ("risk_account.concentration_limit", "risk.concentration_limit"),
    ("risk_account.w_dd_intraday", "risk.w_dd_intraday"),
    ("risk_account.w_dd_total", "risk.w_dd_total"),
    ("risk_account.w_leverage", "risk.w_leverage"),
    ("risk_account.w_concentration", "risk.w_concentration"),
    ("data_quality.diff_threshold", "data_guardian.diff_threshold"),
    ("data_quality.reference_source", "data_guardian.reference_source"),
    ("monitor.summary_json", "monitor.state_file"),
];

/// Moves the values of old keys to their new ones. Both in one layer is a mistake: one would be ignored.
pub(super) fn rename(tree: &mut Node, findings: &mut Findings) {
    for (old, new) in RENAMED {
        for (old, new) in expanded(tree, old, new) {
            rename_key(tree, &old, &new, findings);
        }
    }
}

/// Returns an old and a new name for every key of the tree that stands at a `*` of theirs.
pub(super) fn expanded(tree: &Node, old: &str, new: &str) -> Vec<(String, String)> {
    let (Some((head, tail)), Some((new_head, new_tail))) = (old.split_once(".*"), new.split_once(".*")) else {
        return vec![(old.to_owned(), new.to_owned())];
    };
    let names = tree.find(head).map(Node::entries).unwrap_or_default().iter().map(|entry| &entry.key);
    let pair = |name: &String| (format!("{head}.{name}{tail}"), format!("{new_head}.{name}{new_tail}"));
    names.filter(|name| !name.contains('.')).map(pair).collect()
}

fn rename_key(tree: &mut Node, old: &str, new: &str, findings: &mut Findings) {
    let Some(entry) = tree.remove(old) else { return };
    if let Some(present) = tree.find(new) {
        let what = format!("is an old name of {new}, which is also given ({})", present.place);
        findings.mistakes.push(Mistake::at(&entry.place, old, what));
        return;
    }
    findings.warnings.push(Warning::at(&entry.place, old, format!("is an old name; write {new}")));
    tree.put(new, &entry.place, entry.node);
}
