//! The report of a run.

use cucumber::{gherkin, then};
use lighthunter::drill::{Step, World};

use super::workspace::{column, pairs};

#[then(expr = "its report is under {string}")]
fn under(world: &mut World, directory: String) -> Step {
    world.expect_report_in(&directory)
}

#[then("its report counts:")]
fn counts(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|keys| world.expect_report_counts(keys))
}

#[then("its report gives the value of every account")]
fn account_values(world: &mut World) -> Step {
    world.expect_account_values()
}

#[then("its report grades:")]
fn grades(world: &mut World, step: &gherkin::Step) -> Step {
    pairs(step).try_for_each(|(check, grade)| world.expect_grade(check, grade))
}

#[then(expr = "its report grades no check {string}")]
fn grades_none(world: &mut World, grade: String) -> Step {
    world.expect_no_grade(&grade)
}
