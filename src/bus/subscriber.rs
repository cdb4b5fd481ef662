//! What a component listens with: frames in order, gaps told before the frame that revealed them.

use std::{collections::VecDeque, mem, thread, time::Duration};

use super::{
    BusError, BusEvent as _, Frame, HeartbeatEvent, MESSAGE_BYTES_MAX, QUEUE_MESSAGES_MAX,
    endpoint::Place,
    envelope,
    frame::{self, Refused},
    link::NAP,
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
    stream: Stream,
    /// Something has come since it last slept.
    awake: bool,
}

/// What the message before looked like: in a stream of one publisher and topic only the number changes,
/// and nothing else has to be looked at again.
#[derive(Debug, Default)]
struct Stream {
    topic: Vec<u8>,
    /// The payload up to the number; empty if the message before was none of a stream.
    beginning: Vec<u8>,
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
            stream: Stream::default(),
            awake: false,
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
                self.awake = true;
                if self.continues() {
                    self.counts.received += 1;
                    return Ok(Some(self.frame()));
                }
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
            // At full speed a nap costs less than being woken for every few messages.
            if mem::take(&mut self.awake) {
                thread::sleep(NAP.min(left));
                continue;
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

    /// Says whether the message that has come is the next of the stream; takes note if it is.
    fn continues(&mut self) -> bool {
        let Stream { topic, beginning } = &self.stream;
        let known = !beginning.is_empty()
            && self.parts.count == 2
            && self.parts.payload.len() <= MESSAGE_BYTES_MAX
            && *self.parts.topic == **topic
            && self.parts.payload.starts_with(beginning);
        let rest = self.parts.payload.get(beginning.len()..).filter(|_| known);
        rest.and_then(envelope::scan_rest).is_some_and(|seq| self.sequences.observe_next(seq))
    }

    /// Remembers what the message that has come looks like, if the next may continue it.
    fn remember(&mut self) {
        self.stream.topic.clear();
        self.stream.beginning.clear();
        if let Some(beginning) = envelope::beginning(&self.parts.payload) {
            self.stream.topic.extend_from_slice(&self.parts.topic);
            self.stream.beginning.extend_from_slice(beginning);
        }
    }

    /// Judges the message that has come: hands it out, or keeps it behind the gap that it reveals.
    fn judge(&mut self) -> Option<Received> {
        self.stream.beginning.clear();
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
            if listened {
                self.remember();
            }
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
        Received::Frame(Frame::of(mem::replace(&mut self.parts, Parts::new())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};

    use super::{Parts, Received, Subscriber};

    const GOOD: &[u8] = br#"{"__event__":"ErrorEvent","publisher":"p","seq":5,"v":1,"message":"m"}"#;

    fn subscriber() -> Subscriber {
        Subscriber::connect("tcp://127.0.0.1:1", &["log."]).expect("connected lazily")
    }

    fn parts(frames: &[Vec<u8>]) -> Parts {
        let frame = |at: usize| zmq::Message::from(frames.get(at).map_or(&[][..], Vec::as_slice));
        Parts { topic: frame(0), payload: frame(1), count: frames.len() }
    }

    /// Takes a message as `next` does.
    fn take(subscriber: &mut Subscriber, frames: &[Vec<u8>]) -> Option<Received> {
        subscriber.parts = parts(frames);
        if subscriber.continues() { Some(subscriber.frame()) } else { subscriber.judge() }
    }

    fn numbered(seq: &str) -> Vec<Vec<u8>> {
        let payload = String::from_utf8(GOOD.to_vec()).expect("text").replace("\"seq\":5", &format!("\"seq\":{seq}"));
        vec![b"log.error".to_vec(), payload.into_bytes()]
    }

    #[test]
    fn the_stream_is_told_from_what_breaks_it() {
        let mut subscriber = subscriber();
        for seq in ["5", "6", "7"] {
            assert!(matches!(take(&mut subscriber, &numbered(seq)), Some(Received::Frame(_))), "{seq}");
        }
        assert!(take(&mut subscriber, &numbered("7")).is_none(), "replayed");
        let gap = take(&mut subscriber, &numbered("10"));
        assert!(matches!(gap, Some(Received::Gap { missed: 2, .. })), "{gap:?}");
        assert!(matches!(subscriber.waiting.pop_front(), Some(Received::Frame(frame)) if frame.seq() == 10));
        assert!(take(&mut subscriber, &numbered("11,\"v\":2")).is_none(), "another version");
        assert!(take(&mut subscriber, &numbered("x")).is_none(), "no number");
        assert!(matches!(take(&mut subscriber, &numbered("11")), Some(Received::Frame(_))));
        assert_eq!((subscriber.counts.replayed, subscriber.counts.malformed), (1, 2));
    }

    /// Random bytes, and good messages with one byte changed or an end cut off.
    fn payloads() -> impl Strategy<Value = Vec<u8>> {
        let random = proptest::collection::vec(any::<u8>(), 0..80);
        let changed = (0..GOOD.len(), any::<u8>()).prop_map(|(at, byte)| {
            let mut payload = GOOD.to_vec();
            payload[at] = byte;
            payload
        });
        let cut = (0..GOOD.len()).prop_map(|end| GOOD[..end].to_vec());
        prop_oneof![random, changed, cut]
    }

    proptest! {
        #[test]
        fn random_frames_never_panic_and_are_counted(
            messages in proptest::collection::vec(proptest::collection::vec(payloads(), 0..4), 1..20),
            topics in proptest::collection::vec(any::<bool>(), 20),
        ) {
            let mut subscriber = subscriber();
            for (mut frames, has_topic) in messages.into_iter().zip(topics) {
                if has_topic && !frames.is_empty() {
                    frames[0] = b"log.error".to_vec();
                }
                let before = subscriber.counts;
                let received = take(&mut subscriber, &frames);
                let passed = received.is_some() || !subscriber.waiting.is_empty();
                let dropped = subscriber.counts.malformed - before.malformed
                    + subscriber.counts.oversized - before.oversized
                    + subscriber.counts.replayed - before.replayed;
                // Whole messages on a topic that nobody asked for are neither.
                let unasked = frames.first().is_some_and(|topic| !topic.starts_with(b"log."));
                assert!(u64::from(passed) + dropped == 1 || (unasked && dropped == 0 && !passed), "{frames:?}");
                subscriber.waiting.clear();
            }
        }
    }
}
