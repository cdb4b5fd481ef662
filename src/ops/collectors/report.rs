//! What a collection brought, and what it did not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::{
    config::settings::{DataSource, SourceRole},
    exit::{Exit, Failure},
    net::SiteCounters,
};

/// So many different reasons of rejected rows are kept.
const REASONS_MAX: usize = 20;

/// A page that did not come.
#[derive(Debug, Clone, Serialize)]
pub struct MissingPage {
    /// The symbol.
    pub symbol: String,
    /// The first date that was asked for.
    pub first: Date,
    /// The last date.
    pub last: Date,
    /// Why.
    pub reason: String,
    /// Its class.
    #[serde(serialize_with = "code")]
    pub exit: Exit,
    /// What to do.
    pub remedy: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn code<S: Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}

/// What one source brought of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct SourceReport {
    /// The source.
    pub source: String,
    /// Its site.
    pub site: &'static str,
    /// Whether its rows are what research reads.
    pub is_primary: bool,
    /// The kind.
    pub kind: &'static str,
    /// The symbols.
    pub symbols: usize,
    /// The pages that were not in.
    pub pages_asked: usize,
    /// The pages that came.
    pub pages_in: usize,
    /// The rows that came.
    pub rows: u64,
    /// The rows that make no bar.
    pub rows_rejected: u64,
    /// Why, with counts.
    pub rejected: BTreeMap<String, u64>,
    /// The first session that the site delivers, where it does not reach back to the dates asked for.
    pub reaches_back_to: Option<Date>,
    /// The pages that did not come.
    pub missing: Vec<MissingPage>,
}

/// What was collected.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CollectReport {
    /// What each source brought.
    pub sources: Vec<SourceReport>,
    /// The pages that an earlier run had kept and not written.
    pub recovered_pages: u64,
    /// What the engine counted, by server.
    #[serde(skip)]
    pub counters: BTreeMap<String, SiteCounters>,
}

/// What a source did not deliver.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the {role} {source_id} did not deliver {missing} of {asked} pages of {kind}: {reason}")]
pub struct CollectLoss {
    /// `primary source` or `source`.
    pub role: &'static str,
    /// The source.
    pub source_id: String,
    /// The kind.
    pub kind: &'static str,
    /// Pages that did not come.
    pub missing: usize,
    /// Pages that were asked for.
    pub asked: usize,
    /// Why the first did not.
    pub reason: String,
    /// The class.
    pub exit: Exit,
    /// What to do about the first.
    pub remedy: Option<String>,
}

impl Failure for CollectLoss {
    fn exit(&self) -> Exit {
        self.exit
    }

    fn remedy(&self) -> Option<String> {
        let again = "What came is in; `lighthunter data collect --json` asks for the rest and lists it.";
        Some(
            self.remedy
                .as_ref()
                .map_or_else(|| again.to_owned(), |first| format!("{}. {again}", first.trim_end_matches('.'))),
        )
    }
}

impl SourceReport {
    pub(super) fn of(source: &DataSource, kind: &'static str, symbols: usize, pages_asked: usize) -> Self {
        Self {
            source: source.id.clone(),
            site: source.site,
            is_primary: source.role == SourceRole::Primary,
            kind,
            symbols,
            pages_asked,
            pages_in: 0,
            rows: 0,
            rows_rejected: 0,
            rejected: BTreeMap::new(),
            reaches_back_to: None,
            missing: Vec::new(),
        }
    }

    pub(super) fn note_rejected(&mut self, reason: &str) {
        if self.rejected.contains_key(reason) || self.rejected.len() < REASONS_MAX {
            *self.rejected.entry(reason.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn log(&self) {
        let Self { source, kind, pages_asked, pages_in, rows, .. } = self;
        let missing = self.missing.len();
        if missing == 0 {
            tracing::info!(source, kind, pages_asked, pages_in, rows, "collected");
        } else {
            let reason = self.missing.first().map(|page| page.reason.as_str()).unwrap_or_default();
            tracing::warn!(source, kind, pages_asked, pages_in, rows, missing, reason, "collected in part");
        }
    }
}

impl CollectReport {
    /// Returns how many rows came.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.sources.iter().map(|source| source.rows).sum()
    }

    /// Returns the pages that did not come.
    pub fn missing(&self) -> impl Iterator<Item = &MissingPage> {
        self.sources.iter().flat_map(|source| &source.missing)
    }

    /// Returns what the primary sources lack, as a failure.
    #[must_use]
    pub fn loss(&self) -> Option<CollectLoss> {
        self.lacking().find(|source| source.is_primary).and_then(|source| self.loss_of(source))
    }

    /// Returns what any source lacks, as a failure: the first primary one, else the first.
    #[must_use]
    pub fn shortfall(&self) -> Option<CollectLoss> {
        self.loss().or_else(|| self.lacking().next().and_then(|source| self.loss_of(source)))
    }

    fn lacking(&self) -> impl Iterator<Item = &SourceReport> {
        self.sources.iter().filter(|source| !source.missing.is_empty())
    }

    fn loss_of(&self, source: &SourceReport) -> Option<CollectLoss> {
        let first = source.missing.first()?;
        Some(CollectLoss {
            role: if source.is_primary { "primary source" } else { "source" },
            source_id: source.source.clone(),
            kind: source.kind,
            missing: source.missing.len(),
            asked: source.pages_asked,
            reason: first.reason.clone(),
            exit: self.exit(),
            remedy: first.remedy.clone(),
        })
    }

    /// Returns the class: an outage counts more than a page that was refused, and neither is ever `Done`.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.sources.is_empty() {
            return Exit::NothingRan;
        }
        let classes: Vec<Exit> = self.missing().map(|page| page.exit).collect();
        let first = [Exit::Upstream, Exit::Limit, Exit::Config];
        let found = first.into_iter().find(|class| classes.contains(class));
        found.or_else(|| classes.first().copied()).unwrap_or(Exit::Done)
    }
}
