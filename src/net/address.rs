//! Addresses as text: a site's base URL, a request's full URL, and where a redirect leads. No I/O.

use std::fmt::Write as _;

use super::request::Request;

/// Returns what is wrong with a base URL; nothing where it can be used.
pub(super) fn base_url_mistake(url: &str) -> Option<&'static str> {
    let Some(host) = host_of(url) else {
        return Some("not an address http://HOST[:PORT] or https://HOST[:PORT]");
    };
    if url.contains('@') {
        return Some("holds a user and password; secrets never belong in the config");
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
    (host.is_empty() || !url.bytes().all(plain)).then_some("holds a character that no base URL has")
}

/// Returns the host of an address, without its port.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if let Some(address) = authority.strip_prefix('[') {
        return address.split_once(']').map(|(address, _)| address);
    }
    Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
}

/// Returns the full address of a request.
pub(super) fn join(base: &str, request: &Request) -> String {
    let mut url = format!("{}{}", base.trim_end_matches('/'), request.path);
    for (number, (key, value)) in request.query.iter().enumerate() {
        url.push(if number == 0 && !request.path.contains('?') { '?' } else { '&' });
        encode(&mut url, key);
        url.push('=');
        encode(&mut url, value);
    }
    url
}

/// Returns an address as it may be shown: a query may hold what names the caller.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// Returns whether a request's path can be sent as it is.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Returns the address that `location` means on the page `url`; nothing where it is none of HTTP.
pub(super) fn follow(url: &str, location: &str) -> Option<String> {
    if host_of(location).is_some() {
        return Some(location.to_owned());
    }
    let (scheme, rest) = url.split_once("://")?;
    if let Some(authority) = location.strip_prefix("//") {
        return Some(format!("{scheme}://{authority}"));
    }
    let authority = rest.split(['/', '?']).next()?;
    if location.starts_with('/') {
        return Some(format!("{scheme}://{authority}{location}"));
    }
    if location.is_empty() || location.contains(':') {
        return None;
    }
    let page = rest.split('?').next().unwrap_or(rest);
    let folder = page.rsplit_once('/').map_or(page, |(folder, _)| folder);
    Some(format!("{scheme}://{folder}/{location}"))
}

/// Returns whether a redirect from `url` to `target` stays with the site: one of its hosts or below one of
/// its domains, and never from TLS to plain text.
pub(super) fn stays(url: &str, target: &str, hosts: &[String], domains: &[String]) -> bool {
    let Some(host) = host_of(target) else { return false };
    let below = |domain: &String| host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
    let known = hosts.iter().chain(domains).any(|own| own == host) || domains.iter().any(below);
    known && (target.starts_with("https://") || url.starts_with("http://"))
}

/// Appends `text` with all but RFC 3986's unreserved characters and the comma, which sites use in lists,
/// percent-encoded.
fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b',') {
            url.push(char::from(byte));
        } else {
            // A String takes every write.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{base_url_mistake, follow, host_of, join, stays};
    use crate::net::Request;

    #[test]
    fn query_is_encoded_and_lists_stay_readable() {
        let request = Request::new("s", "/api").query("secid", "1.600519").query("q", "a b&c=贵").query("f", "f1,f2");
        assert_eq!(join("http://h:81/", &request), "http://h:81/api?secid=1.600519&q=a%20b%26c%3D%E8%B4%B5&f=f1,f2");
    }

    #[test]
    fn base_urls_that_cannot_be_used_are_named() {
        for good in ["https://push2his.eastmoney.com", "http://127.0.0.1:8080/", "http://[::1]:80", "https://h/part"] {
            assert_eq!(base_url_mistake(good), None, "{good}");
        }
        for bad in ["ftp://h", "h", "", "http://", "http://u:p@h", "http://h/a b", "http://h/?a"] {
            assert!(base_url_mistake(bad).is_some(), "{bad}");
        }
        assert_eq!((host_of("http://[::1]:80/x"), host_of("https://a.b?x")), (Some("::1"), Some("a.b")));
    }

    #[test]
    fn redirects_are_resolved_like_a_browser_does() {
        let cases = [
            ("/b?c", Some("http://h:1/b?c")),
            ("b", Some("http://h:1/x/b")),
            ("//o/b", Some("http://o/b")),
            ("https://o/b", Some("https://o/b")),
            ("javascript:x", None),
            ("", None),
        ];
        for (location, expected) in cases {
            assert_eq!(follow("http://h:1/x/a?q=1", location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn a_redirect_stays_with_the_site_or_is_not_followed() {
        let (hosts, domains) = (vec!["q.site.cn".to_owned()], vec!["site.cn".to_owned()]);
        let cases = [
            ("http://q.site.cn", "http://q.site.cn/b", true),
            ("http://q.site.cn", "https://r.site.cn/b", true),
            ("https://q.site.cn", "http://q.site.cn/b", false),
            ("http://q.site.cn", "http://evilsite.cn/b", false),
            ("http://q.site.cn", "http://passport.other.cn/login", false),
        ];
        for (from, to, expected) in cases {
            assert_eq!(stays(from, to, &hosts, &domains), expected, "{from} -> {to}");
        }
    }
}
