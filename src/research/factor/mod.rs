//! Factors: numbers of a symbol and session that use nothing newer than that session's close.
//! [`KERNELS`] is the table of all factors; [`compute`] runs a set of them over a panel.

mod availability;
mod export;
mod frame;
mod kernel;
mod limit;
mod series;

pub use availability::{Availability, UNAVAILABLE, availability};
pub use frame::{FactorFrame, compute};
pub use kernel::{KERNELS, Kernel};
pub use series::{Series, Window};

pub(crate) use {kernel::TOUCH, limit::UpperLimit, series::is_hole};
