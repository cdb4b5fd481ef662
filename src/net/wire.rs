//! One attempt over the network: the only file that names the HTTP client. Never retries, never follows a
//! redirect, never reads a proxy from the environment.

use std::{io, time::Duration};

use ureq::{Agent, Body, Proxy, http};

use super::{address, error::Fault};

/// How the standard library begins what it says of a name that was not resolved.
const LOOKUP_FAILED: &str = "failed to lookup address information: ";

/// Connections to one site by one way: direct or through one proxy.
#[derive(Debug)]
pub(super) struct Wire(Agent);

/// One attempt.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) url: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) referer: Option<&'a str>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) max_body_bytes: u64,
}

/// What came back; the body is read of a status 200 to 299 only.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<String>,
}

impl Wire {
    /// Goes through `proxy` (`http://`, `socks5://`, `socks5h://`), or straight where there is none.
    pub(super) fn new(proxy: Option<&str>) -> Result<Self, String> {
        let proxy = proxy.map(Proxy::new).transpose().map_err(|error| error.to_string())?;
        let config = Agent::config_builder()
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Ok(Self(config.new_agent()))
    }

    pub(super) fn attempt(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        let fault = |error| fault_of(error, ask);
        let mut request = self.0.get(ask.url).header(http::header::USER_AGENT, ask.user_agent);
        if let Some(referer) = ask.referer {
            request = request.header(http::header::REFERER, referer);
        }
        let request = request
            .config()
            .timeout_connect(Some(ask.connect_timeout.min(ask.timeout)))
            .timeout_global(Some(ask.timeout))
            .build();
        let (head, body) = request.call().map_err(fault)?.into_parts();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = if head.status.is_success() { read(body, ask)? } else { Vec::new() };
        Ok(Answer {
            status: head.status.as_u16(),
            body,
            content_type: header(http::header::CONTENT_TYPE),
            location: header(http::header::LOCATION),
            retry_after: header(http::header::RETRY_AFTER),
        })
    }
}

/// The limit counts decompressed bytes, so a small body that unfolds into a huge one stops there.
fn read(body: Body, ask: &Ask<'_>) -> Result<Vec<u8>, Fault> {
    let read = body.into_with_config().limit(ask.max_body_bytes).read_to_vec();
    // Once the head is there, the site was reached: what ends now ends in the middle.
    read.map_err(|error| match fault_of(error, ask) {
        Fault::Unreachable(error) => Fault::Broken(error.to_string()),
        Fault::Tls(problem) => Fault::Broken(problem),
        fault => fault,
    })
}

fn fault_of(error: ureq::Error, ask: &Ask<'_>) -> Fault {
    match error {
        ureq::Error::Timeout(_) => Fault::Timeout(ask.timeout.as_secs_f64()),
        ureq::Error::BodyExceedsLimit(limit) => Fault::TooLarge(limit),
        ureq::Error::HostNotFound => unresolved(ask, "it has no address"),
        ureq::Error::Tls(problem) => Fault::Tls(problem.to_owned()),
        ureq::Error::Rustls(error) => Fault::Tls(error.to_string()),
        ureq::Error::Io(error) => of_io(error, ask),
        error @ (ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_)) => {
            Fault::Unreachable(std::io::Error::other(error))
        }
        error => Fault::Broken(error.to_string()),
    }
}

/// The standard library tells a failed look-up by its words only, and the TLS library hands its errors over as data
/// that are not valid.
fn of_io(error: io::Error, ask: &Ask<'_>) -> Fault {
    let words = error.to_string();
    if let Some(problem) = words.strip_prefix(LOOKUP_FAILED) {
        return unresolved(ask, problem);
    }
    if error.kind() == io::ErrorKind::InvalidData && ask.url.starts_with("https://") {
        return Fault::Tls(words);
    }
    Fault::Unreachable(error)
}

fn unresolved(ask: &Ask<'_>, problem: &str) -> Fault {
    Fault::Unresolved { host: address::host_of(ask.url).unwrap_or(ask.url).to_owned(), problem: problem.to_owned() }
}
