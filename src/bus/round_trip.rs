//! The smoke test of the bus: one message over a loopback port and back.

use std::time::Duration;

use serde_json::json;

use super::{BusError, Frame, milliseconds};
use crate::clock::Stopwatch;

const TOPIC: &str = "smoke.round_trip";

/// Sends one message over ZeroMQ on a free loopback port and returns the seconds until it was back.
///
/// # Errors
/// When libzmq refuses a call, or the message is lost or changed.
pub fn round_trip(patience: Duration) -> Result<f64, BusError> {
    let watch = Stopwatch::start();
    let any_port = "tcp://127.0.0.1:*";
    let context = zmq::Context::new();
    let at = |step| BusError::at(step, any_port);

    let publisher = context.socket(zmq::XPUB).map_err(at("open a socket"))?;
    publisher.set_linger(0).map_err(at("set up the socket"))?;
    publisher.bind(any_port).map_err(at("bind"))?;
    let Ok(Ok(endpoint)) = publisher.get_last_endpoint() else {
        return Err(BusError::Malformed("libzmq names no endpoint after bind".into()));
    };
    let subscriber = context.socket(zmq::SUB).map_err(BusError::at("open a socket", &endpoint))?;
    for socket in [&publisher, &subscriber] {
        socket.set_rcvtimeo(milliseconds(patience)).map_err(BusError::at("set up the socket", &endpoint))?;
    }
    subscriber.connect(&endpoint).map_err(BusError::at("connect", &endpoint))?;
    subscriber.set_subscribe(TOPIC.as_bytes()).map_err(BusError::at("subscribe", &endpoint))?;

    let lost = |_: zmq::Error| BusError::Lost { endpoint: endpoint.clone(), seconds: patience.as_secs_f64() };
    // The subscription itself is the first message; once it is here, nothing sent can be missed.
    publisher.recv_bytes(0).map_err(lost)?;
    let sent = Frame::wrap(TOPIC, "SmokeEvent", &json!({ "hello": "LightHunter" }), "smoke", 1)?;
    publisher.send_multipart(sent.parts(), 0).map_err(BusError::at("send", &endpoint))?;
    let received = Frame::read(&subscriber.recv_multipart(0).map_err(lost)?)?;
    if received == sent {
        Ok(watch.seconds())
    } else {
        Err(BusError::Malformed("the message came back changed".into()))
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
