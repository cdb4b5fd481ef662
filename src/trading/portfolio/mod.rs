//! The portfolio: what strategies want becomes target weights, and those become orders.
//!
//! The manager knows the rules of each strategy and the share of the account that
//! `strategy/portfolio.luau` gives it. An illegal weight is refused and changes nothing; a legal one that
//! meets a limit is cut, said to be cut, and the rest stays cash: nothing is normalised afterwards, so a
//! limit that held once holds. It owns no account, reads no file and no clock.

mod error;
mod plan;
mod rule;
mod targets;
mod weights;

pub use error::PortfolioError;
pub use plan::{OrderPlan, PlanView};
pub use rule::{AccountRule, Adjustment, Allocation, StrategyRule};
pub use targets::PortfolioManager;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
