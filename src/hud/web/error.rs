//! Why the page cannot be served.

use std::{io, path::PathBuf};

use super::{Access, TOKEN_VARIABLE};
use crate::{
    bus::Holder,
    exit::{Exit, Failure},
};

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HudError {
    /// Another process has the port.
    #[error("hud.port is taken by {holder}")]
    PortTaken {
        /// Who has it, with the port.
        holder: Holder,
    },
    /// The address is not to be had.
    #[error("the page cannot be served at {address}: {source}")]
    Serve {
        /// Where.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The page is open to others, and nothing keeps them out.
    #[error("{0} can be reached from other machines, and there is no token")]
    NoToken(String),
    /// The token can be guessed or does not fit into a header.
    #[error("the token is too short or has characters that cannot be sent: at least {0}, letters, digits and signs")]
    WeakToken(usize),
    /// The file of the token cannot be read.
    #[error("cannot read the token's file {path}: {source}", path = path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read the token.
    #[error("others may read the token's file {path}", path = .0.display())]
    OpenTokenFile(PathBuf),
    /// The system does not let signals be waited for.
    #[error("signals cannot be waited for: {0}")]
    Signals(io::Error),
    /// No thread for looking at the workspace.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
}

impl HudError {
    pub(super) fn port(access: &Access, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            return Self::PortTaken { holder: Holder::of(&format!("tcp://127.0.0.1:{}", access.port())) };
        }
        Self::serve(access, source)
    }

    pub(super) fn serve(access: &Access, source: io::Error) -> Self {
        Self::Serve { address: format!("{}:{}", access.host(), access.port()), source }
    }
}

impl Failure for HudError {
    fn exit(&self) -> Exit {
        match self {
            Self::PortTaken { .. } => Exit::Busy,
            Self::Serve { .. } | Self::Signals(_) | Self::Thread(_) => Exit::Storage,
            Self::NoToken(_) | Self::WeakToken(_) | Self::TokenFile { .. } | Self::OpenTokenFile(_) => Exit::Config,
        }
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::PortTaken { .. } => "Stop that process, or give another --port (hud.port of the config).".into(),
            Self::Serve { .. } => "Choose an address of this machine and a port above 1023.".into(),
            Self::NoToken(_) => {
                format!("Set {TOKEN_VARIABLE} or give --token-file FILE; or leave --host at 127.0.0.1.")
            }
            Self::WeakToken(_) => "Make one with `openssl rand -hex 32`.".into(),
            Self::TokenFile { .. } => "Check the path after --token-file.".into(),
            Self::OpenTokenFile(path) => format!("Run `chmod 600 {}`.", path.display()),
            Self::Signals(_) | Self::Thread(_) => "Raise the limit of threads of this user.".into(),
        })
    }
}
