//! What a person looks at: the facts of a workspace, and the web page that shows them. Looks only: it
//! writes nothing, starts nothing, and nothing waits for it.

pub mod state;
pub mod terminal;
pub mod web;
