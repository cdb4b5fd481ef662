//! The parts of the panel about money: accounts, positions, alerts, and the curve of what they are worth.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    symbols::Marker,
    text::{Line, Span},
    widgets::{Axis, Block, Chart, Dataset, GraphType, Widget as _},
};

use super::{
    cell::{NONE, Side, cut, fit, table, width_of},
    painter::{Painter, change, grouped, money, percent},
};
use crate::{
    hud::state::{AccountFacts, Grade, Point},
    text::Phrase,
};

/// The heights of a line of eighths.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A curve to draw, with what stands above it.
pub(super) struct Curve<'a> {
    pub(super) title: String,
    pub(super) points: &'a [Point],
}

impl Painter<'_> {
    /// Writes each account: worth, fall, exposure, positions, and the session's curve below it.
    pub(super) fn accounts(&self, width: usize) -> Vec<Line<'static>> {
        let accounts = &self.facts.accounts.value;
        if accounts.is_empty() {
            return self.absent(Phrase::NoAccounts);
        }
        accounts.iter().flat_map(|account| [self.account(account, width), self.spark(account, width)]).collect()
    }

    /// Writes each account with all its figures; its curve is drawn apart.
    pub(super) fn accounts_in_full(&self, width: usize) -> Vec<Line<'static>> {
        let accounts = &self.facts.accounts.value;
        if accounts.is_empty() {
            return self.absent(Phrase::NoAccounts);
        }
        let more = |account: &AccountFacts| {
            let figures = [
                (Phrase::Cash, money(account.cash)),
                (Phrase::Peak, money(account.nav_peak)),
                (Phrase::DrawdownOfDay, percent(account.dd_intraday)),
                (Phrase::Positions, account.positions.len().to_string()),
            ];
            let words: Vec<String> = figures.map(|(phrase, value)| format!("{} {value}", self.say(phrase))).into();
            Line::raw(cut(&format!("{}  {}", words.join("  "), until(account)), width))
        };
        accounts.iter().flat_map(|account| [self.account(account, width), more(account)]).collect()
    }

    fn account(&self, account: &AccountFacts, width: usize) -> Line<'static> {
        let head = format!("{}  ", account.account_id);
        let nav = money(account.nav);
        let figures = format!(
            "  {}  {} {}  {} {}",
            change(earned(account)),
            self.say(Phrase::Drawdown),
            percent(account.dd_total),
            self.say(Phrase::Exposure),
            percent(account.gross_exposure),
        );
        let rest = width.saturating_sub(width_of(&head) + width_of(&nav));
        Line::from_iter([
            Span::raw(head),
            Span::styled(nav, Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(cut(&figures, rest)),
        ])
    }

    fn spark(&self, account: &AccountFacts, width: usize) -> Line<'static> {
        let values: Vec<f64> = account.curve.iter().map(|point| point.nav).collect();
        let end = format!("  {}  {} {}", until(account), self.say(Phrase::Positions), account.positions.len());
        let line = spark(&values, width.saturating_sub(width_of(&end)));
        Line::from_iter([Span::styled(line, self.curve_style()), Span::styled(end, Self::quiet())])
    }

    fn curve_style(&self) -> Style {
        if self.is_coloured { Style::new().fg(Color::Cyan) } else { Style::new() }
    }

    /// Writes the positions, the largest first.
    pub(super) fn positions(&self, width: usize, most: usize) -> Vec<Line<'static>> {
        let mut held: Vec<_> = self.facts.accounts.value.iter().flat_map(|account| &account.positions).collect();
        held.sort_by(|a, b| b.worth.unwrap_or(0.0).total_cmp(&a.worth.unwrap_or(0.0)));
        let left_out = held.len().saturating_sub(most);
        let maybe = |value: Option<f64>, write: fn(f64) -> String| value.map_or_else(|| NONE.to_owned(), write);
        let heads = [Phrase::Symbol, Phrase::Shares, Phrase::Sellable, Phrase::Price, Phrase::Value, Phrase::Weight];
        let mut rows = vec![heads.map(|phrase| Span::styled(self.say(phrase), Self::quiet())).to_vec()];
        rows.extend(held.into_iter().take(most).map(|position| {
            [
                position.symbol.clone(),
                grouped(&position.shares.unsigned_abs().to_string()),
                grouped(&position.sellable.unsigned_abs().to_string()),
                maybe(position.price, money),
                maybe(position.worth, money),
                maybe(position.weight, percent),
            ]
            .map(Span::raw)
            .to_vec()
        }));
        if rows.len() == 1 {
            return self.absent(Phrase::None);
        }
        let mut sides = [Side::Right; 6];
        sides[0] = Side::Left;
        let mut lines = table(&rows, &sides, width);
        if left_out > 0 {
            lines.push(Line::styled(format!("+ {left_out}"), Self::quiet()));
        }
        lines
    }

    /// Writes the switches in force and the newest alerts, each with its age.
    pub(super) fn alerts(&self, width: usize, most: usize) -> Vec<Line<'static>> {
        let alerts = &self.facts.risk.value.alerts;
        let line = |alert: &crate::hud::state::AlertFacts| {
            let grade = match &*alert.level {
                "critical" => Grade::Fail,
                "warning" => Grade::Warning,
                _ => Grade::Unknown,
            };
            let age = alert.ts.parse().map_or_else(|_| alert.ts.clone(), |at| self.age_of(at));
            let words = format!("{} {} {}", grade.sign(), fit(&age, 10), alert.message.say(self.language));
            Line::styled(cut(&words, width), self.style(self.shown(grade)))
        };
        if alerts.is_empty() {
            return self.absent(Phrase::None);
        }
        alerts.iter().take(most).map(line).collect()
    }

    /// Returns the curves that are worth drawing: the newest session's, and the newest experiment's.
    pub(super) fn curves(&self) -> Vec<Curve<'_>> {
        let account = self.facts.accounts.value.first().filter(|account| account.curve.len() > 1);
        let account = account.map(|account| Curve {
            title: format!("{} {} {}", self.say(Phrase::Account), account.account_id, change(earned(account))),
            points: &account.curve,
        });
        let tested =
            self.facts.experiments.value.iter().find(|one| one.curve.len() > 1 && one.task_type != "simulation");
        let tested = tested.map(|one| {
            let earned = one.metrics.get("bt_ret_total").copied().flatten();
            let earned = earned.map_or_else(String::new, change);
            Curve { title: format!("{} {} {earned}", self.say(Phrase::Experiment), one.task_type), points: &one.curve }
        });
        account.into_iter().chain(tested).collect()
    }

    /// Draws a curve in dots of braille, in a frame with its ends and its range.
    pub(super) fn draw_curve(&self, curve: &Curve<'_>, area: Rect, buffer: &mut Buffer) {
        let dots: Vec<(f64, f64)> = curve.points.iter().enumerate().map(|(at, point)| (at as f64, point.nav)).collect();
        let (low, high) = range(curve.points);
        let label = |at: &str| at.split_once('T').map_or(at, |(_, time)| time.get(..5).unwrap_or(time)).to_owned();
        let ends = [curve.points.first(), curve.points.last()]
            .map(|point| point.map_or_else(String::new, |point| label(&point.at)));
        let set = Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(self.curve_style())
            .data(&dots);
        let levels = [low, f64::midpoint(low, high), high].map(|level| grouped(&format!("{:.0}", level.max(0.0))));
        let across =
            Axis::default().bounds([0.0, dots.len().saturating_sub(1).max(1) as f64]).labels(ends).style(Self::quiet());
        let up = Axis::default().bounds([low, high]).labels(levels).style(Self::quiet());
        let title = cut(&format!(" {} ", curve.title), usize::from(area.width.saturating_sub(4)));
        Chart::new(vec![set])
            .block(Block::bordered().border_style(Self::quiet()).title(title))
            .x_axis(across)
            .y_axis(up)
            .render(area, buffer);
    }
}

/// Returns up to when an account is marked, without its year.
fn until(account: &AccountFacts) -> String {
    let at = account.last_ts.replace('T', " ");
    at.get(5..16).unwrap_or(&at).to_owned()
}

fn earned(account: &AccountFacts) -> f64 {
    if account.nav_open > 0.0 { account.nav / account.nav_open - 1.0 } else { 0.0 }
}

/// Returns the range of a curve, never empty.
fn range(points: &[Point]) -> (f64, f64) {
    let low = points.iter().map(|point| point.nav).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.nav).fold(f64::NEG_INFINITY, f64::max);
    if high - low > high.abs() * 1e-9 { (low, high) } else { (low - 1.0, high + 1.0) }
}

/// Draws values in eighths of a cell, the newest at the right.
fn spark(values: &[f64], width: usize) -> String {
    if values.len() < 2 || width == 0 {
        return String::new();
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = (high - low).max(f64::MIN_POSITIVE);
    let sign = |column: usize| {
        let at = (column + 1) * values.len() / width.min(values.len());
        let value = values.get(at.saturating_sub(1)).copied().unwrap_or(low);
        let eighth = ((value - low) / span * 7.0).round().clamp(0.0, 7.0) as usize;
        EIGHTHS.get(eighth).copied().unwrap_or('▁')
    };
    (0..width.min(values.len())).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::spark;

    #[test]
    fn a_line_of_eighths_ends_with_the_newest_value() {
        assert_eq!(spark(&[0.0, 1.0, 2.0, 7.0], 10), "▁▂▃█");
        assert_eq!(spark(&[0.0, 9.0, 0.0, 7.0], 2), "█▆");
        assert_eq!(spark(&[5.0, 5.0], 8), "▁▁");
        assert_eq!((spark(&[1.0], 8), spark(&[1.0, 2.0], 0)), (String::new(), String::new()));
    }
}
