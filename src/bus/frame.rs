//! One received message: its envelope is known, its event is decoded when asked for.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::{BusError, MESSAGE_BYTES_MAX, envelope::Envelope, socket::Parts};

/// One message that was received and is one of ours.
#[derive(Debug)]
pub struct Frame {
    topic: zmq::Message,
    payload: zmq::Message,
}

/// Why a message is none of ours.
#[derive(Debug)]
pub(super) enum Refused {
    Malformed(BusError),
    Oversized,
}

/// Checks two frames as they came; `trusted` skips what the forwarder has checked already.
pub(super) fn check(parts: &Parts, trusted: bool) -> Result<(&str, Envelope<'_>), Refused> {
    let malformed = |what: &str| Refused::Malformed(BusError::Malformed(what.into()));
    if parts.topic.len() > MESSAGE_BYTES_MAX || parts.payload.len() > MESSAGE_BYTES_MAX {
        return Err(Refused::Oversized);
    }
    if parts.count != 2 {
        return Err(malformed("two frames are expected"));
    }
    let topic = parts.topic.as_str().filter(|topic| !topic.is_empty());
    let topic = topic.ok_or_else(|| malformed("the topic is no text"))?;
    let scanned = if trusted { Envelope::scan(&parts.payload) } else { None };
    let envelope = scanned.map_or_else(|| Envelope::parse(&parts.payload).map_err(Refused::Malformed), Ok)?;
    if envelope.seq == 0 || envelope.publisher.is_empty() {
        return Err(malformed("seq counts from 1 and a publisher has a name"));
    }
    Ok((topic, envelope))
}

impl Frame {
    /// Wraps two frames that were checked.
    pub(super) fn of(parts: Parts) -> Self {
        Self { topic: parts.topic, payload: parts.payload }
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.topic.as_str().unwrap_or_default()
    }

    /// Returns the event's name.
    #[must_use]
    pub fn event(&self) -> Cow<'_, str> {
        self.envelope().map_or(Cow::Borrowed(""), |envelope| envelope.event)
    }

    /// Returns who sent it: the component, its process and its start.
    #[must_use]
    pub fn publisher(&self) -> Cow<'_, str> {
        self.envelope().map_or(Cow::Borrowed(""), |envelope| envelope.publisher)
    }

    /// Returns its number, per publisher and topic from 1.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.envelope().map_or(0, |envelope| envelope.seq)
    }

    /// Says whether the forwarder sent it again for a late joiner.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.envelope().is_some_and(|envelope| envelope.snapshot)
    }

    /// Returns the JSON text as it came.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Decodes the event; the envelope's fields are passed over.
    ///
    /// # Errors
    /// When the payload is no such event.
    pub fn decode<E: DeserializeOwned>(&self) -> Result<E, BusError> {
        serde_json::from_slice(&self.payload)
            .map_err(|error| BusError::Malformed(format!("on {}: {error}", self.topic())))
    }

    fn envelope(&self) -> Option<Envelope<'_>> {
        Envelope::scan(&self.payload).or_else(|| Envelope::parse(&self.payload).ok())
    }
}
