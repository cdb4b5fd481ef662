//! `lighthunter doctor`: the manual's environment step, as a machine check.

use super::{session::Session, words::cell};
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
    let language = session.global.lang;
    for check in &report.checks {
        let (grade, found) = (cell(check.grade.say(language), 5), check.found.say(language));
        session.console.line(format!("{grade} {:<12} {found}", check.name));
        if let Some(remedy) = &check.remedy {
            session.console.line(format!("{:>19}{}", "-> ", remedy.say(language)));
        }
    }
    session.console.document(&report);
    Ok(report.exit())
}
