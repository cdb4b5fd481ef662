//! Draws one frame: the verdict, a line a fact, the details that fit, and the keys.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::Line,
    widgets::{Paragraph, Widget as _, Wrap},
};

use crate::{
    clock::shanghai_zone,
    hud::state::{Facts, Grade, Summary},
    text::{Language, Phrase},
};

/// How a frame is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    language: Language,
    is_coloured: bool,
    offset: u16,
}

impl Screen {
    pub(super) const fn new(language: Language, is_coloured: bool) -> Self {
        Self { language, is_coloured, offset: 0 }
    }

    pub(super) const fn turn_language(&mut self) {
        self.language = match self.language {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        };
    }

    pub(super) fn scroll(&mut self, lines: i16) {
        self.offset = self.offset.saturating_add_signed(lines).min(1_000);
    }

    pub(super) fn draw(self, area: Rect, buffer: &mut Buffer, facts: &Facts) {
        let [top, middle, bottom] = rows(area);
        let at = facts.at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let verdict = format!("{} {}", facts.grade.sign(), facts.grade.phrase().say(self.language));
        let as_of = Phrase::AsOf.say(self.language).replacen("{}", &at, 1);
        let head = format!("LightHunter {}   {verdict}   {as_of}", facts.workspace);
        Line::styled(head, self.style(facts.grade).add_modifier(Modifier::BOLD)).render(top, buffer);
        let mut lines: Vec<Line<'_>> =
            facts.summaries().into_iter().flat_map(|(name, summary)| self.fact(name, summary)).collect();
        lines.push(Line::default());
        lines.extend(self.details(facts).into_iter().map(Line::raw));
        let body = Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((self.offset, 0));
        body.render(middle, buffer);
        let keys = Phrase::Keys.say(self.language);
        Line::styled(keys, Style::new().add_modifier(Modifier::REVERSED)).render(bottom, buffer);
    }

    fn style(self, grade: Grade) -> Style {
        if !self.is_coloured {
            return Style::new();
        }
        let colour = match grade {
            Grade::Ok => Color::Green,
            Grade::Unknown | Grade::Stale => Color::DarkGray,
            Grade::Warning => Color::Yellow,
            Grade::Fail => Color::Red,
        };
        Style::new().fg(colour)
    }

    /// Writes a fact: its line, and what else is said about it below.
    fn fact(self, name: &str, summary: &Summary) -> Vec<Line<'static>> {
        let notes: Vec<String> = summary.notes.iter().map(|note| note.say(self.language)).collect();
        let age = summary.age_s.map_or_else(|| Phrase::NoAge.say(self.language).to_owned(), |age| self.age(age));
        let grade = summary.grade.phrase().say(self.language);
        let first = notes.first().cloned().unwrap_or_default();
        let line = format!("{} {name:<12} {grade:<8} {age:<12} {first}", summary.grade.sign());
        let more = notes.iter().skip(1).map(|note| Line::raw(format!("    {note}")));
        std::iter::once(Line::styled(line, self.style(summary.grade))).chain(more).collect()
    }

    fn age(self, seconds: u64) -> String {
        let (phrase, value) = match seconds {
            0..120 => (Phrase::SecondsAgo, seconds),
            120..7_200 => (Phrase::MinutesAgo, seconds / 60),
            7_200..172_800 => (Phrase::HoursAgo, seconds / 3_600),
            _ => (Phrase::DaysAgo, seconds / 86_400),
        };
        phrase.say(self.language).replacen("{}", &value.to_string(), 1)
    }

    fn details(self, facts: &Facts) -> Vec<String> {
        let say = |phrase: Phrase| phrase.say(self.language);
        let mut lines = Vec::new();
        for account in &facts.accounts.value {
            let (nav, fall, gross) = (account.nav, account.dd_total * 100.0, account.gross_exposure * 100.0);
            lines.push(format!(
                "{} {}: {nav:.2}  {} {fall:.2} %  {} {gross:.1} %  {} {}",
                say(Phrase::Account),
                account.account_id,
                say(Phrase::Drawdown),
                say(Phrase::Exposure),
                say(Phrase::Positions),
                account.positions.len()
            ));
        }
        if let Some(night) = &facts.night_ops.value {
            lines.push(format!("{} {}: {}", say(Phrase::NightOps), night.date, night.status));
            lines.extend(
                night.stages.iter().map(|stage| format!("  {:<10} {:<8} {}", stage.name, stage.status, stage.reason)),
            );
        }
        lines.extend(facts.experiments.value.iter().map(|one| {
            let earned = one.metrics.get("bt_ret_total").copied().flatten();
            let earned = earned.map_or_else(String::new, |earned| format!("{:+.2} %", earned * 100.0));
            format!("{} {:<40} {:<8} {earned}", say(Phrase::Experiment), one.experiment_id, one.status)
        }));
        lines
    }
}

/// Splits the screen into the verdict, the middle and the keys.
fn rows(area: Rect) -> [Rect; 3] {
    let line = |y: u16, height: u16| Rect { y: area.y + y, height, ..area }.intersection(area);
    let last = area.height.saturating_sub(1);
    [line(0, 1), line(2, last.saturating_sub(2)), line(last, 1)]
}

/// Returns a frame as text without colours.
pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks(width) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
