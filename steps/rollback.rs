//! The way back and its proof.

use cucumber::{given, then, when};
use lighthunter::drill::{Step, World};

#[given("a baseline")]
fn baseline(world: &mut World) -> Step {
    world.expect_clean()?;
    world.set_baseline()
}

#[given("a fingerprint to come back to")]
fn fingerprint(world: &mut World) -> Step {
    world.set_baseline_of_head()
}

#[when("the code is rolled back to the baseline")]
fn rolled_back(world: &mut World) -> Step {
    world.roll_back()
}

#[when("a rollback to the baseline is tried")]
fn tried(world: &mut World) -> Step {
    world.try_to_roll_back(None)
}

#[when(expr = "a rollback to {string} is tried")]
fn tried_to(world: &mut World, to: String) -> Step {
    world.try_to_roll_back(Some(&to))
}

#[when("a drill of this workspace is tried")]
fn drill_tried(world: &mut World) -> Step {
    world.try_to_drill_here()
}

#[then("the fingerprint proof holds")]
fn proof_holds(world: &mut World) -> Step {
    world.expect_proof()
}

#[then("the state is the baseline's")]
fn state_is_the_baselines(world: &mut World) -> Step {
    world.expect_baseline_state()
}

#[then(expr = "the rollback says {string}")]
fn says(world: &mut World, words: String) -> Step {
    world.expect_said(&words)
}

#[then(expr = "it is refused with code {int}: {string}")]
fn refused(world: &mut World, code: u8, words: String) -> Step {
    world.expect_refusal(code, &words)
}

#[then("nothing was touched")]
fn nothing_touched(world: &mut World) -> Step {
    world.expect_nothing_touched()
}

#[then(regex = "^it was (?:detected|recovered) within the budget$")]
fn within_budget(world: &mut World) -> Step {
    world.expect_within_budget()
}

#[then("the times of detection, rollback and proof are recorded")]
fn times_recorded(world: &mut World) -> Step {
    world.expect_times_recorded()
}
