//! `lighthunter help exit-codes`: the public table of exit codes.

use serde_json::json;

use super::{arguments::Cli, session::Session};
use crate::exit::Exit;

pub(super) fn run(session: &Session, topic: Option<&str>) -> Exit {
    let console = session.console;
    match topic {
        Some("exit-codes") => {
            for exit in Exit::ALL {
                console.line(format!("{:>3}  {}", exit.code(), exit.meaning()));
            }
            console.line("128+n  ended by signal n");
            let table: Vec<_> =
                Exit::ALL.iter().map(|exit| json!({ "code": exit.code(), "meaning": exit.meaning() })).collect();
            console.document(&table);
            Exit::Done
        }
        Some(name) => command_help(session, name),
        None => command_help(session, ""),
    }
}

fn command_help(session: &Session, name: &str) -> Exit {
    use clap::CommandFactory;
    let mut cli = Cli::command();
    // Global options belong to a command only once the whole line is put together.
    cli.build();
    let found = if name.is_empty() { Some(&mut cli) } else { cli.find_subcommand_mut(name) };
    let Some(command) = found else {
        session.console.note(format!("error: there is no command or topic '{name}'; try `lighthunter help`"));
        return Exit::Usage;
    };
    session.console.line(command.render_help().to_string());
    Exit::Done
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn every_command_explains_itself() {
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            let mut cli = Cli::command();
            cli.build();
            let command = cli.find_subcommand_mut(&name).expect("listed");
            assert!(!command.render_help().to_string().is_empty(), "{name}");
        }
    }
}
