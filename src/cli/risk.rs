//! `lighthunter risk`: the kill switches of the accounts, and the one way to release one.

use clap::{Args, Subcommand};

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit, Failure},
    store::Ledger,
};

/// Show and release the kill switches of accounts
#[derive(Debug, Args)]
pub(super) struct RiskArgs {
    #[command(subcommand)]
    command: RiskCommand,
}

#[derive(Debug, Subcommand)]
enum RiskCommand {
    /// List the kill switches, tripped and released
    Show,
    /// Release the kill switch of an account, for the record with a reason
    Release {
        /// The account
        account: String,
        /// Why trading may go on
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}

/// Reads a reason: the record lives by it.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("a reason must say something".into()) } else { Ok(text.to_owned()) }
}

/// An account whose kill switch is not tripped.
#[derive(Debug, thiserror::Error)]
#[error("the kill switch of account '{0}' is not tripped")]
struct NotTripped(String);

impl Failure for NotTripped {
    fn exit(&self) -> Exit {
        Exit::NothingRan
    }

    fn remedy(&self) -> Option<String> {
        Some("See `lighthunter risk show`.".into())
    }
}

pub(super) fn run(session: &Session, args: &RiskArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("risk")?;
    let ledger = Ledger::open(&station.store_settings().ledger)?;
    match &args.command {
        RiskCommand::Show => {
            let switches = ledger.kill_switches()?;
            if switches.is_empty() {
                session.console.line("No kill switch was ever tripped.");
            }
            for switch in &switches {
                let state = switch.released_at.as_ref().map_or_else(
                    || "TRIPPED".to_owned(),
                    |at| format!("released {at} by {}", switch.released_by.as_deref().unwrap_or("unknown")),
                );
                let (account, at, reason) = (&switch.account_id, &switch.tripped_at, &switch.reason);
                session.console.line(format!("{account}  {at}  {state}  {reason}"));
            }
            session.console.document(&switches);
        }
        RiskCommand::Release { account, reason } => {
            let who = std::env::var("USER").unwrap_or_else(|_| "unknown".into());
            let at = station.clock.now().to_string();
            if !ledger.release_kill_switch(account, &at, &who, reason)? {
                return Err(NotTripped(account.clone()).into());
            }
            session.console.line(format!("The kill switch of account {account} is released: {reason}"));
            session.console.document(&ledger.kill_switches()?);
        }
    }
    Ok(Exit::Done)
}
