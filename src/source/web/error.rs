//! What can be wrong with a site's answer, with its exit class.

use super::{DataKind, Site};
use crate::{
    exit::{Exit, Failure},
    market::Symbol,
};

/// A request that is not made, or an answer that is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WebError {
    /// The body is no answer of this kind.
    #[error("{site} {kind}: the answer is not of its shape: {problem}; it begins '{begins}'")]
    NotTheShape {
        /// The site.
        site: Site,
        /// What was asked for.
        kind: DataKind,
        /// What is missing or wrong.
        problem: String,
        /// The first characters of the body.
        begins: String,
    },
    /// The site does not know the symbol.
    #[error("{site}: knows no {symbol}")]
    UnknownSymbol {
        /// The site.
        site: Site,
        /// The symbol.
        symbol: Symbol,
    },
    /// The answer is about another symbol.
    #[error("{site}: {asked} was asked for, the answer is about {found}")]
    OtherSymbol {
        /// The site.
        site: Site,
        /// The symbol that was asked for.
        asked: Symbol,
        /// What the answer names.
        found: String,
    },
    /// Adjusted prices were asked for.
    #[error("{site}: adjusted prices are never collected: they are raw prices less later dividends")]
    AdjustedAsked {
        /// The site.
        site: Site,
    },
    /// The prices are adjusted.
    #[error("{site} {symbol}: the prices are adjusted, not raw: {evidence}")]
    Adjusted {
        /// The site.
        site: Site,
        /// The symbol.
        symbol: Symbol,
        /// How that is seen.
        evidence: String,
    },
    /// Volumes or amounts have another unit.
    #[error("{site} {symbol}: volume or amount has another unit: {evidence}")]
    Units {
        /// The site.
        site: Site,
        /// The symbol.
        symbol: Symbol,
        /// How that is seen.
        evidence: String,
    },
    /// A row stands in the answer twice with different values.
    #[error("{site} {symbol}: {at} stands in the answer twice with different values")]
    Contradiction {
        /// The site.
        site: Site,
        /// The symbol.
        symbol: Symbol,
        /// The date or time.
        at: String,
    },
    /// The site does not deliver this.
    #[error("{site} does not deliver {kind} for {symbols} symbols at once")]
    NotOffered {
        /// The site.
        site: Site,
        /// The kind.
        kind: DataKind,
        /// How many symbols.
        symbols: usize,
    },
}

impl Failure for WebError {
    fn exit(&self) -> Exit {
        match self {
            // A login page or half a page says that the site does not serve us now, not that its data are bad.
            Self::NotTheShape { .. } => Exit::Upstream,
            Self::NotOffered { .. } => Exit::Usage,
            _ => Exit::DataRefused,
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NotTheShape { .. } => {
                "Open the site in a browser: it may ask for a login or have changed its format; wait, or use another source."
            }
            Self::UnknownSymbol { .. } => "Check the code and its exchange, or take the symbol out of the list.",
            Self::OtherSymbol { .. } | Self::Contradiction { .. } => "Ask again later, or collect from another source.",
            Self::AdjustedAsked { .. } => "Ask for raw prices; factors are derived from the corporate actions.",
            Self::Adjusted { .. } => "Use a source of raw prices; what was delivered is not stored.",
            Self::Units { .. } => "The site has changed its units: do not use it until its adapter knows them.",
            Self::NotOffered { .. } => "Ask another source for it; docs/collect.md lists what each delivers.",
        };
        Some(remedy.to_owned())
    }
}
