//! LightHunter: an A-share research system that proves that it comes back.
//!
//! The library is silent: only `cli` prints, only `main` ends the process, only `clock` reads time,
//! only `seed` makes randomness, only `durable` replaces files. Imports go downward only; ARCHITECTURE.md
//! draws the floors and `tests/tidy` holds the code to them.

// Floor 0, ground: what every room may know.
pub mod clock;
pub mod digest;
pub mod durable;
pub mod exit;
pub mod seed;
pub mod workspace;

// Floor 1, domain: pure rules, no I/O, no clock.
pub mod chart;
pub mod market;
pub mod metric;
pub mod record;
pub mod text;

// Floor 2, edges: each is the only room that names its outside library.
pub mod bus;
pub mod config;
pub mod model;
pub mod net;
pub mod script;
pub mod source;
pub mod store;
pub mod vault;

// Floor 3, work: the system itself, in the manual's own names.
pub mod data;
pub mod hud;
pub mod ops;
pub mod research;
pub mod rollback;
pub mod trading;

// Floor 4, drill: the system under drill is a process.
pub mod drill;
pub mod report;

// Floor 5, door: the only room that prints.
pub mod cli;
