//! The command line from outside: what is said, with which exit code, and that a refusal changes nothing.

mod bad_config;
mod bad_place;
mod commands;
mod data;
mod factors;
mod migrate;
mod progress;
mod wording;
