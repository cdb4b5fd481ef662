//! The catalogue of faults: each with its cases, as `fixtures/faults` says them.

use cucumber::{given, then, when};
use lighthunter::drill::{Step, World};

#[given(expr = "the fault {string} of the catalogue")]
fn of_catalogue(world: &mut World, id: String) -> Step {
    world.take_fault(&id)
}

#[when("each of its cases is tried")]
fn tried(world: &mut World) -> Step {
    world.try_cases()
}

#[then("each fault was injected")]
fn injected(world: &mut World) -> Step {
    world.expect_injected()
}

#[then("each fault was detected")]
fn detected(world: &mut World) -> Step {
    world.expect_detected()
}

#[then("each fault was recovered from")]
fn recovered(world: &mut World) -> Step {
    world.expect_recovered()
}
