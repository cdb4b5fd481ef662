//! Where the last look at the workspace hangs, with every answer that many ask for written out.

use std::sync::Arc;

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::{hud::state::Facts, text::Language};

/// A look that is older than this hangs, seconds: it is due every few.
const LOOK_AGE_MAX_SECONDS: f64 = 15.0;
/// Listeners to events at once: the rest of the connections is for pages.
const LISTENERS_MAX: usize = 1_500;

/// One look at the workspace.
#[derive(Debug)]
pub(super) struct Look {
    /// Raised when the facts tell something new.
    pub(super) version: u64,
    /// The facts.
    pub(super) facts: Facts,
    /// How long the look took, seconds.
    pub(super) seconds: f64,
    /// `/api/dashboard`.
    pub(super) dashboard: Bytes,
    /// The event that tells everything, by language.
    pub(super) tiles: [Bytes; 2],
    /// The version before this one.
    pub(super) before: u64,
    /// The event that tells what is new since then, by language.
    pub(super) changes: [Bytes; 2],
    /// The event that tells that nothing has changed.
    pub(super) beat: Bytes,
    /// The overview, by language.
    pub(super) overview: [Bytes; 2],
}

impl Look {
    /// Returns the one of two texts that is in a language.
    pub(super) fn pick(texts: &[Bytes; 2], language: Language) -> Bytes {
        let [english, chinese] = texts;
        match language {
            Language::English => english.clone(),
            Language::Chinese => chinese.clone(),
        }
    }

    /// Says whether the look is of now; a page of an older one must not look alive.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.facts.at).as_secs_f64() <= LOOK_AGE_MAX_SECONDS
    }
}

/// The board: one writes, all read.
#[derive(Debug, Clone)]
pub(super) struct Board {
    look: watch::Receiver<Arc<Look>>,
    listeners: Arc<Semaphore>,
}

impl Board {
    pub(super) fn new(look: Look) -> (Self, watch::Sender<Arc<Look>>) {
        let (sender, receiver) = watch::channel(Arc::new(look));
        (Self { look: receiver, listeners: Arc::new(Semaphore::new(LISTENERS_MAX)) }, sender)
    }

    pub(super) fn last(&self) -> Arc<Look> {
        Arc::clone(&self.look.borrow())
    }

    pub(super) fn follow(&self) -> watch::Receiver<Arc<Look>> {
        self.look.clone()
    }

    pub(super) fn listeners(&self) -> &Arc<Semaphore> {
        &self.listeners
    }

    /// Returns how many listen to events.
    pub(super) fn listening(&self) -> usize {
        LISTENERS_MAX.saturating_sub(self.listeners.available_permits())
    }
}
