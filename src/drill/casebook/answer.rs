//! What a case asks of a server: bytes sent to a port with its answer, and whether it listens. Judges nothing.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::entry::Act;
use crate::{
    clock::Stopwatch,
    drill::{Ended, Observation, Ran, Run},
};

/// How much of an answer is kept, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// How long a server may take to answer where an act says nothing else, seconds.
const ANSWER_SECONDS: f64 = 10.0;

/// Sends the text to a port of this machine; what comes back is the output of the run.
///
/// # Errors
/// When nobody listens.
pub(in crate::drill) fn send(act: &Act, text: &str, port: u16, ports: &BTreeMap<String, u16>) -> Result<Ran, String> {
    let watch = Stopwatch::start();
    let seconds = act.seconds.unwrap_or(ANSWER_SECONDS);
    let failed = |error: std::io::Error| format!("port {port} does not answer: {error}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
    let patience = Some(Duration::from_secs_f64(seconds));
    stream.set_read_timeout(patience).and_then(|()| stream.set_write_timeout(patience)).map_err(failed)?;
    // A server that refuses early may close before all is sent; what it said until then is its answer.
    let sent = stream.write_all(filled(text, ports).as_bytes());
    let mut answer = Vec::new();
    let read = (&stream).take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
    let refused: Vec<String> = [sent.err(), read.err()].into_iter().flatten().map(|error| error.to_string()).collect();
    let run = Run {
        name: act.title(),
        line: format!("send {} bytes to port {port}", text.len()),
        ended: Ended::Code(0),
        seconds: watch.seconds(),
        stdout: String::from_utf8_lossy(&answer).into_owned(),
        stderr: refused.join("\n"),
    };
    Ok(Ran { run, seen: Observation::default() })
}

/// Fills the ports' keys in braces: `{hud.port}`.
#[must_use]
pub(in crate::drill) fn filled(text: &str, ports: &BTreeMap<String, u16>) -> String {
    ports.iter().fold(text.to_owned(), |text, (key, port)| text.replace(&format!("{{{key}}}"), &port.to_string()))
}

/// Fills the ports' keys in every word.
#[must_use]
pub(in crate::drill) fn with_ports(words: Vec<String>, ports: &BTreeMap<String, u16>) -> Vec<String> {
    words.into_iter().map(|word| filled(&word, ports)).collect()
}

/// Says whether a command that runs beside others is ready: it said the words, or it listens at `port:KEY`.
#[must_use]
pub(in crate::drill) fn is_ready(words: &str, said: &str, ports: &BTreeMap<String, u16>) -> bool {
    match words.strip_prefix("port:") {
        Some(key) => ports.get(key).is_some_and(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()),
        None => said.contains(words),
    }
}
