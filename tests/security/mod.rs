//! Security: a hostile repository runs nothing, and a secret is written nowhere.

mod git;
mod names;
mod requests;
mod secret;
