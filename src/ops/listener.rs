//! How far a long piece of work has come, told to whoever listens. Work never waits for it and no result
//! depends on it; whether and how it is shown is the door's business.

use std::{fmt, sync::Arc};

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told<'a> {
    /// A stage begins.
    Stage {
        /// Its name.
        name: &'a str,
        /// Its number, from 1.
        number: usize,
        /// How many stages there are.
        of: usize,
        /// Seconds that this stage and the rest took the last time; none where nobody knows.
        seconds_left: Option<f64>,
    },
    /// So much of the stage that began last is done.
    Part {
        /// Parts done.
        done: usize,
        /// All parts.
        total: usize,
        /// What they are, such as `sessions`.
        unit: &'static str,
    },
    /// The stage that began last is done.
    Done {
        /// Rows that it gave.
        rows: usize,
    },
}

type Hear = dyn Fn(Told<'_>) + Send + Sync;

/// Somebody who listens, or nobody.
#[derive(Clone, Default)]
pub struct Listener(Option<Arc<Hear>>);

impl Listener {
    /// Makes a listener of a function, which may be called from several threads.
    #[must_use]
    pub fn of(hear: impl Fn(Told<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }

    /// Says whether anybody listens.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Tells how far the work has come.
    pub fn tell(&self, told: Told<'_>) {
        if let Some(hear) = &self.0 {
            hear(told);
        }
    }

    /// Tells that so many parts of the stage are done.
    pub fn part(&self, done: usize, total: usize, unit: &'static str) {
        self.tell(Told::Part { done, total, unit });
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_there() { "Listener(someone)" } else { "Listener(nobody)" })
    }
}
