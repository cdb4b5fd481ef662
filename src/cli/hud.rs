//! `lighthunter hud`: the web page of a workspace.

use std::path::PathBuf;

use clap::Args;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    hud::{
        state,
        web::{self, Access, HudOptions, TOKEN_VARIABLE},
    },
};

/// Serve the web page: accounts, risk, operations, experiments, models, data, drills
#[derive(Debug, Args)]
pub(super) struct HudArgs {
    /// The address to listen at [default: `hud.host`]; one that others can reach needs a token
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// The port; 0 for any that is free [default: `hud.port`]
    #[arg(long)]
    port: Option<u16>,
    /// A further name under which the page may be asked; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    names: Vec<String>,
    /// A file with the token that everyone must give, readable by its owner only [default: `LIGHTHUNTER_HUD_TOKEN`]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print the facts once and end
    #[arg(long)]
    once: bool,
}

pub(super) fn run(session: &Session, args: HudArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("hud")?;
    let load = session.load_options()?;
    if args.once {
        let facts = state::facts(&station, &load, station.clock.now());
        for (name, summary) in facts.summaries() {
            let notes: Vec<String> = summary.notes.iter().map(|note| note.say(session.global.lang)).collect();
            session.console.line(format!("{:<12} {:<8} {}", name, summary.grade.word(), notes.join("; ")));
        }
        session.console.document(&facts);
        return Ok(Exit::Done);
    }
    let hud = &station.settings().hud;
    let access = Access::new(args.host.unwrap_or_else(|| hud.host.clone()), args.port.unwrap_or(hud.port), args.names);
    let access = match (&args.token_file, std::env::var(TOKEN_VARIABLE)) {
        (Some(path), _) => access.with_token_file(path)?,
        (None, Ok(token)) if !token.is_empty() => access.with_token(&token)?,
        _ => access,
    };
    let host = if access.host().contains(':') { format!("[{}]", access.host()) } else { access.host().to_owned() };
    let options = HudOptions { access, language: session.global.lang, load };
    web::serve(&station, &options, |address| session.console.line(format!("hud: http://{host}:{}/", address.port())))
}
