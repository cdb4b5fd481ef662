//! Draws curves over a common axis, one panel below the other. The curves follow the width of the page
//! while their strokes and words keep their size.

use super::Markup;

/// Height of a panel's caption, pixels.
const CAPTION_HEIGHT: f64 = 28.0;
/// Space below a panel, so that its lowest words stay clear of the next caption, pixels.
const PANEL_GAP: f64 = 16.0;
/// The curves begin here, right of the axis' words, percent.
const PLOT_LEFT: f64 = 8.0;
/// Height of the axis below the panels, pixels.
const AXIS_HEIGHT: f64 = 24.0;
/// The curves are drawn in a square of this side and stretched to the panel.
const SIDE: f64 = 1000.0;
/// At most so many points are drawn: more than a page has pixels show nothing.
const POINTS_MAX: usize = 2000;
/// Words below the axis.
const LABELS: usize = 5;

/// One curve in a panel of its own.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    /// The words above it.
    pub caption: &'a str,
    /// The class of its strokes: a literal, so that a style can name it.
    pub class: &'static str,
    /// Height of the curve, pixels.
    pub height: f64,
    /// One value a point of the axis; where one is not finite the curve has a gap.
    pub values: &'a [f64],
    /// Whether the area between curve and zero is filled.
    pub filled: bool,
    /// Writes a value of the axis.
    pub words: fn(f64) -> String,
}

/// Returns the SVG element of `panels`, described by `label` for readers that do not see it. `points`
/// names the points of the common axis.
#[must_use]
pub fn line(label: &str, points: &[String], panels: &[Panel<'_>]) -> Markup {
    let curves: f64 = panels.iter().map(|panel| CAPTION_HEIGHT + panel.height + PANEL_GAP).sum();
    let height = number(curves + AXIS_HEIGHT);
    let mut drawing = Markup::new();
    let attributes =
        [("class", "curves"), ("role", "img"), ("aria-label", label), ("width", "100%"), ("height", &height)];
    drawing.tag("svg", &attributes, |svg| {
        let mut top = 0.0;
        for panel in panels {
            svg.leaf("text", &[("class", "caption"), ("x", "0"), ("y", &number(top + 15.0))], panel.caption);
            draw_panel(svg, panel, top + CAPTION_HEIGHT);
            top += CAPTION_HEIGHT + panel.height + PANEL_GAP;
        }
        draw_axis(svg, points, curves - PANEL_GAP);
    });
    drawing
}

fn draw_panel(svg: &mut Markup, panel: &Panel<'_>, top: f64) {
    let scale = Scale::of(panel.values, panel.filled);
    let heights: Vec<(f64, String)> =
        scale.ticks().into_iter().map(|tick| (top + panel.height * scale.down(tick), (panel.words)(tick))).collect();
    let (left, width) = (format!("{}%", number(PLOT_LEFT)), format!("{}%", number(100.0 - PLOT_LEFT)));
    for (height, words) in &heights {
        let (y, baseline) = (number(*height), number(height + 4.0));
        svg.empty("line", &[("class", "tick"), ("x1", &left), ("x2", "100%"), ("y1", &y), ("y2", &y)]);
        svg.leaf("text", &[("class", "axis"), ("x", "0"), ("y", &baseline)], words);
    }
    let (y, height) = (number(top), number(panel.height));
    let frame = [
        ("x", left.as_str()),
        ("y", y.as_str()),
        ("width", width.as_str()),
        ("height", height.as_str()),
        ("viewBox", "0 0 1000 1000"),
        ("preserveAspectRatio", "none"),
    ];
    let runs = runs(panel.values, &scale);
    svg.tag("svg", &frame, |plot| {
        for run in &runs {
            if panel.filled {
                plot.empty("path", &[("class", "area"), ("d", &area(run, scale.down(0.0) * SIDE))]);
            }
            let class = format!("line {}", panel.class);
            plot.empty("path", &[("class", &class), ("d", &path(run)), ("vector-effect", "non-scaling-stroke")]);
        }
    });
}

fn draw_axis(svg: &mut Markup, points: &[String], bottom: f64) {
    let Some(last) = points.len().checked_sub(1) else { return };
    let y = number(bottom + 20.0);
    let mut before = None;
    for label in 0..LABELS {
        let at = last * label / (LABELS - 1);
        let Some(words) = points.get(at).filter(|_| before.replace(at) != Some(at)) else { continue };
        let anchor = match at {
            0 => "start",
            at if at == last => "end",
            _ => "middle",
        };
        let x = format!("{}%", number(PLOT_LEFT + across(at, points.len()) / SIDE * (100.0 - PLOT_LEFT)));
        svg.leaf("text", &[("class", "axis"), ("x", &x), ("y", &y), ("text-anchor", anchor)], words);
    }
}

/// From values to heights.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(values: &[f64], with_zero: bool) -> Self {
        let start = if with_zero { (0.0, 0.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
        let finite = values.iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold(start, |(low, high), value| (low.min(*value), high.max(*value)));
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        // A flat curve lies in the middle.
        let margin = if high > low { 0.0 } else { high.abs().max(1.0) * 0.01 };
        Self { low: low - margin, high: high + margin }
    }

    /// Returns how far below the top a value lies, 0 to 1.
    fn down(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Returns two to six round values: multiples of 1, 2 or 5 times a power of ten.
    fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let decade = 10_f64.powf((span / 5.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
        let step = steps.into_iter().find(|step| span / step <= 5.0).unwrap_or(span);
        let first = (self.low / step).ceil();
        (0_u32..6)
            .map(|tick| (first + f64::from(tick)) * step)
            .filter(|value| *value <= self.high + step * 1e-9)
            // Adding zero makes -0.0 and 0.0 one value.
            .map(|value| value + 0.0)
            .collect()
    }
}

/// Returns how far right a point lies, in the square.
fn across(at: usize, count: usize) -> f64 {
    if count > 1 { at as f64 / (count - 1) as f64 * SIDE } else { SIDE / 2.0 }
}

/// Returns the points of each stretch without a gap, thinned where there are more than can be seen.
fn runs(values: &[f64], scale: &Scale) -> Vec<Vec<(f64, f64)>> {
    let stride = values.len().div_ceil(POINTS_MAX).max(1);
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        if !value.is_finite() {
            runs.push(Vec::new());
        } else if at % stride == 0 || at + 1 == values.len() {
            let point = (across(at, values.len()), scale.down(*value) * SIDE);
            if let Some(run) = runs.last_mut() {
                run.push(point);
            }
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn path(run: &[(f64, f64)]) -> String {
    let point = |(at, (x, y)): (usize, &(f64, f64))| {
        format!("{}{} {}", if at == 0 { "M" } else { "L" }, number(*x), number(*y))
    };
    let text: String = run.iter().enumerate().map(point).collect();
    // A stretch of one point is a dot: a line of no length with round ends.
    if run.len() == 1 { text + "h0" } else { text }
}

fn area(run: &[(f64, f64)], zero: f64) -> String {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return String::new() };
    format!("{}L{} {z}L{} {z}Z", path(run), number(last.0), number(first.0), z = number(zero))
}

/// Writes at most two decimals and no trailing zeros.
fn number(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::{Panel, Scale, line};

    fn drawn(values: &[f64], filled: bool) -> String {
        let points: Vec<String> = (0..values.len()).map(|at| format!("d{at}")).collect();
        let words = |value: f64| format!("{value:.1}");
        let panel = Panel { caption: "<NAV>", class: "nav", height: 100.0, values, filled, words };
        line("worth", &points, &[panel]).finish()
    }

    #[test]
    fn a_small_curve_is_drawn_as_it_always_was() {
        insta::assert_snapshot!(drawn(&[1.0, 2.0, f64::NAN, 1.5], false).replace("><", ">\n<"), @r#"
        <svg class="curves" role="img" aria-label="worth" width="100%" height="168">
        <text class="caption" x="0" y="15">&lt;NAV&gt;</text>
        <line class="tick" x1="8%" x2="100%" y1="128" y2="128"/>
        <text class="axis" x="0" y="132">1.0</text>
        <line class="tick" x1="8%" x2="100%" y1="108" y2="108"/>
        <text class="axis" x="0" y="112">1.2</text>
        <line class="tick" x1="8%" x2="100%" y1="88" y2="88"/>
        <text class="axis" x="0" y="92">1.4</text>
        <line class="tick" x1="8%" x2="100%" y1="68" y2="68"/>
        <text class="axis" x="0" y="72">1.6</text>
        <line class="tick" x1="8%" x2="100%" y1="48" y2="48"/>
        <text class="axis" x="0" y="52">1.8</text>
        <line class="tick" x1="8%" x2="100%" y1="28" y2="28"/>
        <text class="axis" x="0" y="32">2.0</text>
        <svg x="8%" y="28" width="92%" height="100" viewBox="0 0 1000 1000" preserveAspectRatio="none">
        <path class="line nav" d="M0 1000L333.33 0" vector-effect="non-scaling-stroke"/>
        <path class="line nav" d="M1000 500h0" vector-effect="non-scaling-stroke"/>
        </svg>
        <text class="axis" x="8%" y="148" text-anchor="start">d0</text>
        <text class="axis" x="38.67%" y="148" text-anchor="middle">d1</text>
        <text class="axis" x="69.33%" y="148" text-anchor="middle">d2</text>
        <text class="axis" x="100%" y="148" text-anchor="end">d3</text>
        </svg>
        "#);
    }

    #[test]
    fn an_area_reaches_to_zero() {
        let drawing = drawn(&[0.0, -0.1, -0.05], true);
        assert!(drawing.contains("class=\"area\" d=\"M0 0L500 1000L1000 500L1000 0L0 0Z\""), "{drawing}");
    }

    #[test]
    fn odd_values_draw_nothing_odd() {
        for odd in [&[][..], &[f64::NAN], &[f64::INFINITY, 1.0], &[5.0], &[3.0, 3.0, 3.0], &[0.0], &[1e300, -1e300]] {
            let drawing = drawn(odd, false) + &drawn(odd, true);
            assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{odd:?}: {drawing}");
        }
    }

    #[test]
    fn axes_have_two_to_six_round_ticks() {
        for (low, high) in [(0.0, 1.0), (909_103.0, 1_160_000.0), (-0.154, 0.0), (-3.0, 4.0), (0.99, 1.01)] {
            let ticks = Scale { low, high }.ticks();
            assert!((2..=6).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{ticks:?}");
        }
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_end() {
        let values: Vec<f64> = (0..100_000).map(f64::from).collect();
        let drawing = drawn(&values, false);
        assert!(drawing.len() < 60_000 && drawing.contains("L1000 0\""), "{}", drawing.len());
    }
}
