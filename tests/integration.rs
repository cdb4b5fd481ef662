//! The integration tests: one binary, since each links DuckDB, SQLite, libgit2 and libzmq.

#![expect(clippy::expect_used, clippy::panic, reason = "a test ends at the first thing that is not as it must be")]

mod bus;
mod cli;
mod collect;
mod damage;
mod hud;
mod monitor;
mod pipeline;
mod rollback;
mod room;
mod scheduler;
mod security;
mod tidy;
