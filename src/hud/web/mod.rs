//! The web page: shows the facts of a workspace to a browser, live. Changes nothing, whoever asks: there
//! is no route that writes.
//!
//! One thread looks at the workspace, writes every answer out once and puts it on the board; requests and
//! events hand out what is there. A thousand listeners cost one look.

mod access;
mod api;
mod asset;
mod board;
mod drill_files;
mod error;
mod events;
mod exposition;
mod guard;
mod page;
mod refresher;
mod report_files;
mod routes;

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

pub use access::{Access, TOKEN_VARIABLE};
pub use error::HudError;

use crate::{
    config::LoadOptions,
    exit::{AnyFailure, Exit},
    ops::{
        Station,
        monitor::{
            connection::{BoundedListener, Life},
            stop::Stop,
        },
    },
    text::Language,
};
use board::Board;

/// The name in logs and errors.
pub const COMPONENT: &str = "hud";

/// How often the server looks whether it is to end.
const STOP_LOOK: Duration = Duration::from_millis(50);

/// Connections at once.
const CONNECTIONS_MAX: usize = 2_048;
/// The longest without a byte sent to the peer. Longer than the time between two beats of the events.
const PATIENCE: Duration = Duration::from_secs(12);

/// How the page is served.
#[derive(Debug, Clone)]
pub struct HudOptions {
    /// The address, the port, and who may come.
    pub access: Access,
    /// The language where a request names none.
    pub language: Language,
    /// How the config is read anew at each look.
    pub load: LoadOptions,
}

/// What every request sees.
#[derive(Debug, Clone)]
struct Site {
    board: Board,
    station: Arc<Station>,
    access: Arc<Access>,
    address: SocketAddr,
    language: Language,
}

/// Serves the page until a signal comes, and returns which.
///
/// # Errors
/// When the port is taken (Busy, with who holds it), the address is not to be had, or it is open to others
/// and there is no token.
pub fn serve(station: &Station, options: &HudOptions, on_ready: impl FnOnce(SocketAddr)) -> Result<Exit, AnyFailure> {
    options.access.check()?;
    let stop = Stop::listen().map_err(HudError::Signals)?;
    let listener = take(&options.access)?;
    let address = listener.local_addr().map_err(|source| HudError::serve(&options.access, source))?;
    let board = refresher::start(station, &options.load)?;
    let site = Site {
        board,
        station: Arc::new(station.clone()),
        access: Arc::new(options.access.clone()),
        address,
        language: options.language,
    };
    let failed = |source| HudError::serve(&options.access, source);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let signal = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let listener = BoundedListener::new(listener, CONNECTIONS_MAX, Life::SinceTaken(PATIENCE));
        tokio::spawn(site.board.clone().hand_on());
        let server = axum::serve(listener, routes::router(site));
        on_ready(address);
        tokio::select! {
            ended = server.into_future() => ended.map(|()| None),
            signal = stopped(&stop) => Ok(Some(signal)),
        }
    });
    // Open connections are cut when the runtime goes: nobody's work hangs on them.
    match signal.map_err(failed)? {
        Some(signal) => Ok(Exit::Signal(signal)),
        None => Ok(Exit::Internal),
    }
}

fn take(access: &Access) -> Result<TcpListener, HudError> {
    let bound = TcpListener::bind((access.host(), access.port())).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|source| HudError::port(access, source))
}

async fn stopped(stop: &Stop) -> u8 {
    loop {
        if let Some(signal) = stop.signal() {
            return signal;
        }
        tokio::time::sleep(STOP_LOOK).await;
    }
}
