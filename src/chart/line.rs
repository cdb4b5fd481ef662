//! Draws curves over a common axis, one panel below the other. The curves follow the width of the page
//! while their strokes and words keep their size.

use super::{
    Markup,
    scale::{AXIS_HEIGHT, GUTTER, Scale, draw_ticks, number},
};

/// Height of a panel's caption, pixels.
const CAPTION_HEIGHT: f64 = 28.0;
/// Space below a panel, so that its lowest words stay clear of the next caption, pixels.
const PANEL_GAP: f64 = 16.0;
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

/// A second curve behind a panel's own, such as a benchmark's: on the panel's scale, which makes room for it.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The panel it belongs to, counted from 0.
    pub panel: usize,
    /// The class of its strokes.
    pub class: &'static str,
    /// One value a point of the axis.
    pub values: &'a [f64],
}

/// Returns the SVG element of `panels`, described by `label` for readers that do not see it. `points`
/// names the points of the common axis.
#[must_use]
pub fn line(label: &str, points: &[String], panels: &[Panel<'_>]) -> Markup {
    line_against(label, points, panels, &[])
}

/// As [`line`], with curves behind those of the panels.
#[must_use]
pub fn line_against(label: &str, points: &[String], panels: &[Panel<'_>], against: &[Against<'_>]) -> Markup {
    let curves: f64 = panels.iter().map(|panel| CAPTION_HEIGHT + panel.height + PANEL_GAP).sum();
    let height = number(curves + AXIS_HEIGHT);
    let mut drawing = Markup::new();
    let attributes =
        [("class", "curves"), ("role", "img"), ("aria-label", label), ("width", "100%"), ("height", &height)];
    drawing.tag("svg", &attributes, |svg| {
        let mut top = 0.0;
        for (at, panel) in panels.iter().enumerate() {
            svg.leaf("text", &[("class", "caption"), ("x", "0"), ("y", &number(top + 15.0))], panel.caption);
            let behind: Vec<Against<'_>> = against.iter().filter(|curve| curve.panel == at).copied().collect();
            draw_panel(svg, panel, &behind, top + CAPTION_HEIGHT);
            top += CAPTION_HEIGHT + panel.height + PANEL_GAP;
        }
        let frame = [("x", GUTTER), ("width", "100%"), ("height", height.as_str()), ("overflow", "visible")];
        svg.tag("svg", &frame, |plot| draw_axis(plot, points, curves - PANEL_GAP));
    });
    drawing
}

fn draw_panel(svg: &mut Markup, panel: &Panel<'_>, behind: &[Against<'_>], top: f64) {
    let all = behind.iter().flat_map(|curve| curve.values).chain(panel.values);
    let scale = Scale::of(all, panel.filled);
    let (y, height) = (number(top), number(panel.height));
    draw_ticks(svg, &scale, top, panel.height, panel.words);
    let frame = [
        ("x", GUTTER),
        ("y", y.as_str()),
        ("width", "100%"),
        ("height", height.as_str()),
        ("viewBox", "0 0 1000 1000"),
        ("preserveAspectRatio", "none"),
    ];
    svg.tag("svg", &frame, |plot| {
        for curve in behind {
            draw_curve(plot, curve.class, &runs(curve.values, &scale));
        }
        let own = runs(panel.values, &scale);
        for run in own.iter().filter(|_| panel.filled) {
            plot.empty("path", &[("class", "area"), ("d", &area(run, scale.down(0.0) * SIDE))]);
        }
        draw_curve(plot, panel.class, &own);
    });
}

fn draw_curve(plot: &mut Markup, class: &str, runs: &[Vec<(f64, f64)>]) {
    let class = format!("line {class}");
    for run in runs {
        plot.empty("path", &[("class", &class), ("d", &path(run)), ("vector-effect", "non-scaling-stroke")]);
    }
}

fn draw_axis(plot: &mut Markup, points: &[String], bottom: f64) {
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
        // A narrow page has room for every second one.
        let class = if label % 2 == 0 { "axis" } else { "axis wide" };
        let x = format!("{}%", number(across(at, points.len()) / SIDE * 100.0));
        plot.leaf("text", &[("class", class), ("x", &x), ("y", &y), ("text-anchor", anchor)], words);
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

#[cfg(test)]
mod tests {
    use super::{Against, Panel, line, line_against};

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
        <text class="axis" x="0" y="132">1.0</text>
        <text class="axis" x="0" y="112">1.2</text>
        <text class="axis" x="0" y="92">1.4</text>
        <text class="axis" x="0" y="72">1.6</text>
        <text class="axis" x="0" y="52">1.8</text>
        <text class="axis" x="0" y="32">2.0</text>
        <svg x="64" width="100%" height="100%" overflow="visible">
        <line class="tick" x1="0" x2="100%" y1="128" y2="128"/>
        <line class="tick" x1="0" x2="100%" y1="108" y2="108"/>
        <line class="tick" x1="0" x2="100%" y1="88" y2="88"/>
        <line class="tick" x1="0" x2="100%" y1="68" y2="68"/>
        <line class="tick" x1="0" x2="100%" y1="48" y2="48"/>
        <line class="tick" x1="0" x2="100%" y1="28" y2="28"/>
        </svg>
        <svg x="64" y="28" width="100%" height="100" viewBox="0 0 1000 1000" preserveAspectRatio="none">
        <path class="line nav" d="M0 1000L333.33 0" vector-effect="non-scaling-stroke"/>
        <path class="line nav" d="M1000 500h0" vector-effect="non-scaling-stroke"/>
        </svg>
        <svg x="64" width="100%" height="168" overflow="visible">
        <text class="axis" x="0%" y="148" text-anchor="start">d0</text>
        <text class="axis" x="33.33%" y="148" text-anchor="middle">d1</text>
        <text class="axis wide" x="66.67%" y="148" text-anchor="middle">d2</text>
        <text class="axis" x="100%" y="148" text-anchor="end">d3</text>
        </svg>
        </svg>
        "#);
    }

    #[test]
    fn a_curve_behind_shares_the_scale_of_its_panel() {
        let points = ["a".to_owned(), "b".to_owned()];
        let words = |value: f64| format!("{value:.0}");
        let panel = Panel { caption: "", class: "nav", height: 100.0, values: &[1.0, 2.0], filled: false, words };
        let against = Against { panel: 0, class: "benchmark", values: &[1.0, 3.0] };
        let drawing = line_against("worth", &points, std::slice::from_ref(&panel), &[against]).finish();
        let of = |class: &str, path: &str| drawing.find(&format!("class=\"line {class}\" d=\"{path}\""));
        let (behind, own) = (of("benchmark", "M0 1000L1000 0"), of("nav", "M0 1000L1000 500"));
        assert!(behind.is_some() && behind < own, "{drawing}");
        let other = Against { panel: 1, ..against };
        assert_eq!(
            line_against("worth", &points, std::slice::from_ref(&panel), &[other]).finish(),
            line("worth", &points, &[panel]).finish()
        );
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
    fn long_curves_are_thinned_and_keep_their_end() {
        let values: Vec<f64> = (0..100_000).map(f64::from).collect();
        let drawing = drawn(&values, false);
        assert!(drawing.len() < 60_000 && drawing.contains("L1000 0\""), "{}", drawing.len());
    }
}
