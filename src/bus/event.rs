//! What travels on the bus: two frames, a topic and a UTF-8 JSON object.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BusError;

/// The version of the wire format, `v` in every message.
pub const WIRE_VERSION: u32 = 1;

/// The topics of this version.
pub mod topic {
    /// An error of a component.
    pub const LOG_ERROR: &str = "log.error";
}

/// An error of a component, on topic `log.error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEvent {
    /// The component, such as `night_ops`.
    pub component: String,
    /// The error in words.
    pub message: String,
    /// `error`.
    pub level: String,
    /// When it happened.
    pub ts: Timestamp,
}

/// One message: a topic and a JSON object that carries its publisher and number.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The topic.
    pub topic: String,
    /// The JSON object.
    pub payload: Value,
}

impl Frame {
    /// Wraps an event; `seq` counts per publisher and topic from 1.
    ///
    /// # Errors
    /// When the event is not a JSON object.
    pub fn wrap<E: Serialize>(topic: &str, name: &str, event: &E, publisher: &str, seq: u64) -> Result<Self, BusError> {
        let malformed = |what: String| BusError::Malformed(what);
        let mut payload = serde_json::to_value(event).map_err(|error| malformed(error.to_string()))?;
        let object = payload.as_object_mut().ok_or_else(|| malformed(format!("{name} is not an object")))?;
        object.insert("__event__".into(), name.into());
        object.insert("publisher".into(), publisher.into());
        object.insert("seq".into(), seq.into());
        object.insert("v".into(), WIRE_VERSION.into());
        Ok(Self { topic: topic.into(), payload })
    }

    /// Reads a message from its two frames.
    ///
    /// # Errors
    /// When there are not two frames, or they are not UTF-8 and a JSON object of this version.
    pub fn read(parts: &[Vec<u8>]) -> Result<Self, BusError> {
        let malformed = |what: &str| BusError::Malformed(what.to_owned());
        let [topic, payload] = parts else { return Err(malformed("two frames are expected")) };
        let topic = std::str::from_utf8(topic).map_err(|_| malformed("the topic is not UTF-8"))?;
        let payload: Value = serde_json::from_slice(payload)
            .map_err(|error| BusError::Malformed(format!("the payload is not JSON: {error}")))?;
        match payload.get("v").and_then(Value::as_u64) {
            Some(version) if version == u64::from(WIRE_VERSION) => Ok(Self { topic: topic.to_owned(), payload }),
            _ => Err(malformed("the wire version is not 1")),
        }
    }

    /// Returns the two frames.
    #[must_use]
    pub fn parts(&self) -> [Vec<u8>; 2] {
        [self.topic.clone().into_bytes(), self.payload.to_string().into_bytes()]
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorEvent, Frame, topic};

    #[test]
    fn frame_reads_what_it_writes() {
        let event = ErrorEvent {
            component: "night_ops".into(),
            message: "路径不存在".into(),
            level: "error".into(),
            ts: jiff::Timestamp::UNIX_EPOCH,
        };
        let frame = Frame::wrap(topic::LOG_ERROR, "ErrorEvent", &event, "test", 3).expect("an object");
        assert_eq!(Frame::read(&frame.parts()).expect("ours"), frame);
        assert_eq!(frame.payload["seq"], 3);
    }

    #[test]
    fn foreign_frames_are_refused() {
        let cases: [&[&[u8]]; 5] = [&[], &[b"t"], &[b"t", b"{"], &[b"t", b"{\"v\":9}"], &[&[0xff], b"{\"v\":1}"]];
        for parts in cases {
            let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
            assert!(Frame::read(&parts).is_err(), "{parts:?}");
        }
    }
}
