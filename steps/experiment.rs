//! The experiment record and what an experiment keeps.

use cucumber::{gherkin, then, when};
use lighthunter::drill::{Step, World};

use super::workspace::column;

#[when("the newest experiment is shown")]
fn shown(world: &mut World) -> Step {
    world.run("show")
}

#[then(expr = "the experiment record has {int} new line or more")]
fn new_lines(world: &mut World, count: usize) -> Step {
    world.expect_new_experiments(count)
}

#[then(expr = "the experiment record has one new success of kind {string}")]
fn success(world: &mut World, kind: String) -> Step {
    world.expect_success_of(&kind)
}

#[then("its experiment keeps:")]
fn keeps(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|name| world.expect_table(name))
}
