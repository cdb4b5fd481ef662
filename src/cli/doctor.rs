//! `lighthunter doctor`: the manual's environment step, as a machine check.

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    ops::doctor,
};

pub(super) fn run(session: &Session) -> Result<Exit, AnyFailure> {
    let station = match session.workspace_here()? {
        Some(_) => Some(session.station("doctor")?),
        None => None,
    };
    let report = doctor::examine(station.as_ref(), &session.clock);
    for check in &report.checks {
        session.console.line(format!("{:<5} {:<12} {}", check.grade.name(), check.name, check.found));
        if let Some(remedy) = &check.remedy {
            session.console.line(format!("{:>19}{remedy}", "-> "));
        }
    }
    session.console.document(&report);
    Ok(report.exit())
}
