//! Where the last look at the workspace hangs, with every answer that many ask for written out.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::{hud::state::Facts, text::Language};

/// A look that is older than this hangs, seconds: it is due every few.
const LOOK_AGE_MAX_SECONDS: f64 = 15.0;
/// Listeners to events at once: the rest of the connections is for pages.
const LISTENERS_MAX: usize = 1_500;

/// Lanes of listeners. They are told one lane after the other, so that who asks for an answer in the meantime waits
/// for one lane (eight of a thousand listeners) and not for all.
const LANES: usize = 128;

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
    lanes: Arc<[watch::Sender<Arc<Look>>]>,
    /// Listeners that ever came.
    arrived: Arc<AtomicUsize>,
    listeners: Arc<Semaphore>,
}

impl Board {
    pub(super) fn new(look: Look) -> (Self, watch::Sender<Arc<Look>>) {
        let first = Arc::new(look);
        let lanes = (0..LANES).map(|_| watch::Sender::new(Arc::clone(&first))).collect();
        let (sender, look) = watch::channel(first);
        let listeners = Arc::new(Semaphore::new(LISTENERS_MAX));
        (Self { look, lanes, arrived: Arc::default(), listeners }, sender)
    }

    pub(super) fn last(&self) -> Arc<Look> {
        Arc::clone(&self.look.borrow())
    }

    /// Returns the looks for a listener who has just come; none where there is no lane, which does not happen.
    pub(super) fn follow(&self) -> Option<watch::Receiver<Arc<Look>>> {
        let number = self.arrived.fetch_add(1, Ordering::Relaxed);
        let lane = self.lanes.get(number % LANES)?.subscribe();
        Some(lane)
    }

    /// Hands each look on to the listeners, lane by lane, until there is none any more.
    pub(super) async fn hand_on(mut self) {
        while self.look.changed().await.is_ok() {
            let look = Arc::clone(&self.look.borrow_and_update());
            for lane in self.lanes.iter() {
                lane.send_replace(Arc::clone(&look));
                if lane.receiver_count() > 0 {
                    // Lets the runtime see who has asked for something before the next lane is told.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    pub(super) fn listeners(&self) -> &Arc<Semaphore> {
        &self.listeners
    }

    /// Returns how many listen to events.
    pub(super) fn listening(&self) -> usize {
        LISTENERS_MAX.saturating_sub(self.listeners.available_permits())
    }
}
