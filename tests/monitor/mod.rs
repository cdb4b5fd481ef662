//! The monitor daemon as a process: what it hears, serves and writes, and how it says that it is blind.

mod blindness;
mod daemon;
mod hearing;
mod page;
