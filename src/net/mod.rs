//! The request engine: how upstream sites are asked, by site, within their limits. The only room that names
//! the HTTP client. Knows no bar and no answer's shape. Beside it, ports of this machine that are free.
//!
//! ```no_run
//! use lighthunter::{clock::Clock, net::{Engine, EngineOptions, Request, SitePolicy}, seed::Seed};
//!
//! let mut options = EngineOptions::default();
//! options.sites.insert("tx_quote".into(), SitePolicy::at("https://qt.gtimg.cn"));
//! let engine = Engine::new(&options, Clock::system(), Seed::DEFAULT)?;
//! let answer = engine.get(&Request::new("tx_quote", "/q=sh600519").referer("https://gu.qq.com/"))?;
//! println!("{} bytes after {} attempts", answer.body.len(), answer.attempts);
//! # Ok::<(), lighthunter::net::NetError>(())
//! ```

mod address;
mod breaker;
mod counters;
mod engine;
mod error;
#[cfg(test)]
mod fault_tests;
mod policy;
mod ports;
#[cfg(test)]
mod proxy_tests;
mod request;
mod retry;
mod site;
mod throttle;
mod wire;

pub use breaker::BreakerState;
pub use counters::SiteCounters;
pub use engine::Engine;
pub use error::{Fault, NetError};
pub use policy::{BreakerPolicy, EngineOptions, RetryPolicy, SitePolicy, UserAgentTurn};
pub use ports::{free_ports, is_free};
pub use request::{Request, Response};
