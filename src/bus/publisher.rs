//! What a component publishes with: encodes, numbers and queues; a thread of the bus sends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{BusError, BusEvent, LINGER, link::Link, outbox::Outbox, subscription::Subscriptions};
use crate::clock::Clock;

/// Tells the publishers of a process apart.
static PUBLISHERS: AtomicU64 = AtomicU64::new(0);

/// What a publisher has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PublisherCounts {
    /// Messages queued, heartbeats included.
    pub published: u64,
    /// Events dropped because the queue was full; they have numbers, so subscribers see a gap.
    pub dropped: u64,
}

/// Publishes the events of one component.
///
/// In the process that hosts the forwarder the queue leads straight to it; in any other a thread carries
/// the queue to `pub_endpoint` and connects again by itself. About every second, and at the end, a
/// `sys.heartbeat` says what was sent.
#[derive(Debug)]
pub struct Publisher {
    outbox: Arc<Outbox>,
    subscriptions: Arc<Subscriptions>,
    link: Option<Link>,
}

impl Publisher {
    /// Connects to the forwarder at `pub_endpoint`; this does not wait for it.
    ///
    /// # Errors
    /// When the endpoint is not allowed, the name is not plain, or the system is out of resources.
    pub fn connect(pub_endpoint: &str, component: &str) -> Result<Self, BusError> {
        let link = Link::start(pub_endpoint, component, identity(component)?)?;
        Ok(Self { outbox: link.outbox(), subscriptions: link.subscriptions(), link: Some(link) })
    }

    /// Makes a publisher whose queue somebody else's thread empties.
    pub(super) fn local(outbox: Arc<Outbox>, subscriptions: Arc<Subscriptions>) -> Self {
        Self { outbox, subscriptions, link: None }
    }

    /// Returns the name that tells this run of the component from every other: `publisher` in its messages.
    #[must_use]
    pub fn id(&self) -> &str {
        self.outbox.publisher()
    }

    /// Publishes one event. Waits at most a tenth of a second for room in a full queue, once.
    ///
    /// # Errors
    /// When the event has no JSON form or is too large, or when it was dropped: the queue is full or the
    /// bus has ended. A caller goes on with its work.
    pub fn publish<E: BusEvent>(&self, event: &E) -> Result<(), BusError> {
        self.outbox.put(event)
    }

    /// Waits until somebody listens to `topic`, at most `patience`; says whether somebody does.
    #[must_use]
    pub fn wait_for_listener(&self, topic: &str, patience: Duration) -> bool {
        self.subscriptions.wait_for(topic, patience)
    }

    /// Waits until there are subscriptions and no new one has come for a fifth of a second, at most
    /// `patience`; says whether it is so.
    #[must_use]
    pub fn wait_for_subscribers(&self, patience: Duration) -> bool {
        self.subscriptions.wait_settled(patience)
    }

    /// Says now what was sent so far; the bus does it by itself about every second.
    pub fn heartbeat(&self) {
        self.outbox.beat(Clock::system().now());
    }

    /// Waits until everything published is with libzmq, at most `patience`; says whether it is.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        self.outbox.flush(patience)
    }

    /// Returns what was published and dropped so far.
    #[must_use]
    pub fn counts(&self) -> PublisherCounts {
        self.outbox.counts()
    }

    /// Sends the last heartbeat and gives the forwarder `patience` to take everything; says whether
    /// everything was handed over. Dropping a publisher does the same with a short patience.
    #[must_use]
    pub fn close(mut self, patience: Duration) -> bool {
        self.end(patience)
    }

    fn end(&mut self, patience: Duration) -> bool {
        if self.outbox.is_closed() {
            return true;
        }
        self.outbox.close();
        let flushed = self.outbox.flush(patience);
        if let Some(link) = self.link.take() {
            link.stop(patience);
        }
        flushed
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.end(LINGER);
    }
}

/// Returns a name that no other run has: component, process, start, and a number within the process.
pub(super) fn identity(component: &str) -> Result<String, BusError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if component.is_empty() || component.len() > 64 || !component.bytes().all(plain) {
        let why = "is no component's name: 1 to 64 letters, digits, dots, dashes or underscores are";
        return Err(BusError::Malformed(format!("{component:?} {why}")));
    }
    let number = PUBLISHERS.fetch_add(1, Ordering::Relaxed);
    let start = Clock::system().now().as_microsecond();
    Ok(format!("{component}-{}-{start:x}-{number}", std::process::id()))
}
