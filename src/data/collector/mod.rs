//! Collectors: which pages to ask a site for, asking for them by several threads, and making bars of quotes.
//! Knows no store: what is in is told, and what came is handed over.

mod aggregate;
mod fetch;
mod plan;

pub use aggregate::MinuteAggregator;
pub use fetch::{FetchError, Fetched, Upstream, fetch};
pub use plan::{Wish, requests};
