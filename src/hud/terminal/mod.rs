//! The same facts in a terminal: one screen that keeps itself up to date, and one frame as text. Looks
//! only, as the web page does.

mod frame;

use std::{io, time::Duration};

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
};

use super::state::{self, Facts, facts};
use crate::{clock::Stopwatch, config::LoadOptions, ops::Station, text::Language};
use frame::Screen;

/// The longest wait for a key: how soon a change of the workspace is seen.
const TURN: Duration = Duration::from_millis(250);
/// The longest between two looks, seconds: facts also age when nothing happens.
const LOOK_DUE_SECONDS: f64 = 4.0;

/// Shows the facts until `q` is pressed.
///
/// # Errors
/// When the terminal cannot be drawn on or read.
pub fn run(station: &Station, options: &LoadOptions, language: Language, is_coloured: bool) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let ended = watch(&mut terminal, station, options, Screen::new(language, is_coloured));
    // The terminal is given back also when drawing on it failed.
    ratatui::try_restore().and(ended)
}

fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    station: &Station,
    options: &LoadOptions,
    mut screen: Screen,
) -> io::Result<()> {
    let (mut stamp, mut since) = (state::stamp(station), Stopwatch::start());
    let mut seen = facts(station, options, station.clock.now());
    loop {
        terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), &seen))?;
        let mut is_due = since.seconds() >= LOOK_DUE_SECONDS;
        if event::poll(TURN)?
            && let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            match key.code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(()),
                KeyCode::Char('l') => screen.turn_language(),
                KeyCode::Char('r') => is_due = true,
                KeyCode::Down | KeyCode::Char('j') => screen.scroll(1),
                KeyCode::Up | KeyCode::Char('k') => screen.scroll(-1),
                _ => {}
            }
        }
        let now = state::stamp(station);
        if is_due || now != stamp {
            (stamp, since) = (now, Stopwatch::start());
            seen = facts(station, options, station.clock.now());
        }
    }
}

/// Returns one frame as text, a line a row.
///
/// # Errors
/// When it cannot be drawn, which no facts bring about.
pub fn once(facts: &Facts, language: Language, width: u16, height: u16) -> io::Result<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).map_err(io::Error::other)?;
    let screen = Screen::new(language, false);
    terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), facts)).map_err(io::Error::other)?;
    let text = frame::text_of(terminal.backend().buffer());
    Ok(text)
}
