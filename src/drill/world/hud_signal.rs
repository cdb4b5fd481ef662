//! The HUD as a signal: a thread looks at its tiles while commands run, so that the time at which one first
//! showed a fault is its own and not that of the command's end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

use super::World;
use crate::{
    clock::Stopwatch,
    drill::{Signs, service::page_of},
    record::{SignalKind, SignalRecord},
};

/// Where the tiles are.
const DASHBOARD: &str = "/api/dashboard";
/// How often they are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// How long a tile may take to show what has happened, seconds.
const SHOW_SECONDS: f64 = 10.0;
/// How long one is waited for that must not come: longer than the HUD takes to look by itself, seconds.
const CONTROL_SECONDS: f64 = 5.0;

/// A tile's grade and why.
type Tile = (String, String);

/// The tiles as they were from one moment on.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    at: f64,
    tiles: BTreeMap<String, Tile>,
}

/// A watch on the tiles of a HUD. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct HudWatch {
    since: Stopwatch,
    looks: Arc<Mutex<Vec<Look>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl HudWatch {
    /// Starts to look at the tiles of the server of `url`.
    pub(super) fn start(url: String) -> Self {
        let (since, looks, ended) = (Stopwatch::start(), Arc::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stop) = (Arc::clone(&looks), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                // A HUD that does not answer shows nothing; whoever waits for it finds that out.
                if let Ok(tiles) = page_of(&url, DASHBOARD).map(|page| tiles_of(&page)) {
                    note(&shared, Look { at: since.seconds(), tiles });
                }
                thread::sleep(LOOK_EVERY);
            }
        });
        Self { since, looks, ended, thread: Some(thread) }
    }

    /// Waits until the tile shows something that it did not at the injection, `injected` ago; not for ever.
    fn signal(&self, tile: &str, injected: &Stopwatch, patience_seconds: f64) -> SignalRecord {
        let wait = Stopwatch::start();
        let injected_at = self.since.seconds() - injected.seconds();
        loop {
            let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let record = judged(&looks, tile, injected_at);
            if record.seen || wait.seconds() > patience_seconds {
                return record;
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for HudWatch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // It has nothing to say any more.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl World {
    /// Adds what the HUD shows to the signals of the run that has just ended, where a HUD is serving.
    pub(super) fn note_hud(&mut self, signs: &Signs) {
        let (Some(hud), Some(injected)) = (&self.hud, &self.injected) else { return };
        let patience = if injected.injection.taken.is_ok() { SHOW_SECONDS } else { CONTROL_SECONDS };
        self.trace.signals.push(hud.watch.signal(signs.tile(), &injected.since, patience));
    }
}

/// Keeps a look when it is otherwise than the last.
fn note(looks: &Mutex<Vec<Look>>, look: Look) {
    let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
    if looks.last().is_none_or(|last| last.tiles != look.tiles) {
        looks.push(look);
    }
}

fn tiles_of(page: &str) -> BTreeMap<String, Tile> {
    let page: Value = serde_json::from_str(page).unwrap_or_default();
    let facts = page.get("facts").and_then(Value::as_object).into_iter().flatten();
    facts
        .map(|(name, fact)| {
            let grade = fact.get("grade").and_then(Value::as_str).unwrap_or("none");
            let notes = fact.get("notes").and_then(Value::as_array).into_iter().flatten();
            let notes: Vec<&str> = notes.filter_map(Value::as_str).collect();
            (name.clone(), (grade.to_owned(), notes.join("; ")))
        })
        .collect()
}

/// Judges the tile: seen from the first look after the injection on at which it is a warning or worse, and
/// otherwise than before.
fn judged(looks: &[Look], tile: &str, injected_at: f64) -> SignalRecord {
    let of = |look: &Look| look.tiles.get(tile).cloned();
    let before = looks.iter().rev().find(|look| look.at <= injected_at).and_then(of);
    let is_alarm = |found: &Tile| matches!(found.0.as_str(), "warning" | "fail") && Some(found) != before.as_ref();
    let mut after = looks.iter().filter(|look| look.at > injected_at);
    let seen = after.find_map(|look| Some((look.at - injected_at, of(look).filter(is_alarm)?)));
    let shown = seen.clone().map(|(_, tile)| tile).or_else(|| looks.last().and_then(of));
    SignalRecord {
        kind: SignalKind::Hud,
        duty: crate::record::Duty::Show,
        expected: format!("the tile {tile} turns to warning or fail"),
        observed: shown.map_or_else(|| format!("no tile {tile}"), |(grade, notes)| format!("{tile} {grade}: {notes}")),
        seen: seen.is_some(),
        // To the millisecond: it is looked at less often than that.
        seconds: seen.map(|(seconds, _)| (seconds * 1e3).round() / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, judged, tiles_of};

    fn look(at: f64, grade: &str, note: &str) -> Look {
        let page = serde_json::json!({ "facts": { "night_ops": { "grade": grade, "notes": [note] } } });
        Look { at, tiles: tiles_of(&page.to_string()) }
    }

    #[test]
    fn tile_is_seen_when_it_first_turns_bad_after_the_injection() {
        let looks = [look(0.5, "ok", ""), look(3.0, "unknown", "running"), look(4.25, "fail", "stage failed")];
        let signal = judged(&looks, "night_ops", 2.0);
        assert_eq!((signal.seen, signal.seconds), (true, Some(2.25)));
        assert_eq!(signal.observed, "night_ops fail: stage failed");
    }

    #[test]
    fn what_was_bad_before_or_is_not_there_shows_nothing() {
        let bad = [look(0.5, "fail", "old"), look(3.0, "unknown", "running"), look(4.0, "fail", "old")];
        assert!(!judged(&bad, "night_ops", 2.0).seen, "the same words as before the injection");
        let new = [look(0.5, "fail", "old"), look(4.0, "fail", "new")];
        assert!(judged(&new, "night_ops", 2.0).seen);
        let missing = judged(&new, "experiments", 2.0);
        assert_eq!((missing.seen, missing.observed.as_str()), (false, "no tile experiments"));
        assert!(tiles_of("not JSON").is_empty());
    }
}
