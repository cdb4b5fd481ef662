//! `lighthunter drill quotes`, hidden: the quote sites of this machine as a process of its own, which answers from
//! bars of a directory and breaks as a file of orders says. Cases of the casebook run it beside other commands.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    time::Duration,
};

use clap::Args;

use super::session::Session;
use crate::{
    clock::pause,
    drill::upstream::{Orders, Upstream},
    durable::DurableError,
    exit::{AnyFailure, Exit, Failure},
    source::files::{IntakeOptions, read_directory},
};

/// How long until new orders are seen.
const LOOK: Duration = Duration::from_millis(5);

/// Answer as the quote sites do, from the bars of a directory, and break as a file says
#[derive(Debug, Args)]
pub(super) struct QuotesArgs {
    /// The port of 127.0.0.1
    #[arg(long)]
    port: u16,
    /// The directory of bars
    #[arg(long, value_name = "DIR")]
    market: PathBuf,
    /// The file of orders; without it the sites are well
    #[arg(long, value_name = "FILE")]
    orders: PathBuf,
    /// The file that gets a line `STATUS TARGET` for each request
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
}

#[derive(Debug, thiserror::Error)]
enum QuotesError {
    #[error("{}: {what}", path.display())]
    Orders { path: PathBuf, what: String },
    #[error("the port {port} of 127.0.0.1 is not to be had: {error}")]
    Port { port: u16, error: std::io::Error },
}

impl Failure for QuotesError {
    fn exit(&self) -> Exit {
        match self {
            Self::Orders { .. } => Exit::Usage,
            Self::Port { .. } => Exit::Busy,
        }
    }
}

/// Serves until it is killed.
pub(super) fn run(session: &Session, args: &QuotesArgs) -> Result<Exit, AnyFailure> {
    let market = read_directory(&args.market, &IntakeOptions::default())?.data;
    let taken = |error| QuotesError::Port { port: args.port, error };
    let upstream = Upstream::start_at(args.port, market).map_err(taken)?;
    let mut log = File::create(&args.log).map_err(DurableError::at("make", &args.log))?;
    session.console.line(format!("serves quotes at {}", upstream.base_url()));
    let mut before = String::new();
    loop {
        // No file is no order.
        let orders = fs::read_to_string(&args.orders).unwrap_or_default();
        if orders != before {
            let what = |what| QuotesError::Orders { path: args.orders.clone(), what };
            upstream.obey(&orders.parse::<Orders>().map_err(what)?).map_err(taken)?;
            session.console.line(format!("obeys {} line(s)", orders.lines().count()));
            before = orders;
        }
        for asked in upstream.take_log() {
            writeln!(log, "{} {}", asked.status, asked.target).map_err(DurableError::at("write", &args.log))?;
        }
        pause(LOOK);
    }
}
