//! Factors: numbers of a symbol and session that use nothing newer than that session's close.
//! Built-in ones are in the table [`KERNELS`]; any other is an expression of [`OPERATORS`] over columns,
//! read into an [`ExpressionSet`]. [`compute`] runs a set of both over a panel.

mod aligned;
mod availability;
mod chain;
mod daily;
mod definition;
mod element;
mod engine;
mod export;
mod frame;
mod graph;
mod input;
mod kernel;
mod language;
mod limit;
mod look_ahead;
mod plan;
mod rolling;
mod series;
mod set;
mod sql;
mod table;
mod universe;

pub use aligned::AlignedPanel;
pub use availability::{Availability, UNAVAILABLE, availability};
pub use chain::KnownValues;
pub use definition::definitions;
pub use engine::threads_available;
pub use frame::{FactorFrame, compute, compute_from, compute_telling, compute_with};
pub use input::{FactorInput, PanelError};
pub use kernel::{KERNELS, Kernel};
pub use language::{ExpressionError, Form, OPERATORS, Operator};
pub use look_ahead::{Peek, peeks};
pub use series::{Series, Window};
pub use set::{Column, Computed, ExpressionSet, FIELDS, mistakes};
pub use sql::SqlQuery;
pub use table::{FactorPlan, FactorTable};
pub use universe::traded_cells;

pub(crate) use {availability::lack, kernel::TOUCH, limit::UpperLimit, series::is_hole};
