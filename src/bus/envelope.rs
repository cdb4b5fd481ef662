//! The fields that every message carries in front: `__event__`, `publisher`, `seq`, `v`, `snapshot`.
//!
//! Our own publishers write them first and in one spelling, so that a subscriber finds them by a scan;
//! any other spelling of a foreign publisher is read by a full parse.

use std::borrow::Cow;

use serde::Deserialize;

use super::{BusError, BusEvent, MESSAGE_BYTES_MAX};

/// The version of the wire format, `v` in every message.
pub const WIRE_VERSION: u64 = 1;

/// The end of the envelope.
const VERSION: &[u8] = b",\"v\":1";

/// What the forwarder writes in front of a message that it sends again.
const SNAPSHOT: &[u8] = b"{\"snapshot\":true,";

/// The envelope of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Envelope<'a> {
    /// The event's name.
    #[serde(rename = "__event__", borrow)]
    pub(super) event: Cow<'a, str>,
    /// Who sent it.
    #[serde(borrow)]
    pub(super) publisher: Cow<'a, str>,
    /// Its number, per publisher and topic from 1.
    pub(super) seq: u64,
    /// The wire version.
    v: u64,
    /// Sent again by the forwarder for a late joiner.
    #[serde(default)]
    pub(super) snapshot: bool,
}

/// Appends an event with its envelope to `buffer`; on failure the buffer is as it was.
pub(super) fn encode<E: BusEvent>(buffer: &mut Vec<u8>, event: &E, publisher: &str, seq: u64) -> Result<(), BusError> {
    let start = buffer.len();
    let written = write_event(buffer, event, publisher, seq);
    if written.is_err() {
        buffer.truncate(start);
    }
    written.map_err(|why| BusError::Unsendable { event: E::NAME, why })
}

fn write_event<E: BusEvent>(buffer: &mut Vec<u8>, event: &E, publisher: &str, seq: u64) -> Result<(), String> {
    let start = buffer.len();
    let head = [b"{\"__event__\":\"", E::NAME.as_bytes(), b"\",\"publisher\":\"", publisher.as_bytes(), b"\",\"seq\":"];
    for piece in head {
        buffer.extend_from_slice(piece);
    }
    serde_json::to_writer(&mut *buffer, &seq).map_err(|error| error.to_string())?;
    buffer.extend_from_slice(VERSION);
    let body = buffer.len();
    serde_json::to_writer(&mut *buffer, event).map_err(|error| error.to_string())?;
    match buffer.get(body..) {
        // The event's own opening brace becomes the comma after the envelope.
        Some([b'{', b'}']) => drop(buffer.drain(body..=body)),
        Some([b'{', ..]) => buffer.get_mut(body).into_iter().for_each(|brace| *brace = b','),
        _ => return Err("it is no JSON object".into()),
    }
    let bytes = buffer.len() - start;
    if bytes > MESSAGE_BYTES_MAX {
        return Err(format!("it has {bytes} bytes, at most {MESSAGE_BYTES_MAX} are allowed"));
    }
    Ok(())
}

/// Returns the message as the forwarder sends it to late joiners.
pub(super) fn marked_snapshot(payload: &[u8]) -> Vec<u8> {
    let object = payload.trim_ascii_start();
    let fields = object.strip_prefix(b"{").unwrap_or(object);
    [SNAPSHOT, fields].concat()
}

impl<'a> Envelope<'a> {
    /// Reads the envelope and checks the whole payload: UTF-8 and one JSON object of this version.
    ///
    /// A scan would be faster and would let anything pass behind the envelope. This parse builds no value
    /// and allocates nothing, so that what passes the forwarder is JSON whoever sent it.
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, BusError> {
        let text = std::str::from_utf8(payload).map_err(|_| BusError::Malformed("the payload is not UTF-8".into()))?;
        let envelope: Self =
            serde_json::from_str(text).map_err(|error| BusError::Malformed(format!("the payload: {error}")))?;
        if envelope.v != WIRE_VERSION {
            return Err(BusError::Malformed(format!("wire version {}, {WIRE_VERSION} is spoken here", envelope.v)));
        }
        Ok(envelope)
    }

    /// Finds the envelope that our own publishers write, without a look at the rest.
    pub(super) fn scan(payload: &'a [u8]) -> Option<Self> {
        let (snapshot, rest) = match payload.strip_prefix(SNAPSHOT) {
            Some(rest) => (true, rest),
            None => (false, payload.strip_prefix(b"{")?),
        };
        let (event, rest) = plain_text(rest.strip_prefix(b"\"__event__\":\"")?)?;
        let (publisher, rest) = plain_text(rest.strip_prefix(b",\"publisher\":\"")?)?;
        let (seq, rest) = number(rest.strip_prefix(b",\"seq\":")?)?;
        let (v, rest) = number(rest.strip_prefix(b",\"v\":")?)?;
        let whole = v == WIRE_VERSION && matches!(rest.first(), Some(b',' | b'}')) && rest.last() == Some(&b'}');
        whole.then_some(Self { event: event.into(), publisher: publisher.into(), seq, v, snapshot })
    }
}

/// Reads the number and checks the end of a message whose beginning, up to the number, is known.
pub(super) fn scan_rest(rest: &[u8]) -> Option<u64> {
    let (seq, rest) = number(rest)?;
    let rest = rest.strip_prefix(VERSION)?;
    (matches!(rest.first(), Some(b',' | b'}')) && rest.last() == Some(&b'}')).then_some(seq)
}

/// Returns the beginning of a message of our own spelling, up to the number.
pub(super) fn beginning(payload: &[u8]) -> Option<&[u8]> {
    const LAST: &[u8] = b",\"seq\":";
    let at = payload.windows(LAST.len()).position(|window| window == LAST)?;
    payload.get(..at + LAST.len()).filter(|head| head.starts_with(b"{\"__event__\":\""))
}

/// Returns a text up to its closing quote, if it has no escapes, and what follows.
fn plain_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (text, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(text).ok()?, rest.strip_prefix(b"\"")?))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::{BusEvent, Envelope, encode, marked_snapshot};

    #[derive(Serialize)]
    struct Planted {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    }

    impl BusEvent for Planted {
        const TOPIC: &'static str = "test.planted";
        const NAME: &'static str = "Planted";
    }

    fn encoded(text: Option<&str>) -> Vec<u8> {
        let mut buffer = Vec::new();
        encode(&mut buffer, &Planted { text: text.map(str::to_owned) }, "p-1", 7).expect("encoded");
        buffer
    }

    #[test]
    fn scan_and_parse_agree_on_our_own_messages() {
        for text in [None, Some("超\"限")] {
            for payload in [encoded(text), marked_snapshot(&encoded(text))] {
                let envelope = Envelope::scan(&payload).expect("our own spelling");
                assert_eq!(envelope, Envelope::parse(&payload).expect("JSON"));
                let value: Value = serde_json::from_slice(&payload).expect("JSON");
                assert_eq!(value["text"], json!(text));
                assert_eq!((value["seq"].as_u64(), value["v"].as_u64()), (Some(7), Some(1)));
            }
        }
    }

    #[test]
    fn foreign_spellings_are_parsed() {
        let payload = br#" {"seq": 3, "x": [1, {"y": null}], "v": 1, "publisher": "p\u00e4", "__event__": "E"}"#;
        assert_eq!(Envelope::scan(payload), None);
        let envelope = Envelope::parse(payload).expect("JSON");
        assert_eq!((&*envelope.publisher, envelope.seq, envelope.snapshot), ("pä", 3, false));
        let snapshot = marked_snapshot(payload);
        assert!(Envelope::parse(&snapshot).expect("JSON").snapshot);
    }

    #[test]
    fn malformed_payloads_are_refused() {
        let cases: [&[u8]; 10] = [
            b"",
            b"{",
            b"[]",
            b"\xff{}",
            br#"{"__event__":"E","publisher":"p","seq":1}"#,
            br#"{"__event__":"E","publisher":"p","seq":1,"v":2}"#,
            br#"{"__event__":"E","publisher":"p","seq":-1,"v":1}"#,
            br#"{"__event__":"E","publisher":"p","seq":1,"v":1,"x":}"#,
            br#"{"__event__":"E","publisher":"p","seq":1,"v":1} {}"#,
            br#"{"__event__":"E","publisher":"p","seq":1,"v":1,"seq":2}"#,
        ];
        for payload in cases {
            assert!(Envelope::parse(payload).is_err(), "{}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn an_event_that_is_too_large_leaves_no_trace() {
        let mut buffer = b"before".to_vec();
        let text = Some("x".repeat(super::MESSAGE_BYTES_MAX));
        assert!(encode(&mut buffer, &Planted { text }, "p", 1).is_err());
        assert_eq!(buffer, b"before");
    }
}
