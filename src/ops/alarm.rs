//! The alarm of an operation that failed: one ERROR line in the log and one event on the bus.
//!
//! The bus is a hint: nobody may be listening, and then the log and the metrics have it.

use std::time::Duration;

use super::{metrics::LEVEL_COUNTED, station::Station};
use crate::{
    bus::{BusEvent as _, ErrorEvent, Publisher},
    exit::Failure,
};

/// How long is waited for a listener of the bus.
const PATIENCE: Duration = Duration::from_millis(100);

/// Raises the alarm for a failure of `component` that ended an operation, which counts it itself.
pub(super) fn raise(station: &Station, component: &str, failure: &dyn Failure) {
    log(component, failure);
    if !station.settings().event_bus.enabled {
        return;
    }
    match announce(station, component, failure) {
        Ok(true) => {}
        Ok(false) => tracing::info!(component, "nobody listens on the event bus; the error is in log and metrics"),
        Err(error) => tracing::warn!(component, "the error event was not published: {error}"),
    }
}

/// Writes the ERROR line only, where the bus has the event already.
pub(super) fn log(component: &str, failure: &dyn Failure) {
    let exit = failure.exit();
    tracing::error!(component, class = exit.code(), meaning = exit.meaning(), "{failure}");
}

fn announce(station: &Station, component: &str, failure: &dyn Failure) -> Result<bool, crate::bus::BusError> {
    let publisher = Publisher::connect(&station.settings().event_bus.pub_endpoint, component)?;
    if !publisher.wait_for_listener(ErrorEvent::TOPIC, PATIENCE) {
        return Ok(false);
    }
    publisher.publish(&ErrorEvent {
        component: component.into(),
        message: failure.to_string().into(),
        level: LEVEL_COUNTED.into(),
        ts: station.clock.now(),
    })?;
    Ok(publisher.close(PATIENCE))
}
