//! What is asked of a site, and what it answered. Knows no HTTP client.

use std::time::Duration;

use jiff::Timestamp;

/// One GET: always safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The site's id, one of the engine's.
    pub site: String,
    /// The path from the site's root, `/` first; ASCII, sent as it is.
    pub path: String,
    /// The query, percent-encoded by the engine, in this order.
    pub query: Vec<(String, String)>,
    /// The `Referer` header.
    pub referer: Option<String>,
    /// Whether an HTML page is an answer; else it is refused as a login or block page.
    pub accepts_pages: bool,
    /// The time for all of it: waits, attempts and their retries. The caller's, so exceeding it is
    /// [`Deadline`](super::NetError::Deadline) and not the site's failure.
    pub deadline: Option<Duration>,
}

impl Request {
    /// Asks `site` for `path`.
    #[must_use]
    pub fn new(site: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            site: site.into(),
            path: path.into(),
            query: Vec::new(),
            referer: None,
            accepts_pages: false,
            deadline: None,
        }
    }

    /// Adds a key and its value to the query.
    #[must_use]
    pub fn query(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((key.into(), value.into()));
        self
    }

    /// Names the page that the request pretends to come from; some sites answer 403 without.
    #[must_use]
    pub fn referer(mut self, url: impl Into<String>) -> Self {
        self.referer = Some(url.into());
        self
    }

    /// Takes an HTML page for an answer too.
    #[must_use]
    pub fn accepts_pages(mut self) -> Self {
        self.accepts_pages = true;
        self
    }

    /// Limits the time for waits, attempts and retries together.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }
}

/// A whole answer of status 200 to 299.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body, decompressed, as bytes: its character set is the caller's affair.
    pub body: Vec<u8>,
    /// The `Content-Type` header, as sent.
    pub content_type: Option<String>,
    /// The address that answered.
    pub url: String,
    /// Attempts made, the last one included; 1 means at the first.
    pub attempts: u32,
    /// When the body was whole.
    pub received_at: Timestamp,
    /// From the first wait to the whole body, milliseconds.
    pub elapsed_ms: u64,
}
