//! Commands of the target, and how they ended.

use std::str::FromStr;

use cucumber::{Parameter, gherkin, given, then, when};
use lighthunter::drill::{Stage, Step, World};

use super::workspace::column;

/// A command of the target, as the manual calls it.
#[derive(Clone, Copy, Parameter)]
#[param(
    name = "command",
    regex = "bootstrap|the bootstrap script|the collection|the doctor|the smoke test|NightOps|DayOps|the backtest|the walk-forward|the simulation without the bus|the simulation"
)]
struct Command(&'static str);

impl FromStr for Command {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        match words {
            "bootstrap" => Ok(Self("bootstrap")),
            "the bootstrap script" => Ok(Self("bootstrap_script")),
            "the collection" => Ok(Self("collect")),
            "the doctor" => Ok(Self("doctor")),
            "the smoke test" => Ok(Self("smoke")),
            "NightOps" => Ok(Self("night")),
            "DayOps" => Ok(Self("day")),
            "the backtest" => Ok(Self("backtest")),
            "the walk-forward" => Ok(Self("walk_forward")),
            "the simulation" => Ok(Self("simulate")),
            "the simulation without the bus" => Ok(Self("simulate_without_bus")),
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

#[given("a workspace after its first backtest")]
fn after_first_backtest(world: &mut World) -> Step {
    world.start_from(Stage::FirstBacktest)
}

#[given("a workspace after its first simulation")]
fn after_first_simulation(world: &mut World) -> Step {
    world.start_from(Stage::FirstSimulation)
}

/// What of the target a person looks at.
#[derive(Clone, Copy, Parameter)]
#[param(name = "panel", regex = "the dashboard|the schedule|the config of dev|the config of prod|the manual")]
struct Panel(&'static str);

impl FromStr for Panel {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        match words {
            "the dashboard" => Ok(Self("dashboard")),
            "the schedule" => Ok(Self("schedule")),
            "the config of dev" => Ok(Self("config_of_dev")),
            "the config of prod" => Ok(Self("config_of_prod")),
            "the manual" => Ok(Self("manual")),
            other => Err(format!("'{other}' is nothing to look at")),
        }
    }
}

#[when(expr = "{panel} is shown")]
fn panel_is_shown(world: &mut World, panel: Panel) -> Step {
    world.run(panel.0)
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

#[then("its output names:")]
fn output_names(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|word| world.expect_said_in_output(word))
}

#[then("its output does not name:")]
fn output_does_not_name(world: &mut World, step: &gherkin::Step) -> Step {
    column(step).try_for_each(|word| world.expect_unsaid_in_output(word))
}

#[then("its log holds no ERROR")]
fn log_holds_no_error(world: &mut World) -> Step {
    world.expect_no_error_in_log()
}

#[then("its log has an ERROR")]
fn log_has_an_error(world: &mut World) -> Step {
    world.expect_error_in_log()
}

#[then("its result equals the one before")]
fn result_equals_the_one_before(world: &mut World) -> Step {
    world.expect_equal_results()
}

#[then(expr = "its result equals that of {command}")]
fn result_equals_that_of(world: &mut World, command: Command) -> Step {
    world.expect_result_of(command.0)
}

#[then("its result equals the baseline's")]
fn result_equals_the_baselines(world: &mut World) -> Step {
    world.prove_by_rerun()
}
