//! `network.proxies`, and which of them a site or a host goes through. A proxy that is named and not there is a
//! mistake: requests that should go through one never go out directly.

use std::collections::BTreeMap;

use super::Section;

const SCHEMES: [&str; 4] = ["http://", "https://", "socks5://", "socks5h://"];
const TYPES: [(&str, Kind); 4] =
    [("direct", Kind::Direct), ("http", Kind::Address), ("https", Kind::Address), ("socks5", Kind::Address)];

/// Whether sites go through proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// None does.
    Disabled,
    /// All do, through the default.
    Global,
    /// Those do that name one.
    PerSite,
}

/// What a proxy of the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Direct,
    Address,
}

/// The proxies by name.
#[derive(Debug)]
pub(super) struct Proxies {
    mode: Mode,
    named: BTreeMap<String, Vec<String>>,
    default: Vec<String>,
}

impl Proxies {
    pub(super) fn read(s: &mut Section<'_>) -> Self {
        let modes = [("disabled", Mode::Disabled), ("global", Mode::Global), ("per_site", Mode::PerSite)];
        let mode = s.choice("mode", &modes, Mode::Disabled);
        let pool = s.objects("pool", read_one);
        let all = pool.iter().flat_map(|(_, addresses)| addresses.clone()).collect();
        let mut named: BTreeMap<String, Vec<String>> = pool.into_iter().collect();
        named.extend([("direct".to_owned(), Vec::new()), ("pool".to_owned(), all)]);
        if let Some(address) = s.section("v2rayn", read_v2rayn) {
            named.insert("v2rayn".into(), vec![address]);
        }
        let url = s.optional("url", |s, key| address(s, key).map_or_else(Vec::new, |url| vec![url]));
        let chosen = s.optional("default", Section::text);
        let default = match (&chosen, &url) {
            (Some(_), Some(_)) => {
                s.disagreement(["url", "default"], "url and default both say which proxy is the default");
                None
            }
            (Some(id), None) => known(&named, s, "default", id),
            (None, url) => url.clone(),
        };
        if mode == Mode::Global && default.is_none() && chosen.is_none() {
            s.disagreement(["url", "mode"], "mode is global, but url is not given");
        }
        let default = default.unwrap_or_default();
        named.insert("default".into(), default.clone());
        Self { mode, named, default }
    }

    /// Returns the proxies of a site that names none.
    pub(super) fn of_all(&self) -> &[String] {
        if self.mode == Mode::Global { &self.default } else { &[] }
    }

    /// Reads which proxies a site goes through, and whether a ban moves on to the next.
    pub(super) fn of_site(&self, s: &mut Section<'_>) -> (Vec<String>, bool) {
        let own = s.optional("proxy", |s, key| {
            let id = s.text(key);
            self.resolved(s, key, &id)
        });
        let policy = s.optional("proxy_policy", |s, key| s.section(key, |s| self.policy(s)));
        match (own, policy) {
            (Some(_), Some(_)) => {
                s.disagreement(["proxy", "proxy_policy"], "proxy and proxy_policy both say which proxy is used");
                (Vec::new(), false)
            }
            (Some(own), None) => (own, false),
            (None, Some(policy)) => policy,
            (None, None) => (self.of_all().to_vec(), false),
        }
    }

    /// Reads `routes`: host to proxy.
    pub(super) fn routes(&self, s: &mut Section<'_>) -> BTreeMap<String, Vec<String>> {
        let hosts: Vec<String> = s.own_entries().iter().map(|entry| entry.key.clone()).collect();
        let one = |host: String| {
            let id = s.text(&host);
            let addresses = self.resolved(s, &host, &id);
            (host, addresses)
        };
        hosts.into_iter().map(one).collect()
    }

    fn policy(&self, s: &mut Section<'_>) -> (Vec<String>, bool) {
        let words = [("direct", "direct"), ("default", "default"), ("pool", "pool")];
        let mode = s.choice("mode", &words, "direct");
        let ids = s.optional("pool_ids", Section::texts);
        let rotate = s.optional("rotate_on_ban", Section::flag).unwrap_or(false);
        let addresses = match ids {
            Some(ids) if mode == "pool" => ids.iter().flat_map(|id| self.resolved(s, "pool_ids", id)).collect(),
            _ => self.resolved(s, "mode", mode),
        };
        (addresses, rotate)
    }

    fn resolved(&self, s: &mut Section<'_>, key: &str, id: &str) -> Vec<String> {
        let addresses = known(&self.named, s, key, id).unwrap_or_default();
        if self.mode == Mode::Disabled && !addresses.is_empty() {
            s.mistake(key, format!("names the proxy {id}, but network.proxies.mode is disabled"));
        }
        addresses
    }
}

fn known(named: &BTreeMap<String, Vec<String>>, s: &mut Section<'_>, key: &str, id: &str) -> Option<Vec<String>> {
    let found = named.get(id).cloned();
    if found.is_none() && !id.is_empty() {
        let names: Vec<&str> = named.keys().map(String::as_str).collect();
        s.mistake(key, format!("{id} is not in network.proxies, allowed: {}", names.join(", ")));
    }
    found
}

/// Reads one of the pool: `{id, type, endpoint}`, or `{name, type, http, https}` as the original's file has it.
fn read_one(s: &mut Section<'_>) -> (String, Vec<String>) {
    let id = if s.has("id") { s.text("id") } else { s.text("name") };
    let kind = s.optional("type", |s, key| s.choice(key, &TYPES, Kind::Address)).unwrap_or(Kind::Address);
    for key in ["weight", "max_qps"] {
        if s.has(key) {
            s.warning(key, "has no effect here: a site goes through one proxy at a time, at the site's rate");
        }
    }
    let addresses = ["endpoint", "http", "https"].map(|key| s.optional(key, address).flatten());
    let found = addresses.into_iter().flatten().next();
    if kind == Kind::Address && found.is_none() {
        s.mistake("endpoint", "is missing, allowed: an address http://HOST:PORT or socks5://HOST:PORT");
    }
    (id, found.filter(|_| kind == Kind::Address).into_iter().collect())
}

/// V2rayN offers an HTTP and a SOCKS5 port; the latter lets it resolve names too, so it comes first.
fn read_v2rayn(s: &mut Section<'_>) -> Option<String> {
    let enabled = s.flag("enabled");
    let socks = s.optional("socks_proxy", address).flatten();
    let http = s.optional("http_proxy", address).flatten();
    let found = socks.or(http);
    if enabled && found.is_none() {
        s.mistake("enabled", "is true, but neither socks_proxy nor http_proxy is given");
    }
    found.filter(|_| enabled)
}

/// A proxy's address may hold a password by mistake, so no message repeats it.
fn address(s: &mut Section<'_>, key: &str) -> Option<String> {
    let url = s.text(key);
    let host = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    match host {
        Some(host) if host.contains('@') => {
            s.mistake(key, "holds a user and password; secrets never belong in the config");
            None
        }
        Some(host) if !host.is_empty() => Some(url),
        _ if url.is_empty() => None,
        _ => {
            s.mistake(key, "not allowed, allowed: a URL http://HOST:PORT, https:// or socks5://");
            None
        }
    }
}
