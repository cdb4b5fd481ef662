//! A publisher's bounded queue: events are encoded into it and a thread takes them out in batches.
//!
//! One lock a message and no system call: the thread is woken only when it sleeps.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    BusError, BusEvent, HeartbeatEvent, QUEUE_MESSAGES_MAX, envelope, publisher::PublisherCounts, waker::Waker,
};
use crate::clock::Clock;

/// The most bytes that wait in one queue.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// The longest that an event waits for room in a full queue, once until there is room again.
const ROOM_PATIENCE: Duration = Duration::from_millis(100);

/// What waits to be sent: payloads one behind the other.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Topic and end of each payload.
    entries: Vec<(&'static str, usize)>,
}

impl Batch {
    /// Calls `each` with topic and payload of every message.
    pub(super) fn for_each(&self, mut each: impl FnMut(&'static str, &[u8])) {
        let mut start = 0;
        for &(topic, end) in &self.entries {
            if let Some(payload) = self.bytes.get(start..end) {
                each(topic, payload);
            }
            start = end;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}

/// The queue of one publisher.
#[derive(Debug)]
pub(super) struct Outbox {
    component: String,
    publisher: String,
    waker: Arc<Waker>,
    state: Mutex<State>,
    /// There is room again, or all is sent.
    eased: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    /// Taken out and not yet handed to libzmq.
    in_hand: usize,
    seqs: Vec<(&'static str, u64)>,
    counts: PublisherCounts,
    /// The thread sleeps and must be woken.
    asleep: bool,
    /// Nobody waits for room any more until there is some.
    stalled: bool,
    phase: Phase,
}

/// How far a queue's life has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Open,
    /// No event follows.
    Closed,
    /// The thread is gone.
    Ended,
}

impl Outbox {
    pub(super) fn new(component: &str, publisher: String, waker: Arc<Waker>) -> Self {
        let state = Mutex::new(State { asleep: true, ..State::default() });
        Self { component: component.into(), publisher, waker, state, eased: Condvar::new() }
    }

    pub(super) fn publisher(&self) -> &str {
        &self.publisher
    }

    pub(super) fn counts(&self) -> PublisherCounts {
        self.lock().counts
    }

    /// Puts an event in. A full queue is waited for once, for a bounded time; then events are dropped,
    /// which uses up their numbers, so that subscribers see the gap.
    pub(super) fn put<E: BusEvent>(&self, event: &E) -> Result<(), BusError> {
        let mut state = self.lock();
        if state.phase == Phase::Ended {
            return Err(BusError::Ended { endpoint: self.publisher.clone() });
        }
        if state.is_full() && !state.stalled {
            let full = |state: &mut State| state.is_full() && state.phase < Phase::Ended;
            let waited = self.eased.wait_timeout_while(state, ROOM_PATIENCE, full);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.stalled = state.is_full();
        }
        if state.is_full() {
            state.next_seq(E::TOPIC);
            state.counts.dropped += 1;
            return Err(BusError::Full { publisher: self.publisher.clone(), dropped: state.counts.dropped });
        }
        state.stalled = false;
        self.append(&mut state, event)?;
        if mem::take(&mut state.asleep) {
            drop(state);
            self.waker.wake();
        }
        Ok(())
    }

    fn append<E: BusEvent>(&self, state: &mut State, event: &E) -> Result<(), BusError> {
        let seq = state.last_seq(E::TOPIC) + 1;
        envelope::encode(&mut state.waiting.bytes, event, &self.publisher, seq)?;
        state.next_seq(E::TOPIC);
        let end = state.waiting.bytes.len();
        state.waiting.entries.push((E::TOPIC, end));
        state.counts.published += 1;
        Ok(())
    }

    /// Puts a heartbeat in: what was sent so far. Nothing bounds it but that there is one a second.
    pub(super) fn beat(&self, now: Timestamp) {
        self.beat_with(now, false);
    }

    /// Puts a heartbeat in; behind the last one comes no other.
    fn beat_with(&self, now: Timestamp, last: bool) {
        let mut state = self.lock();
        if state.phase >= Phase::Closed {
            return;
        }
        let seqs = state.seqs.iter().filter(|(topic, _)| *topic != HeartbeatEvent::TOPIC);
        let seqs: BTreeMap<Cow<'_, str>, u64> = seqs.map(|&(topic, seq)| (topic.into(), seq)).collect();
        let (component, dropped) = (self.component.as_str().into(), state.counts.dropped);
        let event = HeartbeatEvent { component, pid: std::process::id(), ts: now, seqs, dropped, last };
        let put = self.append(&mut state, &event);
        if last {
            state.phase = state.phase.max(Phase::Closed);
        }
        if mem::take(&mut state.asleep) || last {
            drop(state);
            self.waker.wake();
        }
        if let Err(error) = put {
            tracing::warn!("a heartbeat was not sent: {error}");
        }
    }

    /// Swaps what waits for the empty batch; says whether there was anything.
    pub(super) fn take(&self, batch: &mut Batch) -> bool {
        batch.clear();
        let mut state = self.lock();
        mem::swap(&mut state.waiting, batch);
        state.in_hand = batch.len();
        if state.in_hand > 0 {
            self.eased.notify_all();
        }
        state.in_hand > 0
    }

    /// Takes note that what was taken is with libzmq.
    pub(super) fn sent(&self) {
        self.lock().in_hand = 0;
        self.eased.notify_all();
    }

    /// Lets the thread sleep if nothing waits; it is then woken by the next event.
    pub(super) fn may_sleep(&self) -> bool {
        let mut state = self.lock();
        let empty = state.waiting.len() == 0;
        state.asleep = empty && state.phase == Phase::Open;
        empty
    }

    /// Returns how many messages wait.
    pub(super) fn depth(&self) -> u64 {
        let state = self.lock();
        (state.waiting.len() + state.in_hand) as u64
    }

    /// Waits until everything is with libzmq; says whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let pending = |state: &mut State| state.phase < Phase::Ended && state.waiting.len() + state.in_hand > 0;
        let waited = self.eased.wait_timeout_while(self.lock(), patience, pending);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waiting.len() + state.in_hand == 0
    }

    /// Sends the last heartbeat, which says goodbye; no event follows.
    pub(super) fn close(&self) {
        self.beat_with(Clock::system().now(), true);
    }

    /// Says whether no event follows and none waits.
    pub(super) fn is_done(&self) -> bool {
        let state = self.lock();
        state.phase >= Phase::Closed && state.waiting.len() + state.in_hand == 0
    }

    /// Says whether no event follows.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().phase >= Phase::Closed
    }

    /// Takes note that the thread is gone.
    pub(super) fn end(&self) {
        self.lock().phase = Phase::Ended;
        self.eased.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() >= QUEUE_MESSAGES_MAX as usize || self.waiting.bytes.len() >= QUEUE_BYTES_MAX
    }

    fn last_seq(&self, topic: &str) -> u64 {
        self.seqs.iter().find(|(known, _)| *known == topic).map_or(0, |(_, seq)| *seq)
    }

    fn next_seq(&mut self, topic: &'static str) {
        match self.seqs.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, seq)) => *seq += 1,
            None => self.seqs.push((topic, 1)),
        }
    }
}
