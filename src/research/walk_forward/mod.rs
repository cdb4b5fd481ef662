//! Walk-forward: a model for each stretch of sessions, made only from what lies before it, as research
//! would have been done at the time. The scores of all tests together are traded as one series.
//!
//! A figure of the whole run is computed from that one series; figures of folds are never averaged into
//! it. Knows no file and no config file.

mod champion;
mod error;
mod fold;
mod report;
mod run;
mod words;

pub use champion::{ChampionReport, ChampionRule, compare};
pub use error::WalkForwardError;
pub use fold::{Fold, FoldRule};
pub use report::WalkForwardReport;
pub use run::{FoldReport, WalkForwardInput, WalkForwardResult, run};
