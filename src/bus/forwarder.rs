//! The forwarder: publishers connect to one side, subscribers to the other, one thread in between.
//!
//! It drops and counts what is none of ours, keeps the last values for late joiners, and says every
//! second how it is. It never waits for a subscriber: one that is too slow loses messages and sees a gap.

mod thread;

use std::{
    fs::File,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use self::thread::{Relay, Sockets};
use super::{
    BusError, Endpoints, Holder, LINGER, Publisher, QUEUE_MESSAGES_MAX,
    endpoint::Place,
    outbox::Outbox,
    publisher::identity,
    socket::{self, milliseconds},
    subscription::{Subscriptions, cut},
    waker::{self, Waker},
};

/// The component name of the forwarder's own messages; its heartbeat proves who answers.
pub(super) const COMPONENT: &str = "forwarder";

/// What a forwarder has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForwarderCounts {
    /// Messages handed to subscribers' queues, snapshots included.
    pub forwarded: u64,
    /// Dropped: not two frames, not UTF-8, no JSON object, no envelope, or another wire version.
    pub malformed: u64,
    /// Dropped: more than [`MESSAGE_BYTES_MAX`](super::MESSAGE_BYTES_MAX).
    pub oversized: u64,
    /// Dropped: a number not greater than the last of that publisher and topic.
    pub replayed: u64,
}

impl ForwarderCounts {
    /// Returns everything that was dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.malformed + self.oversized + self.replayed
    }
}

/// How a forwarder works.
#[derive(Debug, Clone, Copy)]
pub struct ForwarderOptions {
    /// The most messages that wait at either side for one peer.
    pub queue_messages_max: i32,
}

impl Default for ForwarderOptions {
    fn default() -> Self {
        Self { queue_messages_max: QUEUE_MESSAGES_MAX }
    }
}

/// What the thread and the handles share.
#[derive(Debug)]
struct Shared {
    stopping: AtomicBool,
    linger: AtomicI32,
    outboxes: Mutex<Vec<Arc<Outbox>>>,
    counts: Mutex<ForwarderCounts>,
    subscriptions: Arc<Subscriptions>,
    waker: Arc<Waker>,
}

/// A running forwarder; it stops when dropped.
#[derive(Debug)]
pub struct Forwarder {
    endpoints: Endpoints,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Locks of socket files, held as long as it runs.
    _claims: Vec<File>,
}

impl Forwarder {
    /// Binds the three endpoints and starts the thread.
    ///
    /// # Errors
    /// `Taken` names who holds an endpoint; otherwise an endpoint is not allowed or the system refuses.
    pub fn start(endpoints: &Endpoints) -> Result<Self, BusError> {
        Self::start_with(endpoints, ForwarderOptions::default())
    }

    /// Starts with options.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(endpoints: &Endpoints, options: ForwarderOptions) -> Result<Self, BusError> {
        let Endpoints { pub_endpoint, sub_endpoint, monitor_endpoint } = endpoints;
        let mut claims = Vec::new();
        for endpoint in [pub_endpoint, sub_endpoint, monitor_endpoint] {
            claims.extend(Place::read(endpoint)?.claim(endpoint)?);
        }
        let context = zmq::Context::new();
        let (publishers, pub_endpoint) = bind(&context, zmq::XSUB, pub_endpoint, options)?;
        let (subscribers, sub_endpoint) = bind(&context, zmq::XPUB, sub_endpoint, options)?;
        let (monitor, monitor_endpoint) = bind(&context, zmq::PUB, monitor_endpoint, options)?;
        // Every subscription is told, not only the first of a topic: each late joiner needs the snapshot.
        subscribers.set_xpub_verbose(true).map_err(BusError::at("set up the socket", &sub_endpoint))?;
        for kept in super::snapshot::KEPT {
            let subscription = [&[1], cut(kept)].concat();
            publishers.send(subscription, 0).map_err(BusError::at("subscribe", &pub_endpoint))?;
        }
        let endpoints = Endpoints { pub_endpoint, sub_endpoint, monitor_endpoint };
        let (waker, alarm) = waker::pair().map_err(BusError::system("make a wake-up pipe", &endpoints.pub_endpoint))?;
        let shared = Arc::new(Shared {
            stopping: AtomicBool::new(false),
            linger: AtomicI32::new(milliseconds(LINGER)),
            outboxes: Mutex::default(),
            counts: Mutex::default(),
            subscriptions: Arc::new(Subscriptions::new()),
            waker: Arc::new(waker),
        });
        let own = Arc::new(shared.outbox(COMPONENT)?);
        shared.outboxes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&own));
        let sockets = Sockets { publishers, subscribers, monitor, alarm };
        let relay = Relay::new(sockets, Arc::clone(&shared), own, endpoints.pub_endpoint.clone());
        let thread = std::thread::Builder::new().name("bus-forwarder".into()).spawn(move || relay.run());
        let thread = thread.map_err(BusError::system("start a thread", &endpoints.pub_endpoint))?;
        Ok(Self { endpoints, shared, thread: Some(thread), _claims: claims })
    }

    /// Returns where it listens, with the ports that libzmq chose.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Makes a publisher of this process, whose queue leads straight to the thread.
    ///
    /// # Errors
    /// When the component's name is not plain.
    pub fn publisher(&self, component: &str) -> Result<Publisher, BusError> {
        let outbox = Arc::new(self.shared.outbox(component)?);
        outbox.beat(crate::clock::Clock::system().now());
        let mut outboxes = self.shared.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_running() {
            return Err(BusError::Ended { endpoint: self.endpoints.pub_endpoint.clone() });
        }
        outboxes.push(Arc::clone(&outbox));
        drop(outboxes);
        self.shared.waker.wake();
        Ok(Publisher::local(outbox, Arc::clone(&self.shared.subscriptions)))
    }

    /// Returns what it has done so far.
    #[must_use]
    pub fn counts(&self) -> ForwarderCounts {
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether its thread runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Stops it and gives slow subscribers `patience` to take what waits for them.
    pub fn close(mut self, patience: Duration) {
        self.stop(patience);
    }

    fn stop(&mut self, patience: Duration) {
        self.shared.linger.store(milliseconds(patience), Ordering::Relaxed);
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.waker.wake();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the bus forwarder ended with a panic");
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop(LINGER);
    }
}

impl Shared {
    fn outbox(&self, component: &str) -> Result<Outbox, BusError> {
        Ok(Outbox::new(component, identity(component)?, Arc::clone(&self.waker)))
    }
}

/// Binds a socket and returns it with the endpoint as libzmq names it.
fn bind(
    context: &zmq::Context,
    kind: zmq::SocketType,
    endpoint: &str,
    options: ForwarderOptions,
) -> Result<(zmq::Socket, String), BusError> {
    let socket = socket::open(context, kind, options.queue_messages_max, endpoint)?;
    match socket.bind(endpoint) {
        Ok(()) => {}
        Err(zmq::Error::EADDRINUSE) => {
            return Err(BusError::Taken { endpoint: endpoint.into(), holder: Holder::of(endpoint) });
        }
        Err(error) => return Err(BusError::at("bind", endpoint)(error)),
    }
    match socket.get_last_endpoint() {
        Ok(Ok(bound)) => Ok((socket, bound)),
        Ok(Err(_)) => Ok((socket, endpoint.into())),
        Err(error) => Err(BusError::at("bind", endpoint)(error)),
    }
}
