//! The one thread that looks at the workspace: soon after a file has changed, and every few seconds, since
//! facts also age when nothing happens.

use std::{panic::AssertUnwindSafe, sync::Arc, thread, time::Duration};

use tokio::sync::watch;

use super::{
    COMPONENT, HudError, api,
    board::{Board, Look},
    events, page,
};
use crate::{
    clock::{Stopwatch, pause},
    config::LoadOptions,
    hud::state::{self, Facts, facts},
    ops::Station,
    text::Language,
};

/// How often it is asked whether a file has changed.
const TURN: Duration = Duration::from_millis(250);
/// The longest between two looks, seconds. Three of them without one mean that the page is not alive.
const LOOK_DUE_SECONDS: f64 = 4.0;

/// Takes the first look and starts the thread that takes the others; it ends with the last reader.
pub(super) fn start(station: &Station, options: &LoadOptions) -> Result<Board, HudError> {
    let mut eye = Eye { station: station.clone(), options: options.clone(), version: 1 };
    let first = eye.look(None);
    let (board, sender) = Board::new(first);
    let work = move || eye.watch(&sender);
    thread::Builder::new().name("hud-look".into()).spawn(work).map_err(HudError::Thread)?;
    Ok(board)
}

struct Eye {
    station: Station,
    options: LoadOptions,
    version: u64,
}

impl Eye {
    fn watch(&mut self, sender: &watch::Sender<Arc<Look>>) {
        let mut stamp = state::stamp(&self.station);
        let mut since = Stopwatch::start();
        while !sender.is_closed() {
            pause(TURN);
            let now = state::stamp(&self.station);
            if now == stamp && since.seconds() < LOOK_DUE_SECONDS {
                continue;
            }
            stamp = now;
            since = Stopwatch::start();
            let last = Arc::clone(&sender.borrow());
            // A look that panics is a bug, and the next may do better; until then the page says that it is old.
            let look = std::panic::catch_unwind(AssertUnwindSafe(|| self.look(Some(&last))));
            if let Ok(look) = look {
                drop(sender.send(Arc::new(look)));
            } else {
                tracing::error!(component = COMPONENT, "a look at the workspace failed");
            }
        }
    }

    fn look(&mut self, last: Option<&Look>) -> Look {
        let watch = Stopwatch::start();
        let facts = facts(&self.station, &self.options, self.station.clock.now());
        let changed = last.map(|last| (last, last.facts.changed(&facts)));
        if let Some((last, _)) = changed.as_ref().filter(|(_, names)| !names.is_empty()) {
            self.version += 1;
            log_turns(&last.facts, &facts);
        }
        let version = self.version;
        let [tiles, overview] = [
            Language::ALL.map(|language| events::tiles(&facts, version, language, None)),
            Language::ALL.map(|language| page::overview(&facts, version, language).into()),
        ];
        let (before, changes) = match &changed {
            Some((last, names)) if names.is_empty() => (last.before, last.changes.clone()),
            Some((last, names)) => {
                (last.version, Language::ALL.map(|language| events::tiles(&facts, version, language, Some(names))))
            }
            None => (version, tiles.clone()),
        };
        let (dashboard, beat) = (api::dashboard(&facts), events::beat(&facts));
        Look { version, dashboard, tiles, before, changes, beat, overview, seconds: watch.seconds(), facts }
    }
}

/// Logs each fact whose grade has changed.
fn log_turns(before: &Facts, after: &Facts) {
    for ((name, old), (_, new)) in before.summaries().into_iter().zip(after.summaries()) {
        if old.grade != new.grade {
            let why = new.notes.first().map(|note| note.say(Language::English)).unwrap_or_default();
            let (from, to) = (old.grade.word(), new.grade.word());
            tracing::info!(component = COMPONENT, fact = name, from, to, "{name} is {to}: {why}");
        }
    }
}
