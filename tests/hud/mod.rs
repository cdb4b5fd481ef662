//! The web page as a process: what it shows, what it refuses, and how it says that something is wrong.

mod browser;
mod dashboard;
mod facts;
mod hostile;
mod live;
pub(crate) mod server;
