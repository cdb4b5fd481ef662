//! Holds the code to what ARCHITECTURE.md says of it. Each check is a function from files to
//! findings; each has a planted violation that it must catch, so that no check passes on nothing.

mod commands;
mod completeness;
mod dependencies;
mod features;
mod floors;
mod length;
mod links;
mod source;
mod steps;
mod supply;
mod words;
mod workflow;
