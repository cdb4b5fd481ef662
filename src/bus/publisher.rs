//! A publisher that knows whether anybody listens.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{BusError, Frame, LINGER, milliseconds};

/// Publishes events to the forwarder at one endpoint.
///
/// Uses an XPUB socket, because only that one is told of subscriptions: a plain PUB drops what it
/// sends before the first subscription has arrived and says nothing.
pub struct Publisher {
    socket: zmq::Socket,
    endpoint: String,
    name: String,
    sequence: BTreeMap<String, u64>,
}

impl Publisher {
    /// Connects to the forwarder; this does not wait for it.
    ///
    /// # Errors
    /// When the endpoint is malformed or libzmq is out of resources.
    pub fn connect(endpoint: &str, name: &str) -> Result<Self, BusError> {
        let context = zmq::Context::new();
        let socket = context.socket(zmq::XPUB).map_err(BusError::at("open a socket", endpoint))?;
        socket.set_linger(milliseconds(LINGER)).map_err(BusError::at("set up the socket", endpoint))?;
        socket.connect(endpoint).map_err(BusError::at("connect", endpoint))?;
        Ok(Self { socket, endpoint: endpoint.into(), name: name.into(), sequence: BTreeMap::new() })
    }

    /// Waits until somebody subscribes, at most `patience`; says whether somebody did.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn wait_for_listener(&self, patience: Duration) -> Result<bool, BusError> {
        let ready = self.socket.poll(zmq::POLLIN, i64::from(milliseconds(patience)));
        ready.map(|events| events > 0).map_err(BusError::at("poll", &self.endpoint))
    }

    /// Publishes one event.
    ///
    /// # Errors
    /// When the event is not a JSON object or the socket fails.
    pub fn publish<E: Serialize>(&mut self, topic: &str, name: &str, event: &E) -> Result<(), BusError> {
        let seq = self.sequence.entry(topic.into()).or_insert(0);
        *seq += 1;
        let frame = Frame::wrap(topic, name, event, &self.name, *seq)?;
        self.socket.send_multipart(frame.parts(), 0).map_err(BusError::at("send", &self.endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::Publisher;
    use std::time::Duration;

    #[test]
    fn nobody_listens_on_a_free_port() {
        let publisher = Publisher::connect("tcp://127.0.0.1:1", "test").expect("connected lazily");
        assert!(!publisher.wait_for_listener(Duration::from_millis(20)).expect("polled"));
    }

    #[test]
    fn malformed_endpoint_is_an_error() {
        let error = Publisher::connect("nonsense", "test").err().expect("refused");
        assert!(error.to_string().contains("nonsense"), "{error}");
    }
}
