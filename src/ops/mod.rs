//! Operations: NightOps, regression, doctor, and what they share (station, log, metrics, alarm).

mod alarm;
pub mod backtest;
pub mod bootstrap;
pub mod collect;
pub mod collectors;
pub mod data_state;
pub mod day_ops;
mod desk;
pub mod doctor;
mod experiment;
pub mod guardian_report;
pub mod inspection;
mod listener;
pub mod log;
pub mod matrix;
pub mod metrics;
mod model_pointers;
pub mod monitor;
mod monitor_state;
pub mod night_ops;
pub mod original;
mod reason;
pub mod regression;
mod report_files;
mod request_engine;
mod research_plan;
mod research_run;
pub mod scheduler;
pub mod simulation;
pub mod source_repair;
mod station;
pub mod walk_forward;

pub use listener::{Listener, Told};
pub use model_pointers::ZooPointers;
pub use research_plan::{check_model, zoo};
pub use station::Station;
