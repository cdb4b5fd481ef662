//! `data_sources.<id>`: the upstream sources. What a site delivers is not known here.

use super::Section;
use crate::config::section::Bounds;

/// The sites that an adapter knows, and the names that the original's files give them.
const SITES: [(&str, &str); 12] = [
    ("eastmoney", "eastmoney"),
    ("em", "eastmoney"),
    ("em_kline", "eastmoney"),
    ("tencent", "tencent"),
    ("tx", "tencent"),
    ("tx_quote", "tencent"),
    ("tx_kline", "tencent"),
    ("sina", "sina"),
    ("sina_quote", "sina"),
    ("tonghuashun", "tonghuashun"),
    ("ths", "tonghuashun"),
    ("10jqka", "tonghuashun"),
];
const KINDS: [(&str, SourceKind); 5] = [
    ("daily", SourceKind::Daily),
    ("index", SourceKind::Index),
    ("minute", SourceKind::Minute),
    ("snapshot", SourceKind::Snapshot),
    ("basic", SourceKind::Basic),
];
/// Keys of the original that say nothing here.
const WITHOUT_EFFECT: [&str; 3] = ["name", "timebands", "sources"];

/// An upstream source.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSource {
    /// Its id, which its rows carry.
    pub id: String,
    /// The adapter's name of the site.
    pub site: &'static str,
    /// What becomes of its rows.
    pub role: SourceRole,
    /// What NightOps collects from it.
    pub kinds: Vec<SourceKind>,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Where it is asked in place of the site's own address.
    pub base_url: Option<String>,
    /// Requests a second; the site's where it is not given.
    pub max_qps: Option<f64>,
    /// Requests at once; the site's where it is not given.
    pub max_concurrent: Option<usize>,
    /// A request's time limit, seconds; the network's where it is not given.
    pub timeout_sec: Option<f64>,
    /// How much the source counts beside the others.
    pub weight: f64,
}

/// What becomes of a source's rows; every daily bar also goes into `multi_source_daily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceRole {
    /// They are what research reads.
    Primary,
    /// They may repair the primary's.
    Secondary,
    /// They are only compared.
    Verify,
}

/// What is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// Daily bars of stocks.
    Daily,
    /// Daily bars of indices.
    Index,
    /// Intraday bars.
    Minute,
    /// Quotes of the moment, aggregated to 1-minute bars.
    Snapshot,
    /// Listing dates and special treatment.
    Basic,
}

impl SourceKind {
    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl DataSource {
    /// Reads every source beside `market`; two primary sources of one kind are a mistake.
    pub(super) fn read_all(s: &mut Section<'_>) -> Vec<Self> {
        let sources: Vec<Self> = s.others(Self::read).into_iter().map(|(_, source)| source).collect();
        for (place, source) in sources.iter().enumerate() {
            let rival = sources.iter().take(place).find(|other| {
                let primary = [source, other].iter().all(|one| one.enabled && one.role == SourceRole::Primary);
                primary && source.kinds.iter().any(|kind| other.kinds.contains(kind))
            });
            if let Some(rival) = rival {
                s.mistake(&source.id, format!("is primary for the same kinds as {}: one must be", rival.id));
            }
        }
        sources
    }

    fn read(id: &str, s: &mut Section<'_>) -> Self {
        // The original's ids are the sites themselves.
        let of_id = || SITES.iter().find(|(name, _)| *name == id).map_or("", |(_, site)| site);
        let site = if s.has("site") { s.choice("site", &SITES, "") } else { of_id() };
        if site.is_empty() && !s.has("site") {
            s.mistake("site", "is missing; allowed: eastmoney, tencent, sina, tonghuashun");
        }
        for key in WITHOUT_EFFECT {
            if s.has(key) {
                s.warning(key, "has no effect here: kinds say what is collected, and jobs.yaml says when");
            }
        }
        let timeout = if s.has("timeout_sec") { "timeout_sec" } else { "timeout" };
        let flag = |s: &mut Section<'_>, key: &str, default| s.optional(key, Section::flag).unwrap_or(default);
        let qps = if s.has("max_qps") { "max_qps" } else { "qps_limit" };
        Self {
            id: id.to_owned(),
            site,
            role: role(s),
            kinds: if s.has("kinds") { kinds(s) } else { vec![SourceKind::Daily] },
            enabled: flag(s, "enabled", false),
            base_url: base_url(s),
            max_qps: s.optional(qps, |s, key| s.number(key, Bounds::above(0.0, 100_000.0))),
            max_concurrent: s.optional("max_concurrent", |s, key| s.size(key, 1, 64)),
            timeout_sec: s.optional(timeout, |s, key| s.number(key, Bounds::above(0.0, 600.0))),
            weight: s.optional("weight", |s, key| s.number(key, Bounds::between(0.0, 1000.0))).unwrap_or(1.0),
        }
    }
}

/// Reads `role`, or `primary: true` as the original has it.
fn role(s: &mut Section<'_>) -> SourceRole {
    let words =
        [("primary", SourceRole::Primary), ("secondary", SourceRole::Secondary), ("verify", SourceRole::Verify)];
    let role = s.has("role").then(|| s.choice("role", &words, SourceRole::Secondary));
    let primary = s.optional("primary", Section::flag);
    match (role, primary) {
        (Some(role), Some(primary)) if (role == SourceRole::Primary) != primary => {
            s.disagreement(["primary", "role"], "primary and role do not say the same");
            role
        }
        (Some(role), _) => role,
        (None, Some(true)) => SourceRole::Primary,
        (None, _) => SourceRole::Secondary,
    }
}

fn kinds(s: &mut Section<'_>) -> Vec<SourceKind> {
    let mut kinds = Vec::new();
    for text in s.texts("kinds") {
        match KINDS.iter().find(|(name, _)| *name == text) {
            Some((_, kind)) if !kinds.contains(kind) => kinds.push(*kind),
            Some(_) => {}
            None => {
                let what = format!("'{text}' is not allowed, allowed: daily, index, minute, snapshot, basic");
                s.mistake_near("kinds", what, &text, KINDS.iter().map(|(name, _)| *name));
            }
        }
    }
    kinds
}

/// An address may hold a password by mistake, so no message repeats it.
fn base_url(s: &mut Section<'_>) -> Option<String> {
    let url = s.optional("base_url", Section::text)?;
    let host = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    match host {
        Some(host) if host.contains('@') => {
            s.mistake("base_url", "holds a user and password; secrets never belong in the config");
        }
        Some(host) if !host.is_empty() && !host.trim_end_matches('/').contains('/') => {}
        _ => s.mistake("base_url", "not allowed, allowed: http://HOST[:PORT] or https://HOST[:PORT]"),
    }
    Some(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{DataSource, SourceKind, SourceRole};
    use crate::config::{
        document::Document,
        section::{Findings, Section},
    };

    fn read(text: &str) -> (Vec<DataSource>, Vec<String>, usize) {
        let tree = Document::of_bytes("test.json", text.into()).expect("text").parse().expect("JSON");
        let mut findings = Findings::default();
        let sources = Section::root(&tree, &mut findings, DataSource::read_all);
        let mistakes = findings.mistakes.iter().map(ToString::to_string).collect();
        (sources, mistakes, findings.warnings.len())
    }

    #[test]
    fn a_source_has_defaults_and_takes_the_original_keys() {
        let text = r#"{"tx_quote": {"name": "Tencent", "primary": true, "enabled": true, "timeout": 5, "qps_limit": 3,
            "weight": 0.5, "timebands": ["market"]}, "b": {"site": "eastmoney", "kinds": ["index", "basic"]}}"#;
        let (sources, mistakes, warnings) = read(text);
        assert_eq!((mistakes, warnings), (Vec::<String>::new(), 2), "a name and hours say nothing here");
        let [tencent, eastmoney] = sources.as_slice() else { panic!("{sources:?}") };
        assert_eq!((tencent.site, tencent.role, tencent.enabled), ("tencent", SourceRole::Primary, true));
        assert_eq!((tencent.max_qps, tencent.timeout_sec, tencent.weight), (Some(3.0), Some(5.0), 0.5));
        assert_eq!(tencent.kinds, [SourceKind::Daily]);
        assert_eq!((eastmoney.role, eastmoney.enabled), (SourceRole::Secondary, false));
        assert_eq!((eastmoney.max_qps, eastmoney.max_concurrent), (None, None), "the site's own");
    }

    #[test]
    fn every_mistake_of_a_source_is_named() {
        let cases = [
            (r#"{"a": {}}"#, "a.site"),
            (r#"{"a": {"site": "eastmony"}}"#, "eastmoney"),
            (r#"{"a": {"site": "sina", "kinds": ["dayly"]}}"#, "daily"),
            (r#"{"a": {"site": "sina", "base_url": "ftp://x"}}"#, "a.base_url"),
            (r#"{"a": {"site": "sina", "base_url": "http://u:p@x"}}"#, "secrets"),
            (r#"{"a": {"site": "sina", "role": "verify", "primary": true}}"#, "do not say the same"),
            (r#"{"a": {"site": "sina", "fqt": 1}}"#, "unknown key"),
            (
                r#"{"a": {"site": "sina", "role": "primary", "enabled": true},
                    "b": {"site": "sina", "role": "primary", "enabled": true}}"#,
                "the same kinds as a",
            ),
        ];
        for (text, word) in cases {
            let (_, mistakes, _) = read(text);
            assert!(mistakes.iter().any(|mistake| mistake.contains(word)), "{text}: {mistakes:?}");
            assert!(mistakes.iter().all(|mistake| !mistake.contains("u:p")), "{mistakes:?}");
        }
    }
}
