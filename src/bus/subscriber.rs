//! What a component listens with: frames in order, gaps told before the frame that revealed them.

use std::{collections::VecDeque, time::Duration};

use super::{
    BusError, BusEvent as _, Frame, HeartbeatEvent, QUEUE_MESSAGES_MAX,
    endpoint::Place,
    frame::{self, Refused},
    sequence::{Order, Sequences},
    socket::{self, Parts, milliseconds},
};
use crate::clock::Stopwatch;

/// What a subscriber receives.
#[derive(Debug)]
pub enum Received {
    /// A message.
    Frame(Frame),
    /// Messages that were sent and did not arrive, or that the publisher dropped.
    Gap {
        /// Whose they were.
        publisher: String,
        /// On which topic.
        topic: String,
        /// How many.
        missed: u64,
    },
}

/// What a subscriber has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubscriberCounts {
    /// Messages handed out.
    pub received: u64,
    /// Messages missed, the sum of all gaps.
    pub missed: u64,
    /// Dropped: not two frames, not UTF-8, no JSON object, no envelope, or another wire version.
    pub malformed: u64,
    /// Dropped: larger than is allowed.
    pub oversized: u64,
    /// Dropped: a number not greater than the last.
    pub replayed: u64,
}

/// How a subscriber listens.
#[derive(Debug, Clone, Copy)]
pub struct SubscriberOptions {
    /// The most messages that wait for it.
    pub queue_messages_max: i32,
}

impl Default for SubscriberOptions {
    fn default() -> Self {
        Self { queue_messages_max: QUEUE_MESSAGES_MAX }
    }
}

/// Listens to topics. It connects again by itself, and what it missed in between shows as a gap.
pub struct Subscriber {
    socket: zmq::Socket,
    endpoint: String,
    topics: Vec<String>,
    sequences: Sequences,
    counts: SubscriberCounts,
    waiting: VecDeque<Received>,
    parts: Parts,
}

impl Subscriber {
    /// Connects to `sub_endpoint`, or to `monitor_endpoint` for the queue metrics alone, and subscribes to
    /// the topics that begin so; an empty one is every topic. This does not wait for the forwarder.
    ///
    /// # Errors
    /// When the endpoint is not allowed or libzmq is out of resources.
    pub fn connect(sub_endpoint: &str, topics: &[&str]) -> Result<Self, BusError> {
        Self::connect_with(sub_endpoint, topics, SubscriberOptions::default())
    }

    /// Connects with options.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_with(sub_endpoint: &str, topics: &[&str], options: SubscriberOptions) -> Result<Self, BusError> {
        Place::read(sub_endpoint)?;
        let socket = socket::open(&zmq::Context::new(), zmq::SUB, options.queue_messages_max, sub_endpoint)?;
        // Heartbeats come last: once they flow, everything else is subscribed.
        for topic in topics.iter().copied().chain([HeartbeatEvent::TOPIC]) {
            socket.set_subscribe(topic.as_bytes()).map_err(BusError::at("subscribe", sub_endpoint))?;
        }
        socket.connect(sub_endpoint).map_err(BusError::at("connect", sub_endpoint))?;
        Ok(Self {
            socket,
            endpoint: sub_endpoint.into(),
            topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
            sequences: Sequences::default(),
            counts: SubscriberCounts::default(),
            waiting: VecDeque::new(),
            parts: Parts::new(),
        })
    }

    /// Returns the next message or gap; `None` if none comes within `patience`.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Received>, BusError> {
        let mut watch = None;
        loop {
            if let Some(received) = self.waiting.pop_front() {
                self.note(&received);
                return Ok(Some(received));
            }
            if self.parts.receive(&self.socket).map_err(BusError::at("receive", &self.endpoint))? {
                if let Some(received) = self.judge() {
                    self.note(&received);
                    return Ok(Some(received));
                }
                continue;
            }
            let watch = watch.get_or_insert_with(Stopwatch::start);
            let left = patience.saturating_sub(Duration::from_secs_f64(watch.seconds()));
            if left.is_zero() {
                return Ok(None);
            }
            match self.socket.poll(zmq::POLLIN, i64::from(milliseconds(left)).max(1)) {
                Ok(_) | Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(BusError::at("poll", &self.endpoint)(error)),
            }
        }
    }

    /// Returns what it has seen so far.
    #[must_use]
    pub fn counts(&self) -> SubscriberCounts {
        self.counts
    }

    fn note(&mut self, received: &Received) {
        match received {
            Received::Frame(_) => self.counts.received += 1,
            Received::Gap { missed, .. } => self.counts.missed += missed,
        }
    }

    /// Judges the message that has come: hands it out, or keeps it behind the gap that it reveals.
    fn judge(&mut self) -> Option<Received> {
        let (topic, envelope) = match frame::check(&self.parts, true) {
            Ok(checked) => checked,
            Err(Refused::Oversized) => {
                self.counts.oversized += 1;
                return None;
            }
            Err(Refused::Malformed(_)) => {
                self.counts.malformed += 1;
                return None;
            }
        };
        let listened = self.topics.iter().any(|prefix| topic.starts_with(prefix.as_str()));
        if envelope.snapshot {
            let news = self.sequences.observe_snapshot(&envelope.publisher, topic, envelope.seq);
            return (news && listened).then(|| self.frame());
        }
        let missed = match self.sequences.observe(&envelope.publisher, topic, envelope.seq) {
            Order::Replayed => {
                self.counts.replayed += 1;
                return None;
            }
            Order::Next => 0,
            Order::Gap(missed) => missed,
        };
        if topic == HeartbeatEvent::TOPIC {
            let (publisher, seq) = (envelope.publisher.clone().into_owned(), envelope.seq);
            self.hear_heartbeat(&publisher, seq);
        } else if missed == 0 {
            return listened.then(|| self.frame());
        } else {
            let gap = Received::Gap { publisher: envelope.publisher.into_owned(), topic: topic.to_owned(), missed };
            self.waiting.push_back(gap);
        }
        if listened {
            let frame = self.frame();
            self.waiting.push_back(frame);
        }
        self.waiting.pop_front()
    }

    /// Finds what a heartbeat says was sent and did not come.
    fn hear_heartbeat(&mut self, publisher: &str, seq: u64) {
        let Ok(event) = serde_json::from_slice::<HeartbeatEvent<'_>>(&self.parts.payload) else {
            self.counts.malformed += 1;
            return;
        };
        if seq == 1 {
            self.sequences.started(publisher);
        }
        for (topic, last) in &event.seqs {
            if self.topics.iter().any(|prefix| topic.starts_with(prefix.as_str())) {
                let missed = self.sequences.told(publisher, topic, *last);
                if missed > 0 {
                    let (publisher, topic) = (publisher.to_owned(), topic.clone().into_owned());
                    self.waiting.push_back(Received::Gap { publisher, topic, missed });
                }
            }
        }
    }

    fn frame(&mut self) -> Received {
        Received::Frame(Frame::of(std::mem::replace(&mut self.parts, Parts::new())))
    }
}
