//! Draws lanes of spans and marks over a common axis of seconds. Positions are percentages, so that
//! the drawing follows the width of the page while its text keeps its size.

use super::Markup;

/// Height of one lane with its caption, pixels.
const LANE_HEIGHT: f64 = 46.0;
/// Height of a lane's bar, pixels.
const BAR_HEIGHT: f64 = 14.0;
/// Height of the axis below the lanes, pixels.
const AXIS_HEIGHT: f64 = 24.0;
/// The axis ends here, so that the last label and marks have room, percent.
const AXIS_END: f64 = 97.0;

/// One row of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The words above the bar.
    pub caption: String,
    /// The quieter words behind them.
    pub note: String,
    /// Its spans, drawn in order.
    pub spans: Vec<Span>,
    /// Its marks, drawn over the spans.
    pub marks: Vec<Mark>,
}

/// A stretch of time on a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// What it shows.
    pub kind: SpanKind,
    /// Its start, seconds.
    pub from: f64,
    /// Its end, seconds.
    pub to: f64,
    /// The words shown when pointed at.
    pub title: String,
}

/// What a span shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Work in a good state.
    Work,
    /// The time in which the target was broken.
    Broken,
    /// The way back.
    Recovery,
    /// A way back that did not arrive.
    FailedRecovery,
}

/// An instant on a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it shows.
    pub kind: MarkKind,
    /// When, seconds.
    pub at: f64,
    /// The words shown when pointed at.
    pub title: String,
}

/// What a mark shows. Each kind has its own shape, so that print without colour keeps the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// Something was broken.
    Injected,
    /// A signal showed it.
    Seen,
}

impl SpanKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Broken => "broken",
            Self::Recovery => "recovery",
            Self::FailedRecovery => "failed-recovery",
        }
    }
}

impl MarkKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Seen => "seen",
        }
    }

    /// The outline around the mark's own origin, pixels.
    const fn outline(self) -> &'static str {
        match self {
            Self::Injected => "M0 9 L-6 -3 L6 -3 Z",
            Self::Seen => "M-5 7 A5 5 0 1 1 5 7 A5 5 0 1 1 -5 7 Z",
        }
    }
}

/// Returns the SVG element of `lanes`, described by `label` for readers that do not see it.
#[must_use]
pub fn timeline(label: &str, lanes: &[Lane]) -> Markup {
    let end = axis_end(lanes);
    let height = pixels(LANE_HEIGHT.mul_add(lanes.len() as f64, AXIS_HEIGHT));
    let mut drawing = Markup::new();
    let attributes =
        [("class", "timeline"), ("role", "img"), ("aria-label", label), ("width", "100%"), ("height", &height)];
    drawing.tag("svg", &attributes, |svg| {
        draw_axis(svg, end, lanes.len());
        for (row, lane) in lanes.iter().enumerate() {
            draw_lane(svg, lane, LANE_HEIGHT * row as f64, end);
        }
    });
    drawing
}

fn draw_lane(svg: &mut Markup, lane: &Lane, top: f64, end: f64) {
    // Words of the page, not of the drawing: those that do not fit on a phone end in an ellipsis.
    let place = [("x", "0"), ("y", &pixels(top)), ("width", "100%"), ("height", "20")];
    svg.tag("foreignObject", &place, |words| {
        words.tag("div", &[("class", "caption")], |caption| {
            caption.text(&lane.caption).leaf("span", &[("class", "note")], &lane.note);
        });
    });
    let bar_top = top + 22.0;
    for span in &lane.spans {
        let (from, to) = (position(span.from, end), position(span.to, end));
        let (x, width) = (percent(from), percent((to - from).max(0.25)));
        let (y, height) = (pixels(bar_top), pixels(BAR_HEIGHT));
        let attributes =
            [("class", span.kind.class()), ("x", &x), ("y", &y), ("width", &width), ("height", &height), ("rx", "2")];
        svg.tag("rect", &attributes, |rect| {
            rect.leaf("title", &[], &span.title);
        });
    }
    for mark in &lane.marks {
        let (x, y) = (percent(position(mark.at, end)), pixels(bar_top + 2.0));
        // A nested drawing places a shape of fixed size at a percentage.
        svg.tag("svg", &[("x", &x), ("y", &y), ("overflow", "visible")], |place| {
            place.tag("path", &[("class", mark.kind.class()), ("d", mark.kind.outline())], |path| {
                path.leaf("title", &[], &mark.title);
            });
        });
    }
}

fn draw_axis(svg: &mut Markup, end: f64, rows: usize) {
    let bottom = LANE_HEIGHT * rows as f64;
    let (line_end, baseline) = (pixels(bottom), pixels(bottom + 16.0));
    let step = tick_step(end);
    for tick in 0_u32.. {
        let seconds = step * f64::from(tick);
        if seconds > end * 1.000_001 {
            break;
        }
        let x = percent(position(seconds, end));
        svg.empty("line", &[("class", "tick"), ("x1", &x), ("x2", &x), ("y1", "0"), ("y2", &line_end)]);
        let anchor = if tick == 0 { "start" } else { "middle" };
        let words = format!("{} s", trimmed(seconds));
        svg.leaf("text", &[("class", "axis"), ("x", &x), ("y", &baseline), ("text-anchor", anchor)], &words);
    }
}

/// Returns the last second of any lane, at least a tenth so that the axis is never empty.
fn axis_end(lanes: &[Lane]) -> f64 {
    let spans = lanes.iter().flat_map(|lane| lane.spans.iter().map(|span| span.to));
    let marks = lanes.iter().flat_map(|lane| lane.marks.iter().map(|mark| mark.at));
    spans.chain(marks).filter(|seconds| seconds.is_finite()).fold(0.1, f64::max)
}

/// Returns 1, 2 or 5 times a power of ten, so that the axis has at most six ticks.
fn tick_step(end: f64) -> f64 {
    let decade = 10_f64.powf((end / 6.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * decade).find(|step| end / step <= 6.0).unwrap_or(end)
}

fn position(seconds: f64, end: f64) -> f64 {
    let share = seconds / end;
    if share.is_finite() { share.clamp(0.0, 1.0) * AXIS_END } else { 0.0 }
}

fn percent(value: f64) -> String {
    format!("{}%", trimmed(value))
}

fn pixels(value: f64) -> String {
    trimmed(value)
}

/// Writes at most two decimals and no trailing zeros.
fn trimmed(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::{Lane, Mark, MarkKind, Span, SpanKind, tick_step, timeline};

    fn lane(to: f64, at: f64) -> Lane {
        Lane {
            caption: "<A>".into(),
            note: "seen".into(),
            spans: vec![Span { kind: SpanKind::Broken, from: 1.0, to, title: "broken".into() }],
            marks: vec![Mark { kind: MarkKind::Seen, at, title: "exit code".into() }],
        }
    }

    #[test]
    fn positions_are_shares_of_the_longest_lane() {
        let drawing = timeline("times", &[lane(2.0, 1.5), lane(4.0, 3.0)]).finish();
        assert!(drawing.contains("x=\"24.25%\" y=\"22\" width=\"24.25%\""), "{drawing}");
        assert!(drawing.contains("&lt;A&gt;"), "{drawing}");
    }

    #[test]
    fn odd_numbers_draw_inside_the_page() {
        for odd in [f64::NAN, f64::INFINITY, -3.0] {
            let drawing = timeline("times", &[lane(odd, odd)]).finish();
            assert!(!drawing.contains("NaN") && !drawing.contains("inf") && !drawing.contains("\"-"), "{drawing}");
        }
    }

    #[test]
    fn an_axis_has_two_to_seven_ticks() {
        for end in [0.1, 0.35, 1.0, 5.9, 6.1, 20.0, 119.0, 3600.0] {
            let ticks = (end / tick_step(end)).floor() + 1.0;
            assert!((2.0..=7.0).contains(&ticks), "{end} s gives {ticks} ticks");
        }
    }
}
