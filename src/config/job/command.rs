//! What a job may start: a command of LightHunter, or a program that is there. Starts nothing.

use std::{
    env,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::super::section::Section;

/// How a job's command names LightHunter itself.
pub const OWN_PROGRAM: &str = "lighthunter";

/// What a command may hold that is replaced when the job starts.
pub const TRADE_DATE: &str = "{trade_date}";

/// The commands that a job may call. `scheduler` is none of them: a schedule does not start itself.
pub const JOB_COMMANDS: [&str; 23] = [
    "backtest",
    "baseline",
    "bootstrap",
    "config",
    "dashboard",
    "data",
    "day-ops",
    "doctor",
    "drill",
    "experiments",
    "factors",
    "help",
    "hud",
    "init",
    "models",
    "monitor",
    "night-ops",
    "performance",
    "regression",
    "risk",
    "rollback",
    "simulate",
    "walk-forward",
];

/// Global options that take a value of their own.
const OPTIONS_WITH_VALUE: [&str; 4] = ["--workspace", "--as-of", "--set", "--lang"];

/// Returns the command of LightHunter that an argument list calls; nothing where it calls another
/// program or names no command.
#[must_use]
pub fn own_command(command: &[String]) -> Option<&str> {
    let (program, arguments) = command.split_first()?;
    if program != OWN_PROGRAM {
        return None;
    }
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if OPTIONS_WITH_VALUE.contains(&argument.as_str()) {
            arguments.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}

/// Returns the file of another program than LightHunter: a path is taken from the workspace's root, a
/// plain name from `PATH`. Nothing where there is no such file, or it may not be executed.
#[must_use]
pub fn program_file(root: &Path, program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(root.join(program)).filter(|path| is_executable(path));
    }
    let directories = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&directories).map(|directory| directory.join(program)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Reads an argument list and checks what can be checked without a workspace.
pub(super) fn read(s: &mut Section<'_>) -> Vec<String> {
    let command = s.texts("command");
    if command.is_empty() && s.has("command") {
        s.mistake("command", "is empty, allowed: a program and its arguments");
    }
    for argument in &command {
        let rest = argument.replace(TRADE_DATE, "");
        if rest.contains('{') || rest.contains('}') {
            s.mistake("command", format!("holds {argument:?}; the only placeholder is {TRADE_DATE}"));
        }
    }
    if command.first().is_some_and(|program| program == OWN_PROGRAM) {
        match own_command(&command) {
            Some(name) if JOB_COMMANDS.contains(&name) => {}
            Some("scheduler") => s.mistake("command", "starts the scheduler, which starts the jobs"),
            Some(name) => {
                s.mistake_near("command", format!("{name} is not a command of {OWN_PROGRAM}"), name, JOB_COMMANDS);
            }
            None => s.mistake("command", format!("names no command of {OWN_PROGRAM}")),
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{own_command, program_file};

    #[test]
    fn command_is_the_first_word_that_is_no_option() {
        let cases = [
            ("lighthunter night-ops --mode full", Some("night-ops")),
            ("lighthunter --as-of {trade_date} -q night-ops", Some("night-ops")),
            ("lighthunter --set a=b --set=c=d --json data collect", Some("data")),
            ("lighthunter --version", None),
            ("lighthunter", None),
            ("python night-ops", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let command: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            assert_eq!(own_command(&command), expected, "{text}");
        }
    }

    #[test]
    fn program_is_a_file_that_may_be_executed() {
        let room = tempfile::tempdir().expect("a directory");
        assert!(program_file(room.path(), "sh").is_some(), "found by PATH");
        assert!(program_file(room.path(), "/bin/sh").is_some());
        assert!(program_file(room.path(), "no-such-program-anywhere").is_none());
        crate::durable::replace(&room.path().join("job.sh"), "#!/bin/sh\n").expect("written");
        assert!(program_file(room.path(), "./job.sh").is_none(), "not executable");
        assert!(program_file(Path::new("/"), "etc/").is_none(), "a directory");
    }
}
