//! What every part of the panel shares: the facts, the language, and how a grade looks.

use jiff::Timestamp;
use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

use super::cell::{NONE, cut, fit, width_of, wrap};
use crate::{
    clock::shanghai_zone,
    hud::state::{Facts, Grade, Summary},
    text::{Language, Phrase},
};

/// The cells of the names at the left of a narrow panel.
pub(super) const GUTTER: usize = 13;

/// Writes the facts as lines of a terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painter<'a> {
    pub(super) facts: &'a Facts,
    pub(super) language: Language,
    pub(super) is_coloured: bool,
    /// The look is too old: what was good is stale.
    pub(super) is_silent: bool,
}

impl Painter<'_> {
    pub(super) fn say(&self, phrase: Phrase) -> &'static str {
        phrase.say(self.language)
    }

    /// Returns how a grade is shown: nothing is good any more when the look hangs.
    pub(super) fn shown(&self, grade: Grade) -> Grade {
        if self.is_silent { grade.max(Grade::Stale) } else { grade }
    }

    /// Returns how a part of a fact is shown: what was good is stale where the fact is.
    pub(super) fn shown_in(&self, summary: &Summary, grade: Grade) -> Grade {
        let least = if summary.grade == Grade::Stale { Grade::Stale } else { grade };
        self.shown(grade.max(least))
    }

    pub(super) fn style(&self, grade: Grade) -> Style {
        let style = Style::new();
        match (grade, self.is_coloured) {
            (Grade::Ok, true) => style.fg(Color::Green),
            (Grade::Warning, true) => style.fg(Color::Yellow),
            (Grade::Fail, true) => style.fg(Color::Red).add_modifier(Modifier::BOLD),
            (Grade::Unknown | Grade::Stale, _) => style.add_modifier(Modifier::DIM),
            (Grade::Fail, false) => style.add_modifier(Modifier::BOLD),
            (Grade::Ok | Grade::Warning, false) => style,
        }
    }

    /// Returns the style of what is beside the point.
    pub(super) const fn quiet() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn age(&self, seconds: u64) -> String {
        let (phrase, value) = match seconds {
            0..120 => (Phrase::SecondsAgo, seconds),
            120..7_200 => (Phrase::MinutesAgo, seconds / 60),
            7_200..172_800 => (Phrase::HoursAgo, seconds / 3_600),
            _ => (Phrase::DaysAgo, seconds / 86_400),
        };
        self.say(phrase).replacen("{}", &value.to_string(), 1)
    }

    /// Returns the age of an instant at the look.
    pub(super) fn age_of(&self, at: Timestamp) -> String {
        u64::try_from(self.facts.at.duration_since(at).as_secs()).map_or_else(|_| NONE.into(), |age| self.age(age))
    }

    /// Returns the facts by their names on the screen.
    pub(super) fn named(&self) -> Vec<(&'static str, &Summary)> {
        let named = |(name, summary)| (self.say(name_of(name)), summary);
        self.facts.summaries().into_iter().map(named).collect()
    }

    fn age_words(&self, summary: &Summary) -> String {
        summary.age_s.map_or_else(|| self.say(Phrase::NoAge).to_owned(), |age| self.age(age))
    }

    /// Writes the sign, the name, the grade and the age of a fact.
    fn head(&self, name: &str, summary: &Summary, width: usize) -> Span<'static> {
        let grade = self.shown(summary.grade);
        let words = format!(
            "{} {} {} {}",
            grade.sign(),
            fit(name, 11),
            fit(self.say(grade.phrase()), 8),
            fit(&self.age_words(summary), 12)
        );
        Span::styled(fit(&words, width), self.style(grade))
    }

    /// Writes all facts in two columns, down the first and then the second.
    pub(super) fn grid(&self, width: usize) -> Vec<Line<'static>> {
        let named = self.named();
        let columns = if width >= 72 { 2 } else { 1 };
        let (rows, each) = (named.len().div_ceil(columns), width / columns);
        let cell = |at: usize| named.get(at).map(|(name, summary)| self.head(name, summary, each));
        let line = |row: usize| (0..columns).filter_map(|column| cell(column * rows + row)).collect::<Line<'_>>();
        (0..rows).map(line).collect()
    }

    /// Says why a fact is not good; of the config with the lines to mend.
    fn said(&self, summary: &Summary) -> Vec<String> {
        let mut said: Vec<String> = summary.notes.iter().map(|note| note.say(self.language)).collect();
        if std::ptr::eq(summary, &raw const self.facts.config.summary) {
            said.extend(self.facts.config.value.mistakes.iter().cloned());
        }
        said
    }

    /// Writes why facts are not good, the worst first, a line a note.
    pub(super) fn notes(&self, width: usize) -> Vec<Line<'static>> {
        let mut notes: Vec<(Grade, String)> = Vec::new();
        for (name, summary) in self.named() {
            let said = self.said(summary).into_iter().map(|note| format!("{name}: {note}"));
            notes.extend(said.map(|note| (self.shown(summary.grade), note)));
        }
        notes.sort_by_key(|(grade, _)| std::cmp::Reverse(*grade));
        let line = |(grade, note): (Grade, String)| {
            Line::styled(cut(&format!("{} {note}", grade.sign()), width), self.style(grade))
        };
        notes.into_iter().map(line).collect()
    }

    /// Writes all facts below each other, each with its notes in full.
    pub(super) fn list(&self, width: usize) -> Vec<Line<'static>> {
        let head = 36;
        let mut lines = Vec::new();
        for (name, summary) in self.named() {
            let style = self.style(self.shown(summary.grade));
            let said = self.said(summary).into_iter().flat_map(|note| wrap(&note, width.saturating_sub(head)));
            let mut said = said.map(|line| Span::styled(line, style));
            let source = || Span::styled(cut(&summary.source, width.saturating_sub(head)), Self::quiet());
            let first = said.next().unwrap_or_else(source);
            lines.push(Line::from_iter([self.head(name, summary, head), first]));
            lines.extend(said.map(|more| Line::from_iter([Span::raw(" ".repeat(head)), more])));
        }
        lines
    }

    /// Puts a name to the left of some lines.
    pub(super) fn labelled(&self, phrase: Phrase, lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
        let put = |(at, mut line): (usize, Line<'static>)| {
            let name = if at == 0 { self.say(phrase) } else { "" };
            let bold = Style::new().add_modifier(Modifier::BOLD);
            line.spans.insert(0, Span::styled(fit(name, GUTTER), bold));
            line
        };
        lines.into_iter().enumerate().map(put).collect()
    }
}

const fn name_of(fact: &str) -> Phrase {
    match fact.as_bytes() {
        b"night_ops" => Phrase::NightOps,
        b"day_ops" => Phrase::DayOps,
        b"schedule" => Phrase::Schedule,
        b"accounts" => Phrase::Accounts,
        b"risk" => Phrase::Risk,
        b"experiments" => Phrase::Experiments,
        b"models" => Phrase::Models,
        b"data" => Phrase::Data,
        b"drills" => Phrase::Drills,
        b"monitor" => Phrase::Monitor,
        _ => Phrase::Config,
    }
}

/// Writes words side by side, as many a line as fit.
pub(super) fn flow(words: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + 2 + word.width() <= width => {
                line.push_span("  ");
                line.push_span(word);
            }
            _ => lines.push(Line::from(Span::styled(cut(&word.content, width), word.style))),
        }
    }
    lines
}

/// Writes an instant of these days in the exchange's zone.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%m-%d %H:%M").to_string()
}

/// Writes money with groups of three digits.
pub(super) fn money(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{}.{cents}", grouped(whole))
}

/// Writes digits in groups of three.
pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a change in percent with its sign.
pub(super) fn change(share: f64) -> String {
    let sign = if share < 0.0 { "−" } else { "+" };
    format!("{sign}{:.2} %", share.abs() * 100.0)
}

/// Writes a share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Fills a line to a width with another text at its right end.
pub(super) fn ends(left: &str, end: &str, width: usize) -> String {
    let rest = width.saturating_sub(width_of(end));
    if rest <= 1 { fit(left, width) } else { fit(&cut(left, rest - 1), rest) + end }
}
