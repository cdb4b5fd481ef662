//! The monitor's place on the bus: a subscriber to everything and a publisher whose heartbeat must come
//! back. A daemon hosts the forwarder if nobody does; a visitor only listens.

use std::time::Duration;

use crate::{
    bus::{Bus, BusError, Endpoints, Publisher, Received, Subscriber, SubscriberCounts},
    config::settings::EventBus,
};

use super::COMPONENT;

/// How long slow subscribers may take what waits for them when the monitor leaves.
const LEAVE_PATIENCE: Duration = Duration::from_millis(200);

/// A place on the bus.
pub(super) struct Seat {
    bus: Option<Bus>,
    publisher: Publisher,
    subscriber: Subscriber,
}

impl Seat {
    /// Hosts the forwarder or joins the one that is there.
    pub(super) fn join(settings: &EventBus) -> Result<Self, BusError> {
        let endpoints = Endpoints::new(&settings.pub_endpoint, &settings.sub_endpoint, &settings.monitor_endpoint);
        let bus = Bus::join(&endpoints)?;
        let subscriber = bus.subscriber(&[""])?;
        let publisher = bus.publisher(COMPONENT)?;
        Ok(Self { bus: Some(bus), publisher, subscriber })
    }

    /// Listens to a bus that another process hosts; this does not wait for it.
    pub(super) fn visit(settings: &EventBus) -> Result<Self, BusError> {
        let subscriber = Subscriber::connect(&settings.sub_endpoint, &[""])?;
        let publisher = Publisher::connect(&settings.pub_endpoint, COMPONENT)?;
        Ok(Self { bus: None, publisher, subscriber })
    }

    pub(super) fn is_host(&self) -> bool {
        self.bus.as_ref().is_some_and(Bus::is_host)
    }

    /// Returns the name of the monitor's publisher.
    pub(super) fn own(&self) -> &str {
        self.publisher.id()
    }

    pub(super) fn next(&mut self, patience: Duration) -> Result<Option<Received>, BusError> {
        self.subscriber.next(patience)
    }

    pub(super) fn counts(&self) -> SubscriberCounts {
        self.subscriber.counts()
    }

    /// Hosts the forwarder if its host has gone; says whether it now does and did not before.
    pub(super) fn take_over(&mut self) -> Result<bool, BusError> {
        let Some(bus) = &mut self.bus else { return Ok(false) };
        if !bus.take_over()? {
            return Ok(false);
        }
        // A publisher of a forwarder that has ended ends with it.
        self.publisher = bus.publisher(COMPONENT)?;
        Ok(true)
    }

    /// Says goodbye and gives the port back.
    pub(super) fn leave(self) {
        let Self { bus, publisher, subscriber } = self;
        drop(subscriber);
        let _ = publisher.close(LEAVE_PATIENCE);
        if let Some(bus) = bus {
            bus.close(LEAVE_PATIENCE);
        }
    }
}
