//! Faults of the catalogue.

use cucumber::when;
use lighthunter::drill::{Step, World};

#[when(expr = "the fault {string} is injected")]
fn injected(world: &mut World, id: String) -> Step {
    world.inject(&id)
}

#[when("the fault is undone")]
fn undone(world: &mut World) -> Step {
    world.undo()
}
