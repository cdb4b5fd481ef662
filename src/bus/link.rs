//! The thread that carries a publisher's queue to a forwarder in another process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    BEAT, BusError, LINGER, QUEUE_MESSAGES_MAX,
    endpoint::Place,
    outbox::{Batch, Outbox},
    socket::{self, milliseconds},
    subscription::{Notice, Subscriptions},
    waker::{self, Alarm},
};
use crate::clock::{Clock, Stopwatch};

/// After a batch the thread naps so long before it looks again: at full speed nobody has to wake it.
pub(super) const NAP: Duration = Duration::from_micros(200);

/// A connection to the forwarder, with its thread.
#[derive(Debug)]
pub(super) struct Link {
    outbox: Arc<Outbox>,
    subscriptions: Arc<Subscriptions>,
    linger: Arc<AtomicI32>,
    thread: JoinHandle<()>,
}

/// What the thread owns.
struct Carrier {
    socket: zmq::Socket,
    alarm: Alarm,
    outbox: Arc<Outbox>,
    subscriptions: Arc<Subscriptions>,
    linger: Arc<AtomicI32>,
}

impl Link {
    /// Connects and starts the thread.
    pub(super) fn start(endpoint: &str, component: &str, publisher: String) -> Result<Self, BusError> {
        Place::read(endpoint)?;
        let context = zmq::Context::new();
        // XPUB, because only that socket is told of subscriptions: a plain PUB drops what it sends before
        // the first one has arrived, and says nothing.
        let socket = socket::open(&context, zmq::XPUB, QUEUE_MESSAGES_MAX, endpoint)?;
        socket.connect(endpoint).map_err(BusError::at("connect", endpoint))?;
        let (waker, alarm) = waker::pair().map_err(BusError::system("make a wake-up pipe", endpoint))?;
        let outbox = Arc::new(Outbox::new(component, publisher, Arc::new(waker)));
        let subscriptions = Arc::new(Subscriptions::new());
        let linger = Arc::new(AtomicI32::new(milliseconds(LINGER)));
        let carrier = Carrier {
            socket,
            alarm,
            outbox: Arc::clone(&outbox),
            subscriptions: Arc::clone(&subscriptions),
            linger: Arc::clone(&linger),
        };
        let thread = thread::Builder::new().name("bus-link".into()).spawn(move || carrier.run());
        let thread = thread.map_err(BusError::system("start a thread", endpoint))?;
        Ok(Self { outbox, subscriptions, linger, thread })
    }

    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    pub(super) fn subscriptions(&self) -> Arc<Subscriptions> {
        Arc::clone(&self.subscriptions)
    }

    /// Ends the thread, which gives the forwarder `patience` to take what is left.
    pub(super) fn stop(self, patience: Duration) {
        self.linger.store(milliseconds(patience), Ordering::Relaxed);
        if self.thread.join().is_err() {
            tracing::error!("the thread of a bus publisher ended with a panic");
        }
    }
}

impl Carrier {
    fn run(self) {
        self.outbox.beat(Clock::system().now());
        if let Err(error) = self.carry() {
            tracing::warn!("a bus publisher ended: {error}");
        }
        self.outbox.end();
        let _ = self.socket.set_linger(self.linger.load(Ordering::Relaxed));
    }

    fn carry(&self) -> zmq::Result<()> {
        let clock = Clock::system();
        let mut batch = Batch::default();
        let mut beat = Stopwatch::start();
        while !self.outbox.is_done() {
            self.listen()?;
            let mut failed = Ok(());
            if self.outbox.take(&mut batch) {
                batch.for_each(|topic, payload| {
                    if failed.is_ok() {
                        failed = socket::send(&self.socket, topic.as_bytes(), payload);
                    }
                });
                self.outbox.sent();
                failed?;
                thread::sleep(NAP);
            } else if self.outbox.may_sleep() {
                let events = [self.socket.as_poll_item(zmq::POLLIN), descriptor(&self.alarm)];
                wait(events, BEAT.saturating_sub(Duration::from_secs_f64(beat.seconds())))?;
                self.alarm.reset();
            }
            if beat.seconds() >= BEAT.as_secs_f64() && !self.outbox.is_closed() {
                self.outbox.beat(clock.now());
                beat = Stopwatch::start();
            }
        }
        Ok(())
    }

    fn listen(&self) -> zmq::Result<()> {
        loop {
            match self.socket.recv_msg(zmq::DONTWAIT) {
                Ok(message) => Notice::read(&message).into_iter().for_each(|notice| self.subscriptions.note(notice)),
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Returns what is polled for wake-ups.
pub(super) fn descriptor(alarm: &Alarm) -> zmq::PollItem<'_> {
    zmq::PollItem::from_fd(alarm.descriptor(), zmq::POLLIN)
}

/// Waits for any of these, at most `patience`.
pub(super) fn wait<const N: usize>(mut items: [zmq::PollItem<'_>; N], patience: Duration) -> zmq::Result<()> {
    match zmq::poll(&mut items, i64::from(milliseconds(patience)).max(1)) {
        Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
        Err(error) => Err(error),
    }
}
