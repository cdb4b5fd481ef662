//! Commands of the target, and how they ended.

use std::str::FromStr;

use cucumber::{Parameter, given, then, when};
use lighthunter::drill::{Stage, Step, World};

/// A command of the target, as the manual calls it.
#[derive(Clone, Copy, Parameter)]
#[param(name = "command", regex = "bootstrap|the smoke test|NightOps")]
struct Command(&'static str);

impl FromStr for Command {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        match words {
            "bootstrap" => Ok(Self("bootstrap")),
            "the smoke test" => Ok(Self("smoke")),
            "NightOps" => Ok(Self("night")),
            other => Err(format!("'{other}' is not a command")),
        }
    }
}

#[given("a bootstrapped workspace")]
fn bootstrapped(world: &mut World) -> Step {
    world.start_from(Stage::Bootstrapped)
}

#[given("a workspace after its first night")]
fn after_first_night(world: &mut World) -> Step {
    world.start_from(Stage::FirstNight)
}

#[when(expr = "{command} runs")]
fn runs(world: &mut World, command: Command) -> Step {
    world.run(command.0)
}

#[then(expr = "it exits with code {int}")]
fn exits(world: &mut World, code: i32) -> Step {
    world.expect_exit(code)
}

#[then("its output names no error")]
fn output_names_no_error(world: &mut World) -> Step {
    world.expect_no_error_in_output()
}

#[then("its log holds no ERROR")]
fn log_holds_no_error(world: &mut World) -> Step {
    world.expect_no_error_in_log()
}

#[then("its result equals the one before")]
fn result_equals_the_one_before(world: &mut World) -> Step {
    world.expect_equal_results()
}

#[then("its result equals the baseline's")]
fn result_equals_the_baselines(world: &mut World) -> Step {
    world.prove_by_rerun()
}
