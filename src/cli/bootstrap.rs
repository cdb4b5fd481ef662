//! `lighthunter bootstrap`: brings a fresh clone up, as the manual's 1.3.

use clap::Args;

use super::{init::MarketArgs, session::Session, words::Word};
use crate::{
    exit::{AnyFailure, Exit},
    ops::bootstrap,
    text::Note,
};

/// Bring a fresh clone up: config, directories, input bars; check all config
#[derive(Debug, Args)]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    market: MarketArgs,
}

pub(super) fn run(session: &Session, args: &BootstrapArgs) -> Result<Exit, AnyFailure> {
    let workspace = session.workspace()?;
    let options = session.load_options()?;
    let done = bootstrap::bootstrap(&workspace, args.market.request().as_ref(), &options)?;
    let language = session.global.lang;
    for line in &done.actions {
        session.console.line(line.say(language));
    }
    for warning in &done.warnings {
        session.console.note(Note::new(Word::Warning, [warning]).say(language));
    }
    session.console.line(Word::AfterBootstrap.say(language));
    session.console.document(&done);
    Ok(Exit::Done)
}
