//! The check of the upstream sources: has each delivered the newest session, since when not, and is one left alone?
//! What nobody collects from upstream is not asked for here.

use jiff::{Timestamp, civil::Date};

use super::{
    CheckName,
    check::Findings,
    morning::Morning,
    words::{Found, Remedy},
};
use crate::{
    clock::shanghai_zone,
    config::settings::{DataSource, SourceKind},
    market::Calendar,
    net::{BreakerState, SiteCounters},
    store::{Delivery, Query},
    text::Note,
};

/// Suspended and delisted names are not asked for for ever: fewer than this share of symbols is more than those.
const SHARE_USUAL: f64 = 0.95;

/// Every enabled source has delivered the newest session.
pub(super) fn check(morning: &Morning<'_>, findings: &mut Findings) {
    let sources: Vec<&DataSource> =
        morning.station.settings().data_sources.iter().filter(|source| source.enabled).collect();
    if sources.is_empty() {
        return findings.ok(Found::NoSources);
    }
    let delivered = match morning.ledger_or_obstacle() {
        Ok(ledger) => ledger.deliveries(),
        Err(obstacle) => return findings.not_made(obstacle.what.clone(), CheckName::Stores),
    };
    let delivered = match delivered {
        Ok(delivered) => delivered,
        Err(error) => return findings.not_made(Note::foreign(error.to_string()), CheckName::Stores),
    };
    let network = match morning.station.metrics().read() {
        Ok(state) => state.network,
        Err(error) => {
            let unread = Note::new(Found::CountsUnread, [&error.to_string()]);
            return findings.not_made(unread, CheckName::Alerts);
        }
    };
    let mut fresh = Vec::new();
    for source in &sources {
        // Quotes have a server of their own where the site has another host for them.
        let servers = [source.id.clone(), format!("{}_quote", source.id)];
        let known: Vec<&SiteCounters> = servers.iter().filter_map(|server| network.get(server)).collect();
        let look = Look { morning, source, known, delivered: &delivered };
        if look.is_fresh(findings) {
            fresh.push(source.id.clone());
        }
    }
    if !fresh.is_empty() {
        findings.ok(Note::new(Found::SourcesFresh, [&fresh.len(), &morning.session, &fresh.join(", ")]));
    }
}

/// One source.
struct Look<'a> {
    morning: &'a Morning<'a>,
    source: &'a DataSource,
    known: Vec<&'a SiteCounters>,
    delivered: &'a [Delivery],
}

impl Look<'_> {
    fn is_fresh(&self, findings: &mut Findings) -> bool {
        let mut is_fresh = true;
        let mut warn = |found: Note| {
            is_fresh = false;
            findings.warn(found, Note::new(Remedy::CollectSource, [&self.source.id]));
        };
        let now = self.morning.now.timestamp();
        for site in self.known.iter().filter(|site| site.breaker_at(now) == BreakerState::Open) {
            let until = site.breaker_open_until.map(told).unwrap_or_default();
            let reason = site.breaker_reason.clone().unwrap_or_default();
            warn(Note::new(Found::SourceLeftAlone, [&self.source.id, &until, &reason]));
        }
        for kind in &self.source.kinds {
            // What a security is today, and quotes of the moment, are not of a session.
            if matches!(kind, SourceKind::Daily | SourceKind::Index | SourceKind::Minute)
                && let Some(found) = self.stale(*kind)
            {
                warn(found);
            }
        }
        is_fresh
    }

    /// Returns how a kind is stale; nothing where it is not.
    fn stale(&self, kind: SourceKind) -> Option<Note> {
        let (id, session) = (&self.source.id, self.morning.session);
        let of_kind =
            |own: &&Delivery| own.source == *id && own.kind.split('_').next().is_some_and(|name| name == kind.name());
        let Some(own) = self.delivered.iter().filter(of_kind).max_by_key(|own| own.newest) else {
            return Some(Note::new(Found::SourceNever, [id, &kind.name(), &self.answered()]));
        };
        if own.newest < session {
            let behind = Calendar::builtin().count_between(own.newest, session).unwrap_or_default();
            let answered = self.answered();
            return Some(Note::new(Found::SourceBehind, [id, &kind.name(), &own.newest, &behind, &session, &answered]));
        }
        if (own.symbols_newest as f64) < SHARE_USUAL * own.symbols as f64 {
            let (late, answered) = (own.symbols - own.symbols_newest, self.answered());
            return Some(Note::new(
                Found::SourcePartly,
                [id, &own.symbols, &kind.name(), &late, &own.newest, &answered],
            ));
        }
        (kind == SourceKind::Daily && !self.has_rows_of(session))
            .then(|| Note::new(Found::SourceSilent, [id, &kind.name(), &session]))
    }

    /// Says whether the source delivered a row of the session; a site that stands still answers without one.
    fn has_rows_of(&self, session: Date) -> bool {
        let Ok(stores) = &self.morning.stores else { return true };
        let rows = stores.source_bars(&Query { from: Some(session), ..Query::up_to(session) });
        rows.map_or(true, |rows| rows.iter().any(|row| *row.bar.source == *self.source.id))
    }

    fn answered(&self) -> Note {
        let last = self.known.iter().filter_map(|site| site.last_answer_at).max();
        last.map_or_else(|| Found::AnsweredNever.into(), |at| Note::new(Found::AnsweredAt, [&told(at)]))
    }
}

fn told(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
