//! The public quote sites: what a site is asked, and its answer as rows in our units. Pure: no request is made
//! here and no file is touched; the collectors put an [`Ask`] on the wire and hand the bytes back.
//!
//! Units: prices raw CNY, volumes shares (sites count lots of 100), amounts CNY. Rows whose prices are adjusted
//! are refused, because the sites adjust by subtraction, which no ratio takes back.

mod answer;
mod eastmoney;
mod error;
#[cfg(test)]
mod fuzz_tests;
mod rows;
#[cfg(test)]
mod sample;
mod series;
mod sina;
mod tencent;
#[cfg(test)]
mod tests;
mod tonghuashun;

use std::{fmt, sync::Arc};

use jiff::civil::Date;

pub use error::WebError;
pub use rows::{Page, Profile, Quote, RejectedRow, Rows};

use crate::market::{Exchange, Interval, Symbol};

/// A public quote site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// Eastmoney: daily, index and minute bars, snapshots, basic info.
    Eastmoney,
    /// Tencent: daily and index bars, snapshots.
    Tencent,
    /// Sina: snapshots.
    Sina,
    /// 10jqka: daily bars.
    Tonghuashun,
}

impl Site {
    /// All sites.
    pub const ALL: [Self; 4] = [Self::Eastmoney, Self::Tencent, Self::Sina, Self::Tonghuashun];

    /// Returns the name, as the config has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eastmoney => "eastmoney",
            Self::Tencent => "tencent",
            Self::Sina => "sina",
            Self::Tonghuashun => "tonghuashun",
        }
    }

    /// Returns the site of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|site| site.name() == name)
    }

    /// Returns the most symbols that one request asks for; none where the site does not deliver the kind.
    #[must_use]
    pub const fn symbols_max(self, kind: DataKind) -> Option<usize> {
        match (self, kind) {
            (Self::Eastmoney, _)
            | (Self::Tencent, DataKind::Daily | DataKind::Index)
            | (Self::Tonghuashun, DataKind::Daily) => Some(1),
            (Self::Tencent | Self::Sina, DataKind::Snapshot) => Some(60),
            _ => None,
        }
    }

    /// Says whether the site delivers a symbol at all.
    #[must_use]
    pub fn delivers(self, symbol: Symbol) -> bool {
        // Its names begin with hs, Shanghai and Shenzhen.
        self != Self::Tonghuashun || symbol.exchange() != Exchange::Bj
    }

    /// Returns how many sessions the site reaches back, the newest counted; none where that is not known.
    #[must_use]
    pub const fn reach_sessions(self, kind: DataKind) -> Option<i64> {
        match (self, kind) {
            (Self::Tonghuashun, _) => Some(tonghuashun::SESSIONS),
            (Self::Eastmoney, DataKind::Minute(Interval::M1)) => Some(1),
            _ => None,
        }
    }

    /// Returns the most sessions that one answer reaches over; none where there is no such limit.
    #[must_use]
    pub const fn sessions_max(self) -> Option<usize> {
        match self {
            Self::Tencent => Some(tencent::SESSIONS_MAX),
            _ => None,
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a site can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataKind {
    /// Daily bars of stocks.
    Daily,
    /// Daily bars of indices.
    Index,
    /// Intraday bars of one length.
    Minute(Interval),
    /// The quotes of this moment.
    Snapshot,
    /// Name, listing date and special treatment.
    Basic,
}

impl DataKind {
    /// Returns the name; minute bars carry their length.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Index => "index",
            Self::Minute(Interval::M1) => "minute_1m",
            Self::Minute(Interval::M5) => "minute_5m",
            Self::Minute(Interval::M15) => "minute_15m",
            Self::Minute(Interval::M60) => "minute_60m",
            Self::Snapshot => "snapshot",
            Self::Basic => "basic",
        }
    }
}

impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a site is asked to adjust prices for corporate actions. Only raw prices are ever taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// As traded (`fqt=0`).
    Raw,
    /// Backwards from today, by subtraction (`fqt=1`).
    Forward,
    /// Forwards from the listing (`fqt=2`).
    Backward,
}

/// What is wanted of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The kind of rows.
    pub kind: DataKind,
    /// The symbols, at most [`Site::symbols_max`].
    pub symbols: Vec<Symbol>,
    /// The first date.
    pub first: Date,
    /// The last date.
    pub last: Date,
    /// How prices are to be adjusted.
    pub adjustment: Adjustment,
}

/// A request as the site understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The site.
    pub site: Site,
    /// Scheme and host of the site's own server, without a slash at the end; the config may name another.
    pub base_url: &'static str,
    /// The path, with its leading slash.
    pub path: String,
    /// The query, unescaped, in order.
    pub query: Vec<(String, String)>,
    /// The page that the request pretends to come from, where the site insists.
    pub referer: Option<&'static str>,
}

/// Returns what to ask a site.
///
/// # Errors
/// `AdjustedAsked` for anything but raw prices; `NotOffered` where the site does not deliver the kind, or not
/// for so many symbols at once.
pub fn ask(site: Site, request: &Request) -> Result<Ask, WebError> {
    if request.adjustment != Adjustment::Raw {
        return Err(WebError::AdjustedAsked { site });
    }
    let is_few = |most: usize| (1..=most).contains(&request.symbols.len());
    let offered = site.symbols_max(request.kind).is_some_and(is_few)
        && request.symbols.iter().all(|symbol| site.delivers(*symbol));
    let (true, Some(first)) = (offered, request.symbols.first()) else {
        return Err(WebError::NotOffered { site, kind: request.kind, symbols: request.symbols.len() });
    };
    Ok(match site {
        Site::Eastmoney => eastmoney::ask(request, *first),
        Site::Tencent => tencent::ask(request, *first),
        Site::Sina => sina::ask(request),
        Site::Tonghuashun => tonghuashun::ask(*first),
    })
}

/// Reads a site's answer to [`ask`] into rows that name `source`: sorted, without doubles, within the dates
/// that were asked for.
///
/// # Errors
/// `NotTheShape` for a body that is no such answer (a login page, half a page), `UnknownSymbol`, `OtherSymbol`,
/// `Adjusted` and `Units` for prices and volumes that are not raw CNY and shares, `Contradiction` for a day
/// that stands in the answer twice with different values.
pub fn read(site: Site, request: &Request, source: &Arc<str>, body: &[u8]) -> Result<Page, WebError> {
    let Some(first) = request.symbols.first() else {
        return Err(WebError::NotOffered { site, kind: request.kind, symbols: 0 });
    };
    match site {
        Site::Eastmoney => eastmoney::read(request, *first, source, body),
        Site::Tencent => tencent::read(request, *first, source, body),
        Site::Sina => sina::read(request, body),
        Site::Tonghuashun => tonghuashun::read(request, *first, source, body),
    }
}
