//! `lighthunter rollback`: the workspace goes back to a baseline, with the proof of every layer.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    baseline::{caller, say_layers, site},
    session::Session,
};
use crate::{
    exit::{AnyFailure, Exit},
    record::Layer,
    rollback::{self, LAYERS, RollbackOptions, RolledBack},
};

/// Take the workspace back to a baseline: all four layers or some, in one step that a kill cannot break
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// The baseline, or `previous` for the newest
    #[arg(long, value_name = "NAME|previous", required_unless_present = "resume")]
    to: Option<String>,
    /// The layers to take back [default: all]
    #[arg(long, value_name = "LAYERS", value_delimiter = ',', conflicts_with = "resume")]
    only: Vec<LayerName>,
    /// Say what would be taken back, and touch nothing
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Go on with a rollback that was interrupted
    #[arg(long, conflicts_with = "to")]
    resume: bool,
}

/// A layer, as `--only` takes it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayerName {
    Code,
    Config,
    #[value(alias = "models")]
    Model,
    Data,
}

impl LayerName {
    const fn layer(self) -> Layer {
        match self {
            Self::Code => Layer::Code,
            Self::Config => Layer::Config,
            Self::Model => Layer::Models,
            Self::Data => Layer::Data,
        }
    }
}

pub(super) fn run(session: &Session, args: &RollbackArgs) -> Result<Exit, AnyFailure> {
    let (workspace, by) = (session.workspace()?, caller());
    // The config may be what is broken: the way back needs none, and logs where one can be read.
    session.try_log("rollback");
    let site = site(session, &workspace, &by);
    let mut step = |step: &str| tracing::debug!("rollback: {step}");
    let layers: Vec<Layer> = match args.only.as_slice() {
        [] => LAYERS.into(),
        only => only.iter().map(|name| name.layer()).collect(),
    };
    let done = match &args.to {
        Some(to) => {
            rollback::roll_back(site, RollbackOptions { to, layers: &layers, dry_run: args.dry_run }, &mut step)
        }
        None => rollback::resume(site, &mut step),
    };
    let done = done.inspect_err(|error| tracing::error!("rollback: {error}"))?;
    say(session, &done);
    Ok(Exit::Done)
}

fn say(session: &Session, done: &RolledBack) {
    let console = session.console;
    for action in &done.rollback.actions {
        console.line(action);
        tracing::info!(to = done.rollback.to, "rollback: {action}");
    }
    let (to, seconds) = (&done.rollback.to, done.rollback.seconds);
    console.line(match (done.dry_run, done.proof.holds) {
        (true, true) => format!("dry run: nothing differs from {to}"),
        (true, false) => format!("dry run: a rollback to {to} would take back:"),
        (false, _) => format!("rolled back to {to} in {seconds} s; proof, layer by layer:"),
    });
    say_layers(session, &done.proof.layers);
    let phases: serde_json::Map<String, serde_json::Value> =
        done.seconds.iter().map(|(layer, seconds)| (rollback::name_of(*layer).into(), json!(seconds))).collect();
    console.document(&json!({
        "rollback": done.rollback,
        "proof": done.proof,
        "seconds": phases,
        "rescue": done.rescue,
        "dry_run": done.dry_run,
    }));
}
