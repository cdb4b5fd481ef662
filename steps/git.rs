//! The repository as git sees it.

use cucumber::{given, then, when};
use lighthunter::drill::{Step, World};

#[given("the repository is cloned")]
#[when("the repository is cloned")]
fn cloned(world: &mut World) -> Step {
    world.clone_repository()
}

#[when("all four layers are recorded")]
fn layers_recorded(world: &mut World) -> Step {
    world.run("baseline")
}

#[when(regex = "^the (code|config|model) alone is taken back by command$")]
fn layer_taken_back(world: &mut World, layer: String) -> Step {
    world.run_rollback(&format!("rollback_{layer}"))
}

#[given(expr = "a person's own file {string} in the tree")]
fn own_file(world: &mut World, name: String) -> Step {
    world.leave_untracked_file(&name)
}

#[when(expr = "git was killed {int} minutes ago and left its lock")]
fn lock_left(world: &mut World, minutes: u64) -> Step {
    world.leave_lock(minutes)
}

#[when("another process holds git's lock")]
fn lock_held(world: &mut World) -> Step {
    world.hold_lock()
}

#[then("git status is clean")]
fn clean(world: &mut World) -> Step {
    world.expect_clean()
}

#[then("the branch is the drill's own")]
fn drill_branch(world: &mut World) -> Step {
    world.expect_drill_branch()
}
