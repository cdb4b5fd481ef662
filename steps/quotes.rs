//! Quote sites that are served on this machine.

use cucumber::{given, then};
use lighthunter::drill::{Step, World};

#[given(expr = "the bars of quote sites that refuse the user agent {string}")]
fn served(world: &mut World, refused: String) -> Step {
    world.serve_quotes(&refused)
}

#[then(expr = "the quote sites refused {int} to {int} requests")]
fn refused(world: &mut World, least: usize, most: usize) -> Step {
    world.expect_quotes_refused(least, most)
}
