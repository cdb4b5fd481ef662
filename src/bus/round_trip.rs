//! The smoke test of the bus: one message over a loopback port and back.

use std::time::Duration;

use super::{BusError, BusEvent as _, Endpoints, ErrorEvent, Forwarder, Received, subscriber::Subscriber};
use crate::clock::{Clock, Stopwatch};

/// Sends one event through a forwarder on free loopback ports and returns the seconds until it was back.
///
/// # Errors
/// When libzmq refuses a call, or the message is lost or changed.
pub fn round_trip(patience: Duration) -> Result<f64, BusError> {
    let any_port = "tcp://127.0.0.1:*";
    let forwarder = Forwarder::start(&Endpoints::new(any_port, any_port, any_port))?;
    let endpoint = &forwarder.endpoints().sub_endpoint;
    let lost = || BusError::Lost { endpoint: endpoint.clone(), seconds: patience.as_secs_f64() };
    let mut subscriber = Subscriber::connect(endpoint, &[ErrorEvent::TOPIC])?;
    let publisher = forwarder.publisher("smoke")?;
    if !publisher.wait_for_listener(ErrorEvent::TOPIC, patience) {
        return Err(lost());
    }
    let watch = Stopwatch::start();
    let sent = ErrorEvent {
        component: "smoke".into(),
        message: "Hello, LightHunter! 你好".into(),
        level: "info".into(),
        ts: Clock::system().now(),
    };
    publisher.publish(&sent)?;
    match subscriber.next(patience)? {
        Some(Received::Frame(frame)) if frame.decode::<ErrorEvent<'_>>()? == sent => Ok(watch.seconds()),
        Some(_) => Err(BusError::Malformed("the message came back changed".into())),
        None => Err(lost()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn message_comes_back() {
        assert!(super::round_trip(Duration::from_secs(5)).expect("came back") < 5.0);
    }
}
