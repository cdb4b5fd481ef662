//! Who may come: the address that the page listens at, the names under which it may be asked, and the
//! token that everyone needs who is not on this machine.

use std::{fmt, net::IpAddr, path::Path};

use axum::http::{HeaderMap, HeaderValue, Uri, header};

use super::HudError;
use crate::digest::Digest;

/// The variable that holds the token.
pub const TOKEN_VARIABLE: &str = "LIGHTHUNTER_HUD_TOKEN";
/// A shorter token can be guessed, characters.
const TOKEN_LENGTH_MIN: usize = 16;
/// The user's name in a browser's log-in window; the token is the password.
const USER: &str = "hud";

/// The address and the rules of who may ask.
#[derive(Clone)]
pub struct Access {
    host: String,
    port: u16,
    names: Vec<String>,
    /// The digests of the headers that open the door; none where only this machine can come.
    keys: Option<[Digest; 2]>,
}

/// Says nothing of the keys: what is printed ends up in logs.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = if self.keys.is_some() { "with a token" } else { "no token" };
        write!(f, "Access({}:{}, {:?}, {keys})", self.host, self.port, self.names)
    }
}

impl Access {
    /// Listens at an address; `names` are further names under which the page may be asked.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, names: Vec<String>) -> Self {
        Self { host: host.into(), port, names, keys: None }
    }

    /// Lets in only who has the token.
    ///
    /// # Errors
    /// When the token is too short, or has characters that no header takes.
    pub fn with_token(mut self, token: &str) -> Result<Self, HudError> {
        let token = token.trim();
        if token.len() < TOKEN_LENGTH_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HudError::WeakToken(TOKEN_LENGTH_MIN));
        }
        let basic = format!("Basic {}", base64(format!("{USER}:{token}").as_bytes()));
        self.keys = Some([Digest::of(format!("Bearer {token}")), Digest::of(basic)]);
        Ok(self)
    }

    /// Reads the token from a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read, others may read it, or the token is none.
    pub fn with_token_file(self, path: &Path) -> Result<Self, HudError> {
        use std::os::unix::fs::PermissionsExt as _;
        let failed = |source| HudError::TokenFile { path: path.into(), source };
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(HudError::OpenTokenFile(path.into()));
        }
        self.with_token(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// Returns the address to listen at.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port to listen at; 0 for any that is free.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Says whether only this machine can come.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Refuses a page that is open to others without a token.
    pub(super) fn check(&self) -> Result<(), HudError> {
        if self.is_loopback() || self.keys.is_some() { Ok(()) } else { Err(HudError::NoToken(self.host.clone())) }
    }

    /// Says whether a request names this page as its host: a browser that was led here under another name
    /// (DNS rebinding) does not.
    pub(super) fn names_us(&self, headers: &HeaderMap, uri: &Uri, port: u16) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let target = uri.authority().is_none_or(|authority| self.is_ours(authority.as_str(), port));
        target && host.to_str().is_ok_and(|host| self.is_ours(host, port))
    }

    fn is_ours(&self, host: &str, port: u16) -> bool {
        let own = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let names = ["127.0.0.1", "localhost", "[::1]", &own];
        let known = names.into_iter().chain(self.names.iter().map(String::as_str));
        let host = host.to_ascii_lowercase();
        known.map(str::to_ascii_lowercase).any(|name| host == format!("{name}:{port}") || (port == 80 && host == name))
    }

    /// Says whether a request has the token, where one is needed. Digests are compared, so that the time
    /// it takes tells nothing of the token.
    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some(keys) = &self.keys else { return true };
        let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).map(Digest::of);
        given.is_some_and(|given| keys.contains(&given))
    }
}

/// Writes bytes in base 64, as the header of a log-in window has them.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for sign in 0..4 {
            let at = (bits >> (18 - 6 * sign)) as usize & 63;
            text.push(if sign <= group.len() { SIGNS.get(at).map_or('=', |sign| char::from(*sign)) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Uri, header};

    use super::{Access, base64};

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    #[test]
    fn only_the_page_s_own_names_are_its_host() {
        let access = Access::new("192.168.1.5", 8000, vec!["Quant.example".into()]);
        let uri = Uri::from_static("/");
        for (host, ours) in [
            ("127.0.0.1:8000", true),
            ("LOCALHOST:8000", true),
            ("[::1]:8000", true),
            ("192.168.1.5:8000", true),
            ("quant.example:8000", true),
            ("quant.example.evil.example:8000", false),
            ("127.0.0.1", false),
            ("127.0.0.1:8001", false),
            ("evil.example:8000", false),
            ("", false),
        ] {
            assert_eq!(access.names_us(&headers(&header::HOST, &[host]), &uri, 8000), ours, "{host}");
        }
        assert!(!access.names_us(&HeaderMap::new(), &uri, 8000), "no host");
        let two = headers(&header::HOST, &["127.0.0.1:8000", "evil.example:8000"]);
        assert!(!access.names_us(&two, &uri, 8000), "two hosts");
        let target = Uri::from_static("http://evil.example/");
        assert!(!access.names_us(&headers(&header::HOST, &["127.0.0.1:8000"]), &target, 8000), "another target");
    }

    #[test]
    fn a_page_that_is_open_to_others_needs_a_token() {
        for host in ["0.0.0.0", "192.168.1.5", "::"] {
            assert!(Access::new(host, 0, Vec::new()).check().is_err(), "{host}");
            let access = Access::new(host, 0, Vec::new()).with_token("0123456789abcdef").expect("long enough");
            assert!(access.check().is_ok(), "{host}");
            assert!(!format!("{access:?}").contains("0123456789abcdef"));
        }
        for host in ["127.0.0.1", "::1", "localhost"] {
            assert!(Access::new(host, 0, Vec::new()).check().is_ok(), "{host}");
        }
        assert!(Access::new("0.0.0.0", 0, Vec::new()).with_token("short").is_err());
    }

    #[test]
    fn the_token_opens_as_bearer_and_as_a_browser_s_password() {
        let access = Access::new("0.0.0.0", 0, Vec::new()).with_token("0123456789abcdef").expect("long enough");
        for (given, opens) in [
            ("Bearer 0123456789abcdef", true),
            ("Basic aHVkOjAxMjM0NTY3ODlhYmNkZWY=", true),
            ("Bearer 0123456789abcdeF", false),
            ("Basic aHVkOg==", false),
            ("", false),
        ] {
            assert_eq!(access.lets_in(&headers(&header::AUTHORIZATION, &[given])), opens, "{given}");
        }
        assert!(!access.lets_in(&HeaderMap::new()));
    }

    #[test]
    fn base_64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        for (text, written) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), written);
        }
    }
}
