//! The signals: where a fault shows.

use std::str::FromStr;

use cucumber::{Parameter, then};
use lighthunter::{
    drill::{Step, World},
    record::SignalKind,
};

/// A signal, by its name for people.
#[derive(Clone, Copy, Parameter)]
#[param(name = "signal", regex = "exit code|log|metric|experiment record|HUD")]
struct Signal(SignalKind);

impl FromStr for Signal {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        let kind = SignalKind::ALL.into_iter().find(|kind| kind.name() == words);
        kind.map(Self).ok_or_else(|| format!("'{words}' is not a signal"))
    }
}

#[then(expr = "the {signal} shows the fault")]
fn shows(world: &mut World, signal: Signal) -> Step {
    world.expect_signal(signal.0)
}
