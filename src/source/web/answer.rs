//! Reading bodies: text in UTF-8 or GBK, JSON, JSONP, numbers. Every failure says what was expected.

use encoding_rs::GBK;
use serde_json::Value;

use super::{DataKind, Site, WebError};

/// So much of a body is shown.
const SHOWN_CHARS: usize = 60;

/// A body and what it answers.
pub(super) struct Answer<'a> {
    pub(super) site: Site,
    pub(super) kind: DataKind,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    pub(super) const fn new(site: Site, kind: DataKind, body: &'a [u8]) -> Self {
        Self { site, kind, body }
    }

    pub(super) fn wrong(&self, problem: impl Into<String>) -> WebError {
        let text = String::from_utf8_lossy(self.body.get(..4 * SHOWN_CHARS).unwrap_or(self.body));
        let begins = plain(&text).take(SHOWN_CHARS).collect();
        // The problem may quote a piece of the body as well.
        let problem = plain(&problem.into()).collect();
        WebError::NotTheShape { site: self.site, kind: self.kind, problem, begins }
    }

    /// Returns the body as text in GBK, of which ASCII is a part.
    pub(super) fn gbk(&self) -> Result<String, WebError> {
        let (text, _, broken) = GBK.decode(self.body);
        if broken { Err(self.wrong("it is not GBK")) } else { Ok(text.into_owned()) }
    }

    pub(super) fn utf8(&self) -> Result<&'a str, WebError> {
        std::str::from_utf8(self.body).map_err(|error| self.wrong(format!("it is not UTF-8: {error}")))
    }

    pub(super) fn json(&self) -> Result<Value, WebError> {
        self.json_of(self.utf8()?)
    }

    pub(super) fn json_of(&self, text: &str) -> Result<Value, WebError> {
        serde_json::from_str(text).map_err(|error| self.wrong(format!("it is not JSON: {error}")))
    }

    /// Returns the argument of `name(...)`, and nothing else.
    pub(super) fn jsonp(&self, name: &str) -> Result<Value, WebError> {
        let text = self.utf8()?.trim();
        let inner = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('('));
        let inner = inner.and_then(|rest| rest.trim_end_matches(';').strip_suffix(')'));
        self.json_of(inner.ok_or_else(|| self.wrong(format!("it is not {name}(...)")))?)
    }
}

/// Returns a number that is neither infinite nor missing.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("'{}' is not a number", shown(text)))?;
    if value.is_finite() { Ok(value) } else { Err(format!("'{}' is not finite", shown(text))) }
}

/// Returns a volume in shares, of a number of lots or shares.
pub(super) fn shares(text: &str, shares_per_unit: f64) -> Result<i64, String> {
    let value = number(text)? * shares_per_unit;
    if (0.0..9e15).contains(&value) { Ok(value.round() as i64) } else { Err(format!("volume {value} is impossible")) }
}

/// Returns a text cut to what a message shows.
pub(super) fn shown(text: &str) -> String {
    plain(text).take(120).collect()
}

/// A site's words go into logs and reports: they must not begin a line there, nor speak to the terminal.
fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter })
}
