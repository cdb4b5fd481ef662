//! One connection: reads a request's head, answers it or breaks as planned, and closes.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};

use super::{Asked, Disturbance, Shared, answer, lock};
use crate::clock::pause;

/// Heads beyond this are no quote request.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// A caller that says nothing for so long is let go of.
const PATIENCE: Duration = Duration::from_secs(5);
const LOGIN_PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form>...</form></body></html>\n";

/// The head of a request.
#[derive(Debug, Default)]
struct Head {
    target: String,
    user_agent: String,
    referer: String,
    takes_gzip: bool,
}

/// An answer on its way.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

pub(super) fn serve(mut stream: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let Some((head, bytes)) = peek_head(&stream)? else {
        // As servers answer what is no HTTP, the begin of a TLS connection for one.
        let refusal = Reply { status: 400, headers: Vec::new(), body: Vec::new() };
        return stream.write_all(refusal.head().as_bytes());
    };
    let at_seconds = shared.since.seconds();
    let disturbance = lock(&shared.plan).next(&head.target, &head.user_agent);
    let reply = reply(&head, disturbance.as_ref(), shared);
    let status = reply.status;
    let Head { target, user_agent, referer, .. } = head;
    lock(&shared.log).push(Asked { at_seconds, target, user_agent, referer, status });
    let text = reply.head();
    if disturbance == Some(Disturbance::HalfThenReset) {
        // Closed with the request unread, the kernel sends a reset instead of an end.
        stream.write_all(text.as_bytes())?;
        let half = reply.body.len() / 2;
        stream.write_all(reply.body.get(..half).unwrap_or_default())?;
        // What was sent arrives before the reset.
        pause(Duration::from_millis(20));
        return Ok(());
    }
    stream.read_exact(&mut vec![0; bytes])?;
    stream.write_all(text.as_bytes())?;
    let Some(Disturbance::Drip(interval)) = disturbance else { return stream.write_all(&reply.body) };
    for byte in reply.body.chunks(1) {
        if shared.ended.load(Ordering::SeqCst) {
            break;
        }
        stream.write_all(byte)?;
        pause(interval);
    }
    Ok(())
}

/// Returns the head of a request and its length, without taking it off the connection.
fn peek_head(stream: &TcpStream) -> io::Result<Option<(Head, usize)>> {
    let mut buffer = vec![0; MAX_HEAD_BYTES];
    let mut seen = 0;
    for _ in 0..1000 {
        let length = stream.peek(&mut buffer)?;
        let text = buffer.get(..length).unwrap_or_default();
        if let Some(end) = text.windows(4).position(|end| end == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned();
            return Ok(Some((Head::read(&text), end + 4)));
        }
        if length == 0 || length == buffer.len() || !text.first().is_some_and(u8::is_ascii_uppercase) {
            return Ok(None);
        }
        // The rest of a head that came in two pieces; peek does not wait for it.
        if length == seen {
            pause(Duration::from_millis(1));
        }
        seen = length;
    }
    Ok(None)
}

impl Head {
    fn read(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let mut head = Self { target, ..Self::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "user-agent" => value.clone_into(&mut head.user_agent),
                "referer" => value.clone_into(&mut head.referer),
                "accept-encoding" => head.takes_gzip = value.contains("gzip"),
                _ => {}
            }
        }
        head
    }
}

fn reply(head: &Head, disturbance: Option<&Disturbance>, shared: &Shared) -> Reply {
    let bare = |status| Reply { status, headers: Vec::new(), body: Vec::new() };
    let moment = shared.moment(&head.target);
    match disturbance {
        Some(Disturbance::Status(status)) => bare(*status),
        Some(Disturbance::ForbidUserAgent(_)) => bare(403),
        Some(Disturbance::TooMany(after)) => {
            Reply { headers: after.iter().map(|after| ("Retry-After", after.clone())).collect(), ..bare(429) }
        }
        Some(Disturbance::Redirect(to)) => Reply { headers: vec![("Location", to.clone())], ..bare(302) },
        Some(Disturbance::LoginPage) => {
            let headers = vec![("Content-Type", "text/html; charset=utf-8".into())];
            Reply { headers, body: LOGIN_PAGE.into(), ..bare(200) }
        }
        Some(Disturbance::Body(text)) => {
            let headers = vec![("Content-Type", "application/json; charset=utf-8".into())];
            Reply { headers, body: text.as_bytes().to_vec(), ..bare(200) }
        }
        Some(Disturbance::GzipBomb(mebibytes)) => bomb(*mebibytes),
        other => {
            let table = Arc::clone(&lock(&shared.table));
            let asked = (head.target.as_str(), head.referer.as_str());
            let Some(answer) = answer::to(asked, (&table, moment), other) else { return bare(404) };
            let headers = vec![("Content-Type", answer.content_type.into())];
            zipped(Reply { status: answer.status, headers, body: answer.body }, head.takes_gzip)
        }
    }
}

/// Compresses what is large enough to be worth it, as the sites do.
fn zipped(mut reply: Reply, takes_gzip: bool) -> Reply {
    if takes_gzip && reply.body.len() > 1024 {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        if let Ok(body) = encoder.write_all(&reply.body).and_then(|()| encoder.finish()) {
            reply.body = body;
            reply.headers.push(("Content-Encoding", "gzip".into()));
        }
    }
    reply
}

fn bomb(mebibytes: u32) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..mebibytes {
        // A Vec takes every write.
        let _ = encoder.write_all(&zeros);
    }
    let headers = vec![("Content-Encoding", "gzip".into()), ("Content-Type", "application/json".into())];
    Reply { status: 200, headers, body: encoder.finish().unwrap_or_default() }
}

impl Reply {
    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        let length = ("Content-Length", self.body.len().to_string());
        for (name, value) in self.headers.iter().chain([&length, &("Connection", "close".to_owned())]) {
            head.extend([*name, ": ", value, "\r\n"]);
        }
        head + "\r\n"
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
