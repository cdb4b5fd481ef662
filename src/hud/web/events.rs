//! The live events of a page: each look at the workspace is one event, written out once for all who listen.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::{Map, Value, json};

use super::{Site, board::Look, page};
use crate::{hud::state::Facts, text::Language};

/// Writes the event that holds the tiles of the overview, of all facts or of those that are named.
pub(super) fn tiles(facts: &Facts, version: u64, language: Language, named: Option<&[&str]>) -> Bytes {
    let tiles: Map<String, Value> = page::tiles(facts, language)
        .into_iter()
        .filter(|(name, _)| named.is_none_or(|named| named.contains(name)))
        .map(|(name, tile)| (name.to_owned(), tile.finish().into()))
        .collect();
    let data = json!({
        "at": facts.at,
        "version": version,
        "grade": facts.grade,
        "head": page::head(facts, language).finish(),
        "tiles": tiles,
    });
    frame("tiles", &data)
}

/// Writes the event that says: still there, nothing new.
pub(super) fn beat(facts: &Facts) -> Bytes {
    frame("beat", &json!({ "at": facts.at, "grade": facts.grade }))
}

/// JSON has no line break in it, so it is one line of an event.
fn frame(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\nretry: 2000\ndata: {data}\n\n").into()
}

/// Answers with events until the listener goes.
pub(super) fn stream(site: &Site, language: Language) -> Response {
    let (Ok(place), Some(looks)) = (Arc::clone(site.board.listeners()).try_acquire_owned(), site.board.follow()) else {
        let later = [(header::RETRY_AFTER, "10")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "too many listen already\n").into_response();
    };
    let start = (looks, None::<u64>, place);
    let events = stream::unfold(start, move |(mut looks, told, place)| async move {
        if told.is_some() {
            looks.changed().await.ok()?;
        }
        let look: Arc<Look> = Arc::clone(&looks.borrow_and_update());
        let event = match told {
            Some(version) if version == look.version => look.beat.clone(),
            // Who knows the version before needs only what is new: a tenth of the bytes, a thousand times.
            Some(version) if version == look.before => Look::pick(&look.changes, language),
            _ => Look::pick(&look.tiles, language),
        };
        Some((Ok::<_, Infallible>(event), (looks, Some(look.version), place)))
    });
    // Proxies must hand each event on at once.
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-store, no-transform")];
    (headers, Body::from_stream(events)).into_response()
}
