//! What can go wrong between the engine and a site.

use std::io;

use crate::exit::{Exit, Failure};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The options cannot be used.
    #[error("{place} of the request engine: {what}")]
    Invalid {
        /// The site or the option.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// No site has this id.
    #[error("no site is called {site}; there are: {known}")]
    UnknownSite {
        /// The id asked for.
        site: String,
        /// The ids there are.
        known: String,
    },
    /// The site is switched off.
    #[error("the site {site} is switched off (network.sites.{site}.enabled)")]
    Disabled {
        /// The site.
        site: String,
    },
    /// The breaker is open: nothing was sent.
    #[error("the site {site} is left alone for {seconds} s more, its circuit breaker is open: {reason}")]
    CircuitOpen {
        /// The site.
        site: String,
        /// Until the next trial, seconds, rounded up.
        seconds: u64,
        /// What opened it.
        reason: String,
    },
    /// The caller's deadline passed.
    #[error("the site {site} gave no answer within the {limit_ms} ms that the caller had, after {attempts} attempts")]
    Deadline {
        /// The site.
        site: String,
        /// The limit, milliseconds.
        limit_ms: u64,
        /// Attempts made.
        attempts: u32,
    },
    /// Attempts were made, and the last one failed.
    #[error("{site}: {url}: {fault}, after {attempts} attempt(s)")]
    Failed {
        /// The site.
        site: String,
        /// The address of the last attempt.
        url: String,
        /// Attempts made.
        attempts: u32,
        /// What the last one met.
        #[source]
        fault: Fault,
    },
}

/// What one attempt met.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The host's name has no address, or nobody who knows it could be asked.
    #[error("the name {host} cannot be resolved ({problem})")]
    Unresolved {
        /// The name.
        host: String,
        /// What the system says.
        problem: String,
    },
    /// The site's certificate or its TLS is not to be trusted: expired, of another name, or no TLS at all.
    #[error("no trusted TLS connection ({0})")]
    Tls(String),
    /// No connection, or one that ended before the answer's head.
    #[error("cannot be reached ({0})")]
    Unreachable(#[source] io::Error),
    /// The attempt's time limit passed.
    #[error("no whole answer within {0} s")]
    Timeout(f64),
    /// The answer broke off or is not what its headers say.
    #[error("the answer is broken ({0})")]
    Broken(String),
    /// A status that is neither an answer nor a ban.
    #[error("HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after_sec: Option<u64>,
    },
    /// 401, 403 or 429: the site refuses this client.
    #[error("HTTP status {status}: the site refuses us")]
    Banned {
        /// The status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after_sec: Option<u64>,
    },
    /// A page of HTML where data was asked for: a login or a block.
    #[error("a page of HTML where data was asked for (a login or block page)")]
    Page,
    /// A redirect that leaves the site, or too many of them.
    #[error("a redirect to {0}, which is not followed")]
    Redirect(String),
    /// A body beyond the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
}

impl Fault {
    /// Returns whether the site refused this client, as opposed to failing.
    #[must_use]
    pub fn is_ban(&self) -> bool {
        matches!(self, Self::Banned { .. } | Self::Page | Self::Redirect(_))
    }

    /// Returns whether the site takes us for someone without rights: asking again may lock the account.
    #[must_use]
    pub const fn is_of_credentials(&self) -> bool {
        matches!(self, Self::Banned { status: 401, .. })
    }

    /// Returns whether the site is to blame: any fault but a status 4xx that says the question is wrong.
    #[must_use]
    pub fn counts_against_site(&self) -> bool {
        !matches!(self, Self::Status { status: 400..=499, .. })
    }
}

impl NetError {
    /// Returns what the last attempt met, where one was made.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed { fault, .. } => Some(fault),
            _ => None,
        }
    }
}

impl Failure for NetError {
    fn exit(&self) -> Exit {
        match self {
            Self::Invalid { .. } | Self::UnknownSite { .. } | Self::Disabled { .. } => Exit::Config,
            Self::CircuitOpen { .. } | Self::Failed { .. } => Exit::Upstream,
            Self::Deadline { .. } => Exit::Limit,
        }
    }

    fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Invalid { .. } => "correct the network section of system_config.json".to_owned(),
            Self::UnknownSite { site, .. } => format!("add network.sites.{site} or name another site"),
            Self::Disabled { site } => format!("set network.sites.{site}.enabled to true or use another source"),
            Self::CircuitOpen { seconds, .. } => format!("wait {seconds} s, or see what changed in the config"),
            Self::Deadline { .. } => "give the request more time or ask for less at once".to_owned(),
            Self::Failed { site, fault, .. } => match fault {
                Fault::Banned { status: 401, .. } => format!(
                    "renew the credentials for network.sites.{site}, then run it again; until then it is not asked"
                ),
                Fault::Unresolved { .. } => {
                    format!("check the machine's name service and network.sites.{site}.base_urls, then run it again")
                }
                Fault::Tls(_) => format!(
                    "check the machine's clock, network.sites.{site}.base_urls and its proxy; certificates are never \
                     passed over"
                ),
                Fault::Banned { .. } | Fault::Page | Fault::Redirect(_) => format!(
                    "ask less often (network.sites.{site}.max_qps) or by another way (proxy, ua_pool), and see what \
                     changed in the config"
                ),
                Fault::Status { .. } => format!("check network.sites.{site}.base_urls and the symbol asked for"),
                Fault::TooLarge(_) => format!("check network.sites.{site}.base_urls, or ask for less at once"),
                Fault::Unreachable(_) | Fault::Timeout(_) | Fault::Broken(_) => {
                    format!("check the network and network.sites.{site}, then run it again")
                }
            },
        };
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, NetError};
    use crate::exit::{Exit, Failure};

    #[test]
    fn class_says_whose_limit_it_was() {
        let deadline = NetError::Deadline { site: "s".into(), limit_ms: 5, attempts: 1 };
        let failed = |fault| NetError::Failed { site: "s".into(), url: "http://s".into(), attempts: 2, fault };
        assert_eq!(deadline.exit(), Exit::Limit);
        for fault in [Fault::Timeout(8.0), Fault::Page, Fault::TooLarge(9), Fault::Broken(String::new())] {
            assert_eq!(failed(fault).exit(), Exit::Upstream);
        }
        assert_eq!(NetError::Disabled { site: "s".into() }.exit(), Exit::Config);
    }
}
