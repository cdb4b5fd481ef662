//! The HUD beside the commands, and what its pages say.

use cucumber::{gherkin, given, then};
use lighthunter::drill::{Step, World};

use super::workspace::column;

#[given("the HUD is serving")]
fn serving(world: &mut World) -> Step {
    world.start_hud()
}

#[then(expr = "the HUD's page {string} says:")]
fn page_says(world: &mut World, path: String, step: &gherkin::Step) -> Step {
    let words: Vec<&str> = column(step).collect();
    world.expect_hud_page(&path, &words)
}

#[then("the HUD shows the new experiment")]
fn shows_experiment(world: &mut World) -> Step {
    world.expect_experiment_in_hud()
}

#[then("the HUD shows no new experiment")]
fn shows_no_experiment(world: &mut World) -> Step {
    world.expect_no_experiment_in_hud()
}
