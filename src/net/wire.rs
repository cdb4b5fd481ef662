//! One attempt over the network: the only file that names the HTTP client. Never retries, never follows a
//! redirect, never reads a proxy from the environment.

use std::time::Duration;

use ureq::{Agent, Body, Proxy, http};

use super::error::Fault;

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
        fault => fault,
    })
}

fn fault_of(error: ureq::Error, ask: &Ask<'_>) -> Fault {
    match error {
        ureq::Error::Timeout(_) => Fault::Timeout(ask.timeout.as_secs_f64()),
        ureq::Error::BodyExceedsLimit(limit) => Fault::TooLarge(limit),
        ureq::Error::Io(error) => Fault::Unreachable(error),
        error @ (ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)) => Fault::Unreachable(std::io::Error::other(error)),
        error => Fault::Broken(error.to_string()),
    }
}
