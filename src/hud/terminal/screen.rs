//! Draws one frame: the verdict at the top, the parts in one column or in two, and the keys below. The
//! whole content is drawn aside, and the part of it that is scrolled to is shown.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span, Text},
    widgets::{Block, Clear, Widget as _},
};

use super::{
    cell::{cut, fit, width_of},
    painter::{GUTTER, Painter, ends},
};
use crate::{
    clock::shanghai_zone,
    hud::state::{Facts, Grade},
    text::{Language, Phrase},
};

/// From this width and height on the parts stand in two columns.
const WIDE: (u16, u16) = (140, 30);
/// The least and the most rows of a curve.
const CURVE_ROWS: (u16, u16) = (9, 24);
/// The experiments and drills of a narrow panel.
const FEW: usize = 3;
/// The keys and what they do.
const KEYS: [(&str, Phrase); 7] = [
    ("q  Esc  Ctrl-C", Phrase::KeyQuit),
    ("?  h", Phrase::KeyHelp),
    ("l", Phrase::KeyLanguage),
    ("r", Phrase::KeyLook),
    ("j  k  Down  Up", Phrase::KeyLine),
    ("Space  PgDn  PgUp", Phrase::KeyPage),
    ("g  G  Home  End", Phrase::KeyEnds),
];

/// How a frame is drawn, and how far it is scrolled.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    language: Language,
    is_coloured: bool,
    is_silent: bool,
    shows_help: bool,
    offset: u16,
    /// The rows of the content and of the window on it, at the last frame.
    rows: (u16, u16),
}

/// A part with its title.
struct Part {
    title: &'static str,
    lines: Vec<Line<'static>>,
}

impl Screen {
    pub(super) const fn new(language: Language, is_coloured: bool) -> Self {
        Self { language, is_coloured, is_silent: false, shows_help: false, offset: 0, rows: (0, 0) }
    }

    pub(super) const fn turn_language(&mut self) {
        self.language = match self.language {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        };
    }

    pub(super) const fn turn_help(&mut self) {
        self.shows_help = !self.shows_help;
    }

    /// Takes the help away; says whether it was there.
    pub(super) const fn leave_help(&mut self) -> bool {
        std::mem::replace(&mut self.shows_help, false)
    }

    /// Says whether the look at the workspace hangs: then nothing on the panel is good.
    pub(super) const fn set_silent(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
    }

    /// Scrolls by lines, never past the content.
    pub(super) fn scroll(&mut self, lines: i16) {
        self.offset = self.offset.saturating_add_signed(lines).min(self.offset_max());
    }

    /// Scrolls by windows.
    pub(super) fn scroll_page(&mut self, is_down: bool) {
        let page = i16::try_from(self.rows.1.saturating_sub(1).max(1)).unwrap_or(i16::MAX);
        self.scroll(if is_down { page } else { -page });
    }

    const fn offset_max(&self) -> u16 {
        self.rows.0.saturating_sub(self.rows.1)
    }

    pub(super) fn draw(&mut self, area: Rect, buffer: &mut Buffer, facts: &Facts) {
        let painter =
            Painter { facts, language: self.language, is_coloured: self.is_coloured, is_silent: self.is_silent };
        let width = usize::from(area.width);
        let row = |y: u16| Rect { y: area.y + y, height: 1, ..area }.intersection(area);
        self.head(&painter, width).render(row(0), buffer);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area }.intersection(area);
        let content =
            if area.width >= WIDE.0 && area.height >= WIDE.1 { wide(&painter, body) } else { narrow(&painter, body) };
        self.rows = (content.area.height, body.height);
        self.offset = self.offset.min(self.offset_max());
        show(&content, self.offset, body, buffer);
        if area.height > 1 {
            self.foot(width).render(row(area.height - 1), buffer);
        }
        if self.shows_help {
            help(&painter, body, buffer);
        }
    }

    /// Writes the workspace, the verdict and the moment of the look.
    fn head(&self, painter: &Painter<'_>, width: usize) -> Line<'static> {
        let facts = painter.facts;
        let at = facts.at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let grade = painter.shown(facts.grade);
        let verdict = if self.is_silent { Phrase::PanelIsOld } else { facts.grade.sentence() };
        let name = format!(" {}  ", cut(&facts.workspace, 24));
        let left = width.saturating_sub(width_of(&name));
        let rest = ends(&format!("{} {}", grade.sign(), painter.say(verdict)), &format!("{at} "), left);
        let style = if self.is_silent { painter.style(Grade::Fail) } else { painter.style(grade) };
        let bold = Modifier::BOLD | Modifier::REVERSED;
        Line::from_iter([Span::raw(name), Span::styled(rest, style)]).style(Style::new().add_modifier(bold))
    }

    /// Writes the keys, and how much there is below.
    fn foot(&self, width: usize) -> Line<'static> {
        let keys = format!(" {}", Phrase::Keys.say(self.language));
        let below = self.offset_max().saturating_sub(self.offset);
        let more = match (self.offset, below) {
            (0, 0) => String::new(),
            (_, 0) => "↑ ".to_owned(),
            (0, _) => format!("↓ {below} "),
            _ => format!("↑ ↓ {below} "),
        };
        Line::styled(ends(&keys, &more, width), Style::new().add_modifier(Modifier::REVERSED))
    }
}

/// Shows a window on the content.
fn show(content: &Buffer, offset: u16, area: Rect, buffer: &mut Buffer) {
    for y in 0..area.height.min(content.area.height.saturating_sub(offset)) {
        for x in 0..area.width.min(content.area.width) {
            if let (Some(from), Some(to)) = (content.cell((x, y + offset)), buffer.cell_mut((area.x + x, area.y + y))) {
                *to = from.clone();
            }
        }
    }
}

/// Draws everything that matters within a window of 80 by 22, and the rest below it.
fn narrow(painter: &Painter<'_>, body: Rect) -> Buffer {
    let width = usize::from(body.width);
    let inner = width.saturating_sub(GUTTER);
    let mut lines = painter.grid(width);
    let mut parts = painter.labelled(Phrase::Accounts, painter.accounts(inner));
    parts.extend(painter.labelled(Phrase::NightOps, painter.night(inner)));
    parts.extend(painter.labelled(Phrase::Schedule, painter.schedule(inner)));
    parts.extend(painter.labelled(Phrase::Experiments, painter.experiments(inner, FEW)));
    parts.extend(painter.labelled(Phrase::Drills, painter.drills(inner, 1)));
    let left = usize::from(body.height).saturating_sub(lines.len() + parts.len());
    let notes = painter.notes(width);
    lines.extend(notes.iter().take(left.max(2)).cloned());
    // A blank line keeps them apart where there is room for it.
    if left > notes.len() {
        lines.push(Line::default());
    }
    lines.append(&mut parts);
    for (phrase, more) in [
        (Phrase::Alerts, painter.alerts(inner, usize::MAX)),
        (Phrase::Positions, painter.positions(inner, usize::MAX)),
        (Phrase::Models, painter.models(inner)),
        (Phrase::DayOps, painter.checks(inner)),
        (Phrase::Details, painter.list(inner)),
    ] {
        lines.push(Line::default());
        lines.extend(painter.labelled(phrase, more));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let mut content = Buffer::empty(Rect::new(0, 0, body.width, height.max(body.height)));
    Text::from(lines).render(content.area, &mut content);
    content
}

/// Draws two columns: how everything is at the left, what it is worth at the right.
fn wide(painter: &Painter<'_>, body: Rect) -> Buffer {
    let left_width = body.width / 2;
    let widths = [left_width, body.width - left_width].map(|width| usize::from(width.saturating_sub(4)));
    let say = |phrase: Phrase| painter.say(phrase);
    let part = |phrase: Phrase, lines| Part { title: say(phrase), lines };
    let left = [
        part(Phrase::Overview, painter.list(widths[0])),
        part(Phrase::NightOps, painter.night_in_full(widths[0])),
        part(Phrase::Schedule, painter.schedule(widths[0])),
        part(Phrase::DayOps, painter.checks(widths[0])),
        part(Phrase::Drills, painter.drills(widths[0], 2 * FEW)),
    ];
    let right = [
        part(Phrase::Accounts, painter.accounts_in_full(widths[1])),
        part(Phrase::Positions, painter.positions(widths[1], 12)),
        part(Phrase::Alerts, painter.alerts(widths[1], 6)),
        part(Phrase::Experiments, painter.experiments(widths[1], 2 * FEW)),
        part(Phrase::Models, painter.models(widths[1])),
    ];
    let rows = |parts: &[Part]| -> u16 { parts.iter().map(Part::rows).fold(0, u16::saturating_add) };
    let curves = painter.curves();
    let spare = body.height.saturating_sub(rows(&right)).clamp(CURVE_ROWS.0, CURVE_ROWS.1);
    let curve_rows = if curves.is_empty() { 0 } else { spare };
    let height = rows(&left).max(rows(&right).saturating_add(curve_rows)).max(body.height);
    let mut content = Buffer::empty(Rect::new(0, 0, body.width, height));
    let column = |x: u16, y: u16, width: u16| Rect { x, y, width, height: height.saturating_sub(y) };
    stack(&left, column(0, 0, left_width), &mut content);
    let each = (body.width - left_width) / u16::try_from(curves.len().max(1)).unwrap_or(1);
    for (at, curve) in (0..).zip(&curves) {
        let area = Rect { x: left_width + at * each, y: 0, width: each, height: curve_rows };
        painter.draw_curve(curve, area, &mut content);
    }
    stack(&right, column(left_width, curve_rows, body.width - left_width), &mut content);
    content
}

impl Part {
    fn rows(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX).saturating_add(2)
    }
}

/// Draws parts below each other, each in a frame with its title.
fn stack(parts: &[Part], area: Rect, buffer: &mut Buffer) {
    let mut y = area.y;
    for part in parts {
        let frame = Rect { y, height: part.rows(), ..area }.intersection(buffer.area);
        let title = Span::styled(format!(" {} ", part.title), Style::new().add_modifier(Modifier::BOLD));
        let block = Block::bordered().border_style(Painter::quiet()).title(title);
        let inner = block.inner(frame);
        block.render(frame, buffer);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        Text::from(part.lines.clone()).render(inner.intersection(buffer.area), buffer);
        y = y.saturating_add(part.rows());
    }
}

/// Draws the keys and the signs over the middle of the screen.
fn help(painter: &Painter<'_>, area: Rect, buffer: &mut Buffer) {
    let key = |(keys, phrase): (&str, Phrase)| Line::raw(format!(" {}  {}", fit(keys, 18), painter.say(phrase)));
    let mut lines: Vec<Line<'static>> = KEYS.into_iter().map(key).collect();
    lines.push(Line::default());
    lines.extend(Grade::ALL.map(|grade| {
        Line::styled(format!(" {}  {}", fit(grade.sign(), 18), painter.say(grade.phrase())), painter.style(grade))
    }));
    let (width, height) = (52.min(area.width), (lines.len() as u16 + 2).min(area.height));
    let window = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(window, buffer);
    let block = Block::bordered().title(format!(" {} ", painter.say(Phrase::Help)));
    let inner = block.inner(window);
    block.render(window, buffer);
    Text::from(lines).render(inner, buffer);
}

/// Returns a frame as text without colours.
pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks(width) {
        let (mut line, mut hidden) = (String::new(), 0);
        for cell in row {
            // Behind a wide character is a cell that shows nothing.
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            hidden = width_of(cell.symbol()).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
