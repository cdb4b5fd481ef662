//! A witness beside a command: writes down which system calls the kernel refused, and with which error. Where
//! the machine has no tracer, what the command itself said must do.

use std::{fs, path::PathBuf};

use super::{CommandLine, Place, Seen, before, probed, strace};

/// The file in which the witness writes.
const RECORD: &str = "refused.txt";

/// The calls that a limit or a file system refuses.
const CALLS: &str = "%desc,%memory,%file,%process";

/// A witness of one run.
#[derive(Debug)]
pub(super) struct Witness {
    record: PathBuf,
    is_there: bool,
}

impl Witness {
    pub(super) fn of(place: &Place<'_>) -> Self {
        Self { record: place.scratch.join(RECORD), is_there: probed("strace", strace::probe).is_ok() }
    }

    /// Puts itself before a command.
    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        if !self.is_there {
            return inner;
        }
        let record = self.record.to_string_lossy();
        let words = ["-f", "-q", "-Z", "--seccomp-bpf", "-e", "signal=none", "-e"];
        let trace = format!("trace={CALLS}");
        let words = words.iter().map(|word| (*word).to_owned());
        before("strace", words.chain([trace, "-o".into(), record.into_owned(), "--".into()]).collect(), inner)
    }

    /// Returns the first call that was refused with one of the errors, or the words in which the command said so.
    pub(super) fn saw(&self, errors: &[(&str, &str)], seen: &Seen<'_>) -> Result<String, String> {
        if !self.is_there {
            let words = errors.iter().find(|(_, words)| seen.said.contains(words));
            return words.map(|(name, words)| format!("{name}: the command said '{words}'")).ok_or_else(|| {
                format!("the command said nothing of {}, and there is no tracer; {}", listed(errors), seen.ended)
            });
        }
        let bytes = fs::read(&self.record).map_err(|error| format!("the tracer wrote no record: {error}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let is_it = |line: &&str| errors.iter().any(|(name, _)| line.contains(&format!("= -1 {name} ")));
        let hits: Vec<&str> = text.lines().filter(is_it).collect();
        match hits.first() {
            Some(hit) => Ok(format!("{} times, first: {}", hits.len(), hit.trim())),
            None => Err(format!("the kernel refused no call with {}; {}", listed(errors), seen.ended)),
        }
    }
}

fn listed(errors: &[(&str, &str)]) -> String {
    errors.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" or ")
}
