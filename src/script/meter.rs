//! Counts what a script uses while it runs, and stops it. The virtual machine asks at every call, return,
//! loop turn and step of pattern matching; between two questions only straight code or one library call
//! runs, so what those can do at once is bounded too.

use std::cell::Cell;

use mlua::{Lua, VmState};

use super::{
    error::Limit,
    limits::{STEP_BYTES, ScriptLimits},
};
use crate::clock::Stopwatch;

/// The step's allowance is renewed each time that this much was allocated.
const RENEWAL_BYTES: usize = 128 * 1024;
/// Between two collections at least this much is allocated, however little is left.
const PROGRESS_BYTES: usize = 64 * 1024;
/// The clock is read at every so-many-th operation while all that the script holds is small.
const CLOCK_INTERVAL: u64 = 4;
/// A script that allocated this much in one step holds something long, and from this much alive on it holds
/// a lot: single steps can then take long, and the clock is read at each.
const LONG_BYTES: usize = 128 * 1024;
const LARGE_BYTES: usize = 2 * 1024 * 1024;
/// Stack frames in which the running line is looked for; the frames above it are of libraries.
const FRAMES_MOST: usize = 12;

/// The first limit that was hit, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) limit: Limit,
    pub(super) line: Option<u32>,
}

/// The budget of one script.
#[derive(Debug)]
pub(super) struct Meter {
    limits: ScriptLimits,
    script: String,
    empty_bytes: usize,
    operations: Cell<u64>,
    /// Starts at the first look: most calls are over before it.
    stopwatch: Cell<Option<Stopwatch>>,
    /// Memory in use at the last operation.
    used: Cell<usize>,
    watched: Cell<bool>,
    /// Memory in use at which the allowance is renewed.
    renewal_at: Cell<usize>,
    /// Memory in use at which garbage is collected.
    collection_at: Cell<usize>,
    /// Where the script was at the last renewal, and whether its stack was deep: what is known of a failure
    /// that leaves no memory to look.
    last_seen: Cell<(Option<u32>, bool)>,
    hit: Cell<Option<Hit>>,
    fault_line: Cell<Option<u32>>,
}

impl Meter {
    /// Makes the meter of the script of this name, in a machine that holds `empty_bytes` before it.
    pub(super) fn new(script: &str, limits: ScriptLimits, empty_bytes: usize) -> Self {
        Self {
            limits,
            script: script.to_owned(),
            empty_bytes,
            operations: Cell::new(0),
            stopwatch: Cell::new(None),
            used: Cell::new(empty_bytes),
            watched: Cell::new(false),
            renewal_at: Cell::new(0),
            collection_at: Cell::new(collection_at(empty_bytes, limits.memory_bytes)),
            last_seen: Cell::new((None, false)),
            hit: Cell::new(None),
            fault_line: Cell::new(None),
        }
    }

    /// Starts a call: operations and time count from here.
    pub(super) fn begin(&self, lua: &Lua) {
        self.used.set(lua.used_memory());
        self.operations.set(0);
        self.stopwatch.set(None);
        self.fault_line.set(None);
        self.last_seen.set((None, false));
    }

    /// Lets the program itself put values into the machine, up to the script's whole memory.
    pub(super) fn admit(&self, lua: &Lua) -> mlua::Result<()> {
        self.renewal_at.set(0);
        lua.set_memory_limit(self.limits.memory_bytes).map(|_| ())
    }

    /// Returns the limit that was hit, ever.
    pub(super) fn hit(&self) -> Option<Hit> {
        self.hit.get()
    }

    /// Returns the limits.
    pub(super) fn limits(&self) -> ScriptLimits {
        self.limits
    }

    /// Returns the bytes that the script may hold.
    pub(super) fn memory_bytes(&self) -> usize {
        self.limits.memory_bytes
    }

    /// Returns the line of the last error of this call.
    pub(super) fn fault_line(&self) -> Option<u32> {
        self.fault_line.get()
    }

    /// Records a limit and where it was hit. The first one stays: the script never runs again.
    pub(super) fn stop(&self, lua: &Lua, limit: Limit) -> mlua::Error {
        if self.hit.get().is_none() {
            let line = self.running_line(lua).or(self.last_seen.get().0);
            self.hit.set(Some(Hit { limit, line }));
        }
        mlua::Error::external(LimitHit)
    }

    /// Answers the machine's question whether the script may go on.
    pub(super) fn tick(&self, lua: &Lua) -> mlua::Result<VmState> {
        if self.hit.get().is_some() {
            return Err(mlua::Error::external(LimitHit));
        }
        let operations = self.operations.get() + 1;
        self.operations.set(operations);
        if operations > self.limits.operations {
            return Err(self.stop(lua, Limit::Operations(self.limits.operations)));
        }
        let used = lua.used_memory();
        if used > self.used.replace(used) + LONG_BYTES {
            self.watched.set(true);
        }
        if used >= self.renewal_at.get() {
            self.renew(lua, used)?;
        }
        if self.watched.get() || operations.is_multiple_of(CLOCK_INTERVAL) {
            self.look_at_clock(lua)?;
        }
        Ok(VmState::Continue)
    }

    /// Reads the clock now, and from now on at every operation: the script holds long texts.
    pub(super) fn watch(&self, lua: &Lua) -> mlua::Result<()> {
        self.watched.set(true);
        self.look_at_clock(lua)
    }

    fn look_at_clock(&self, lua: &Lua) -> mlua::Result<()> {
        let Some(stopwatch) = self.stopwatch.get() else {
            self.stopwatch.set(Some(Stopwatch::start()));
            return Ok(());
        };
        if stopwatch.seconds() > self.limits.seconds {
            return Err(self.stop(lua, Limit::Deadline(self.limits.seconds)));
        }
        Ok(())
    }

    /// Renews the step's allowance, and collects garbage where enough has come together. The machine's own
    /// collector is paced by the clock; at these points it is the same in every run, and with it the
    /// moment at which memory runs out or a weak table loses an entry.
    fn renew(&self, lua: &Lua, used: usize) -> mlua::Result<()> {
        let most = self.limits.memory_bytes;
        let mut used = used;
        self.last_seen.set((self.running_line(lua), is_deep(lua)));
        if used >= self.collection_at.get() {
            // The collector's own needs are no reason to fail.
            lua.set_memory_limit(most.saturating_add(STEP_BYTES))?;
            lua.gc_collect()?;
            lua.gc_stop();
            used = lua.used_memory();
            self.used.set(used);
            if used > self.empty_bytes + LARGE_BYTES {
                self.watched.set(true);
            }
            self.collection_at.set(collection_at(used, most));
        }
        if used > most {
            return Err(self.stop(lua, Limit::Memory(most)));
        }
        lua.set_memory_limit(most.min(used + STEP_BYTES))?;
        self.renewal_at.set(self.collection_at.get().min(used + RENEWAL_BYTES));
        Ok(())
    }

    /// Takes note of an error while its stack still stands. `kind` is what `prelude.luau` makes of it.
    pub(super) fn fault(&self, lua: &Lua, kind: u8) -> mlua::Result<()> {
        let most = self.limits.memory_bytes;
        lua.set_memory_limit(most.saturating_add(STEP_BYTES))?;
        self.renewal_at.set(0);
        match kind {
            0 => self.fault_line.set(self.running_line(lua)),
            // A stack that cannot grow fails as memory does.
            1 if !is_deep(lua) && !self.last_seen.get().1 => drop(self.stop(lua, Limit::Memory(most))),
            1 | 2 => drop(self.stop(lua, Limit::Stack)),
            _ => return Err(self.stop(lua, Limit::Pattern)),
        }
        Ok(())
    }

    /// Returns the line of the script that runs now.
    fn running_line(&self, lua: &Lua) -> Option<u32> {
        (0..FRAMES_MOST).find_map(|level| {
            let seen = lua.inspect_stack(level, |frame| {
                let own = frame.source().source.is_some_and(|source| source.trim_start_matches('=') == self.script);
                own.then(|| frame.current_line()).flatten()
            })?;
            seen.and_then(|line| u32::try_from(line).ok())
        })
    }
}

/// Says whether so many calls are nested that a stack which cannot grow is the likely reason of a failure.
fn is_deep(lua: &Lua) -> bool {
    lua.inspect_stack(1000, |_| ()).is_some()
}

/// Returns the memory in use at which it is time to collect: twice what is alive, before it is all there is.
fn collection_at(alive: usize, most: usize) -> usize {
    (alive * 2).max(alive + STEP_BYTES).min(most / 8 * 7).max(alive + PROGRESS_BYTES)
}

/// The error that ends a script inside the machine. The reason is in the meter.
#[derive(Debug, thiserror::Error)]
#[error("a limit of the script was hit")]
struct LimitHit;
