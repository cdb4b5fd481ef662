//! The environment and the files of the workspace in it.

use cucumber::{gherkin, given, then};
use lighthunter::drill::{Step, World};

#[given("a clean environment")]
fn clean_environment(world: &mut World) -> Step {
    world.make_environment()
}

#[then("it holds nothing of this machine")]
fn nothing_of_this_machine(world: &mut World) -> Step {
    world.expect_nothing_of_this_machine()
}

#[then("these directories exist:")]
fn directories_exist(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|path| world.expect_directory(path))
}

#[then(expr = "{string} names:")]
fn names(world: &mut World, path: String, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|word| world.expect_word(&path, word))
}

#[then(expr = "there is a log under {string}")]
fn log_under(world: &mut World, path: String) -> Step {
    world.expect_some_file_in(&path)
}

#[then(expr = "nothing is at {string}")]
fn nothing_at(world: &mut World, path: String) -> Step {
    world.expect_nothing_at(&path)
}

#[then(expr = "the newest partition under {string} is of the trading date")]
fn newest_partition(world: &mut World, path: String) -> Step {
    world.expect_newest_partition(&path)
}

/// Returns the first column of a step's table.
pub(super) fn column(step: &gherkin::Step) -> impl Iterator<Item = &str> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    rows.filter_map(|row| row.first().map(String::as_str))
}

/// Returns the first two columns of a step's table.
pub(super) fn pairs(step: &gherkin::Step) -> impl Iterator<Item = (&str, &str)> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    rows.filter_map(|row| Some((row.first()?.as_str(), row.get(1)?.as_str())))
}
