//! Each check is shown a fault of its own in a real workspace, and no other check may change.

mod data;
mod machine;
mod model;
mod night;
mod risk;
mod room;
mod schedule;
mod verdict;
