//! `lighthunter init`: makes a workspace with its repository and its input bars.

use std::path::PathBuf;

use clap::Args;

use super::{session::Session, words::Word};
use crate::{
    exit::{AnyFailure, Exit},
    ops::bootstrap::{self, MarketRequest},
    text::{Note, Speak},
};

/// Make a workspace: config, strategy, input bars, git repository, first commit
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The directory to make; it must be empty or absent
    directory: PathBuf,
    #[command(flatten)]
    market: MarketArgs,
}

/// Where the input bars come from.
#[derive(Debug, Args)]
pub(super) struct MarketArgs {
    /// `simulated`, `simulated:SEED`, or a directory of bars
    #[arg(long, value_name = "simulated[:SEED]|DIR")]
    market: Option<String>,
    /// Symbols of the simulated market
    #[arg(long, value_name = "N")]
    symbols: Option<usize>,
    /// Sessions of the simulated market
    #[arg(long, value_name = "N")]
    days: Option<usize>,
}

impl MarketArgs {
    pub(super) fn request(&self) -> Option<MarketRequest> {
        Some(MarketRequest { choice: self.market.clone()?, symbols: self.symbols, days: self.days })
    }
}

pub(super) fn run(session: &Session, args: InitArgs) -> Result<Exit, AnyFailure> {
    let MarketArgs { market, symbols, days } = args.market;
    let request = MarketRequest { choice: market.unwrap_or_else(|| "simulated".into()), symbols, days };
    let made = bootstrap::init(&args.directory, &request, &session.clock)?;
    let (language, root) = (session.global.lang, made.root.display());
    session.console.line(Note::new(Word::Made, [&root as &dyn Speak, &made.commit]).say(language));
    for line in &made.input {
        session.console.line(format!("  {}", line.say(language)));
    }
    session.console.line(Note::new(Word::AfterInit, [&root]).say(language));
    session.console.document(&made);
    Ok(Exit::Done)
}
