//! The forwarder's thread: owns the sockets, carries messages, keeps time.

use std::{
    mem,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{ForwarderCounts, Shared};
use crate::{
    bus::{
        BEAT, BusEvent, QueueEvent, envelope,
        frame::{self, Refused},
        link::{NAP, descriptor, wait},
        outbox::{Batch, Outbox},
        sequence::{Order, Sequences},
        snapshot::Snapshots,
        socket::{self, Parts},
        subscription::Notice,
        waker::Alarm,
    },
    clock::{Clock, Stopwatch},
};

/// The most messages of one side before the others have their turn.
const TURN: usize = 1024;

/// What the thread listens and sends on.
pub(super) struct Sockets {
    pub(super) publishers: zmq::Socket,
    pub(super) subscribers: zmq::Socket,
    pub(super) monitor: zmq::Socket,
    pub(super) alarm: Alarm,
}

/// The state of the thread.
pub(super) struct Relay {
    sockets: Sockets,
    shared: Arc<Shared>,
    /// The queue of the forwarder's own messages.
    own: Arc<Outbox>,
    endpoint: String,
    clock: Clock,
    outboxes: Vec<Arc<Outbox>>,
    batch: Batch,
    parts: Parts,
    sequences: Sequences,
    snapshots: Snapshots,
    counts: ForwarderCounts,
    forwarded_before: u64,
    dropped_before: u64,
    monitor_seq: u64,
}

impl Relay {
    pub(super) fn new(sockets: Sockets, shared: Arc<Shared>, own: Arc<Outbox>, endpoint: String) -> Self {
        Self {
            sockets,
            shared,
            own,
            endpoint,
            clock: Clock::system(),
            outboxes: Vec::new(),
            batch: Batch::default(),
            parts: Parts::new(),
            sequences: Sequences::default(),
            snapshots: Snapshots::default(),
            counts: ForwarderCounts::default(),
            forwarded_before: 0,
            dropped_before: 0,
            monitor_seq: 0,
        }
    }

    /// Carries until told to stop, then sends what still waits.
    pub(super) fn run(mut self) {
        self.own.beat(self.clock.now());
        if let Err(error) = self.carry() {
            tracing::error!("the bus forwarder at {} ended: {error}", self.endpoint);
        }
        self.outboxes.iter().for_each(|outbox| outbox.end());
        let linger = self.shared.linger.load(Ordering::Relaxed);
        for socket in [&self.sockets.subscribers, &self.sockets.monitor] {
            let _ = socket.set_linger(linger);
        }
        let _ = self.sockets.publishers.set_linger(0);
    }

    fn carry(&mut self) -> zmq::Result<()> {
        let mut beat = Stopwatch::start();
        loop {
            let stopping = self.shared.stopping.load(Ordering::Acquire);
            self.outboxes.clone_from(&self.shared.outboxes.lock().unwrap_or_else(PoisonError::into_inner));
            self.answer_subscribers()?;
            let busy = self.carry_local()? | self.carry_remote()?;
            *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner) = self.counts;
            if beat.seconds() >= BEAT.as_secs_f64() || stopping {
                beat = Stopwatch::start();
                self.beat()?;
            }
            if stopping {
                self.own.close();
                return self.carry_local().map(drop);
            }
            if busy {
                std::thread::sleep(NAP);
            } else if self.outboxes.iter().all(|outbox| outbox.may_sleep()) {
                let patience = BEAT.saturating_sub(Duration::from_secs_f64(beat.seconds()));
                let Sockets { publishers, subscribers, alarm, .. } = &self.sockets;
                let [publishers, subscribers] = [publishers, subscribers].map(|side| side.as_poll_item(zmq::POLLIN));
                wait([publishers, subscribers, descriptor(alarm)], patience)?;
                self.sockets.alarm.reset();
            }
        }
    }

    /// Carries what the publishers of this process have queued; says whether there was anything.
    fn carry_local(&mut self) -> zmq::Result<bool> {
        let mut busy = false;
        let mut batch = mem::take(&mut self.batch);
        for outbox in &self.outboxes {
            if !outbox.take(&mut batch) {
                continue;
            }
            busy = true;
            let mut failed = Ok(());
            // Typed events of this process are well-formed and numbered as they are made: nothing to check.
            batch.for_each(|topic, payload| {
                if failed.is_ok() {
                    failed = socket::send(&self.sockets.subscribers, topic.as_bytes(), payload);
                    self.snapshots.keep(topic.as_bytes(), payload);
                }
            });
            self.counts.forwarded += batch.len() as u64;
            outbox.sent();
            failed?;
        }
        self.batch = batch;
        Ok(busy)
    }

    /// Carries what came from other processes, as far as it is ours; says whether there was anything.
    fn carry_remote(&mut self) -> zmq::Result<bool> {
        for turn in 0..TURN {
            if !self.parts.receive(&self.sockets.publishers)? {
                return Ok(turn > 0);
            }
            match frame::check(&self.parts, false) {
                Err(Refused::Oversized) => self.counts.oversized += 1,
                Err(Refused::Malformed(error)) => {
                    self.counts.malformed += 1;
                    tracing::debug!("dropped on the bus: {error}");
                }
                // Only the forwarder repeats a message, so a publisher that says so is replaying.
                Ok((_, envelope)) if envelope.snapshot => self.counts.replayed += 1,
                Ok((topic, envelope)) => {
                    if self.sequences.observe(&envelope.publisher, topic, envelope.seq) == Order::Replayed {
                        self.counts.replayed += 1;
                        continue;
                    }
                    self.snapshots.keep(topic.as_bytes(), &self.parts.payload);
                    let parts = mem::replace(&mut self.parts, Parts::new());
                    self.sockets.subscribers.send(parts.topic, zmq::SNDMORE | zmq::DONTWAIT)?;
                    self.sockets.subscribers.send(parts.payload, zmq::DONTWAIT)?;
                    self.counts.forwarded += 1;
                }
            }
        }
        Ok(true)
    }

    /// Tells publishers of new subscriptions, and late joiners what was last said.
    fn answer_subscribers(&mut self) -> zmq::Result<()> {
        for _ in 0..TURN {
            let message = match self.sockets.subscribers.recv_msg(zmq::DONTWAIT) {
                Ok(message) => message,
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(notice) = Notice::read(&message) else { continue };
            self.shared.subscriptions.note(notice);
            if let Notice::Subscribed(prefix) = notice {
                for (topic, payload) in self.snapshots.of(prefix) {
                    socket::send(&self.sockets.subscribers, topic.as_bytes(), payload)?;
                    self.counts.forwarded += 1;
                }
            }
            self.sockets.publishers.send(message, zmq::DONTWAIT)?;
        }
        Ok(())
    }

    /// Says how everybody in this process is, and how long the queues are.
    fn beat(&mut self) -> zmq::Result<()> {
        let now = self.clock.now();
        self.outboxes.iter().filter(|outbox| !outbox.is_closed()).for_each(|outbox| outbox.beat(now));
        let mut outboxes = self.shared.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        // What a publisher dropped before it left stays counted.
        self.dropped_before += outboxes.iter().filter(|o| o.is_done()).map(|o| o.counts().dropped).sum::<u64>();
        outboxes.retain(|outbox| !outbox.is_done());
        let dropped = self.dropped_before + outboxes.iter().map(|outbox| outbox.counts().dropped).sum::<u64>();
        let in_queue = outboxes.iter().map(|outbox| outbox.depth()).sum();
        drop(outboxes);
        let event = QueueEvent {
            endpoint: self.endpoint.as_str().into(),
            in_queue,
            out_queue: self.counts.forwarded - mem::replace(&mut self.forwarded_before, self.counts.forwarded),
            dropped: dropped + self.counts.dropped(),
        };
        let mut line = Vec::new();
        self.monitor_seq += 1;
        let publisher = format!("{}-monitor", self.own.publisher());
        let encoded = envelope::encode(&mut line, &event, &publisher, self.monitor_seq);
        if let Err(error) = encoded.and_then(|()| self.own.put(&event)) {
            tracing::warn!("the bus metrics were not published: {error}");
        }
        socket::send(&self.sockets.monitor, QueueEvent::TOPIC.as_bytes(), &line)
    }
}
