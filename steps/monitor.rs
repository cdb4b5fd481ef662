//! The monitor beside the commands, and what it and the metrics count.

use std::str::FromStr;

use cucumber::{Parameter, gherkin, given, then};
use lighthunter::drill::{self, Step, World};

use super::workspace::column;

/// What is counted, as people call it.
#[derive(Clone, Copy, Parameter)]
#[param(name = "counted", regex = "run|error")]
struct Counted(drill::Counted);

impl FromStr for Counted {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "run" => Ok(Self(drill::Counted::Run)),
            "error" => Ok(Self(drill::Counted::Error)),
            other => Err(format!("'{other}' is not counted")),
        }
    }
}

#[given("the monitor is watching")]
fn watching(world: &mut World) -> Step {
    world.start_monitor()
}

#[then(expr = "the monitor counts {int} more error of {string}")]
fn monitor_counts(world: &mut World, count: u32, component: String) -> Step {
    world.expect_monitor_count(count, &component)
}

#[then(expr = "the monitor names:")]
fn monitor_names(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|word| world.expect_monitor_shows(word))
}

#[then(expr = "the metrics count {int} more {counted} of {string}")]
fn metrics_count(world: &mut World, count: u32, counted: Counted, component: String) -> Step {
    world.expect_counted(count, counted.0, &component)
}
