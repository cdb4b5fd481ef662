//! A process's way onto the bus: hosts the forwarder if nobody does, joins it otherwise.

use std::time::Duration;

use super::{
    BusError, Endpoints, Forwarder, ForwarderCounts, HeartbeatEvent, LINGER, Publisher, Received, Subscriber,
    forwarder::COMPONENT, topic,
};
use crate::clock::Stopwatch;

/// The longest that a forwarder of another process may take to answer.
const PROBE_PATIENCE: Duration = Duration::from_millis(1500);

/// A process on the bus.
#[derive(Debug)]
pub struct Bus {
    endpoints: Endpoints,
    forwarder: Option<Forwarder>,
}

impl Bus {
    /// Hosts the forwarder, or joins the one that another process hosts.
    ///
    /// # Errors
    /// `Taken` when another process holds an endpoint and is no forwarder: exit class Busy where the
    /// command is that server, while one whose work goes on without the bus says Degraded.
    pub fn join(endpoints: &Endpoints) -> Result<Self, BusError> {
        let joined = |forwarder| Self { endpoints: endpoints.clone(), forwarder };
        let taken = match Forwarder::start(endpoints) {
            Ok(forwarder) => {
                return Ok(Self { endpoints: forwarder.endpoints().clone(), forwarder: Some(forwarder) });
            }
            Err(taken @ BusError::Taken { .. }) => taken,
            Err(error) => return Err(error),
        };
        if answers(&endpoints.sub_endpoint)? {
            return Ok(joined(None));
        }
        // Its host may have gone in the meantime.
        Forwarder::start(endpoints).map(|forwarder| joined(Some(forwarder))).map_err(|_| taken)
    }

    /// Says whether this process hosts the forwarder.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.forwarder.is_some()
    }

    /// Returns the endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Returns what the forwarder has done, if this process hosts it.
    #[must_use]
    pub fn forwarder_counts(&self) -> Option<ForwarderCounts> {
        self.forwarder.as_ref().map(Forwarder::counts)
    }

    /// Makes a publisher for a component.
    ///
    /// # Errors
    /// When the name is not plain or the system is out of resources.
    pub fn publisher(&self, component: &str) -> Result<Publisher, BusError> {
        match &self.forwarder {
            Some(forwarder) => forwarder.publisher(component),
            None => Publisher::connect(&self.endpoints.pub_endpoint, component),
        }
    }

    /// Makes a subscriber to the topics that begin so; an empty one is every topic.
    ///
    /// # Errors
    /// When libzmq is out of resources.
    pub fn subscriber(&self, topics: &[&str]) -> Result<Subscriber, BusError> {
        Subscriber::connect(&self.endpoints.sub_endpoint, topics)
    }

    /// Hosts the forwarder if its host has gone, or if its own thread has ended; says whether it now does
    /// and did not before. Cheap enough to be called every second. Publishers and subscribers of all
    /// processes connect again by themselves; what a subscriber missed in between shows as a gap.
    ///
    /// # Errors
    /// When the endpoints are free and hosting fails all the same.
    pub fn take_over(&mut self) -> Result<bool, BusError> {
        match self.forwarder.take() {
            Some(forwarder) if forwarder.is_running() => {
                self.forwarder = Some(forwarder);
                return Ok(false);
            }
            ended => drop(ended),
        }
        match Forwarder::start(&self.endpoints) {
            Ok(forwarder) => {
                self.forwarder = Some(forwarder);
                Ok(true)
            }
            Err(BusError::Taken { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Leaves the bus; a forwarder gives slow subscribers `patience` to take what waits for them.
    pub fn close(mut self, patience: Duration) {
        if let Some(forwarder) = self.forwarder.take() {
            forwarder.close(patience);
        }
    }
}

/// Says whether a forwarder of this project answers: a new subscriber is sent its last heartbeat.
fn answers(sub_endpoint: &str) -> Result<bool, BusError> {
    let watch = Stopwatch::start();
    let mut subscriber = Subscriber::connect(sub_endpoint, &[topic::HEARTBEAT])?;
    loop {
        let left = PROBE_PATIENCE.saturating_sub(Duration::from_secs_f64(watch.seconds()));
        match subscriber.next(left.max(LINGER / 100))? {
            Some(Received::Frame(frame)) => {
                let heartbeat = frame.decode::<HeartbeatEvent<'_>>();
                if heartbeat.is_ok_and(|heartbeat| heartbeat.component == COMPONENT) {
                    return Ok(true);
                }
            }
            Some(Received::Gap { .. }) => {}
            None => return Ok(false),
        }
        if left.is_zero() {
            return Ok(false);
        }
    }
}
