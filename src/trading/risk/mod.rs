//! Risk of an account: which orders may be sent, how near its limits it is, and when it must stop.
//!
//! A sell of what is held is always allowed: a risk rule must never trap a holder. Figures are whole fen
//! and shares of net asset value, never a mix of both. The brain sends nothing, reads no file and no
//! clock; its state and the kill switch can be taken out and put back.

mod alert;
mod brain;
mod check;
mod limits;
mod refusal;
mod score;
mod watch;
mod words;

pub use alert::{AlertKind, KillSwitch, RiskAlert, RiskLevel};
pub use brain::RiskBrain;
pub use check::RiskView;
pub use limits::{RiskLimits, ScoreWeights};
pub use refusal::RiskRefusal;
pub use score::{Measure, RiskScore};
pub use words::in_words;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
