//! Frames as a person sees them, in both sizes and languages, and what holds of every frame.

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, layout::Rect, style::Color};

use super::{cell::width_of, once, screen::Screen};
use crate::{
    hud::state::{Facts, Grade, sample},
    text::{Language, Note, Phrase},
};

const NARROW: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (200, 50);

fn frame(screen: &mut Screen, facts: &Facts, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), facts)).expect("drawn");
    terminal.backend().buffer().clone()
}

fn text(screen: &mut Screen, facts: &Facts, size: (u16, u16)) -> String {
    super::screen::text_of(&frame(screen, facts, size))
}

#[test]
fn frames_in_both_sizes_and_languages() {
    let facts = sample::facts();
    for (size, name) in [(NARROW, "narrow"), (WIDE, "wide")] {
        for language in Language::ALL {
            let frame = once(&facts, language, size.0, size.1).expect("drawn");
            insta::assert_snapshot!(format!("{name}_{language}"), frame);
        }
    }
}

#[test]
fn everything_that_matters_is_on_the_smallest_screen() {
    let frame = once(&sample::facts(), Language::English, NARROW.0, NARROW.1).expect("drawn");
    for word in [
        "Something is broken",
        "NightOps    ok       29 min ago",
        "Drills      stale    10 d ago",
        "nightly_regression failed at 2025-06-28 03:00",
        "988,586.11",
        "Drawdown 1.38 %",
        "Exposure 69.89 %",
        "✓ selfcheck",
        "· repair",
        "✓ record",
        "Next start 07-01 20:30",
        "backtest",
        "+2.24 %",
        "Ready",
        "q quit",
    ] {
        assert!(frame.contains(word), "no '{word}' in\n{frame}");
    }
}

#[test]
fn no_line_is_wider_than_any_terminal_and_every_size_is_drawn() {
    let facts = sample::facts();
    for language in Language::ALL {
        for (width, height) in
            [(20, 5), (21, 6), (40, 12), (71, 24), (79, 23), (139, 30), (140, 30), (141, 31), (500, 200)]
        {
            let frame = once(&facts, language, width, height).expect("drawn");
            assert_eq!(frame.lines().count(), usize::from(height));
            for line in frame.lines() {
                assert!(width_of(line) <= usize::from(width), "{width}x{height}: {line}");
            }
        }
    }
}

#[test]
fn scrolling_ends_with_the_content_and_a_larger_window_pulls_it_back() {
    let facts = sample::facts();
    let mut screen = Screen::new(Language::English, false);
    let top = text(&mut screen, &facts, NARROW);
    screen.scroll(i16::MAX);
    let end = text(&mut screen, &facts, NARROW);
    assert!(end.contains("Config") && end.contains("config/system_config.json"), "{end}");
    screen.scroll(1);
    assert_eq!(text(&mut screen, &facts, NARROW), end, "there is nothing below the end");
    screen.scroll_page(false);
    assert_ne!(text(&mut screen, &facts, NARROW), end);
    screen.scroll(i16::MIN);
    assert_eq!(text(&mut screen, &facts, NARROW), top);
    screen.scroll(i16::MAX);
    let tall = text(&mut screen, &facts, (80, 120));
    assert!(tall.contains("● NightOps    ok"), "all of it fits: {tall}");
}

/// Returns the colours of the cells that show a sign.
fn colours(buffer: &Buffer, sign: &str) -> Vec<Color> {
    buffer.content.iter().filter(|cell| cell.symbol() == sign).map(|cell| cell.fg).collect()
}

#[test]
fn stale_is_never_green() {
    let mut facts = sample::facts();
    facts.night_ops = facts.night_ops.marked(Grade::Stale, Note::new(Phrase::SessionsBehind, [&3, &"2025-07-03"]));
    for size in [NARROW, WIDE] {
        let mut screen = Screen::new(Language::English, true);
        let buffer = frame(&mut screen, &facts, size);
        assert!(colours(&buffer, "◌").len() >= 2 && !colours(&buffer, "◌").contains(&Color::Green));
        assert!(!colours(&buffer, "✓").contains(&Color::Green), "nor is a stage of it");
        assert!(colours(&buffer, "●").contains(&Color::Green), "what is good is green");
        screen.set_silent(true);
        let buffer = frame(&mut screen, &facts, size);
        assert!(
            buffer.content.iter().all(|cell| cell.fg != Color::Green && cell.bg != Color::Green),
            "a look that hangs"
        );
        assert!(super::screen::text_of(&buffer).contains("Old: the look"));
    }
}

#[test]
fn without_colours_there_are_none() {
    for size in [NARROW, WIDE] {
        let buffer = frame(&mut Screen::new(Language::English, false), &sample::facts(), size);
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    }
}

#[test]
fn help_shows_the_keys_and_goes_away() {
    let facts = sample::facts();
    let mut screen = Screen::new(Language::Chinese, false);
    let before = text(&mut screen, &facts, NARROW);
    screen.turn_help();
    assert!(text(&mut screen, &facts, NARROW).contains("滚动一页"));
    assert!(screen.leave_help() && !screen.leave_help());
    assert_eq!(text(&mut screen, &facts, NARROW), before);
    screen.turn_help();
    drop(frame(&mut screen, &facts, (20, 5)));
    assert_eq!(Rect::new(0, 0, 20, 5), frame(&mut screen, &facts, (20, 5)).area, "also where it does not fit");
}

#[test]
fn a_config_that_does_not_load_is_said_with_its_line() {
    let mut facts = sample::facts();
    facts.config.value.mistakes = vec!["config/system_config.json:3: hud.prot: unknown key".into()];
    facts.config = facts.config.marked(Grade::Fail, Note::new(Phrase::ConfigMistakes, [&1]));
    let frame = once(&facts, Language::English, NARROW.0, NARROW.1).expect("drawn");
    assert!(frame.contains("hud.prot"), "{frame}");
}
