//! Draws signed bars in groups, side by side, from a common zero line. The bars follow the width of the
//! page while words keep their size. Every bar carries its number as a title, and the drawing all of them
//! as a description, so that nothing is told by height and colour alone.

use super::{
    Markup,
    scale::{AXIS_HEIGHT, GUTTER, LESS_GUTTER, Scale, draw_ticks, number},
};

/// Space above and below the bars, where their numbers stand, pixels.
const MARGIN: f64 = 22.0;
/// Share of a group's width that its bars take.
const FILLED: f64 = 0.72;
/// Bars are not wider than this share of the plot: two of them must not look like walls.
const WIDTH_MAX: f64 = 0.1;
/// Groups that have room for a word below each on a wide page, and on a narrow one.
const WORDS_WIDE: usize = 14;
/// As above, on a narrow page.
const WORDS_NARROW: usize = 5;
/// Bars that have room for a number at each, on a wide page.
const NUMBERS_WIDE: usize = 16;
/// Groups of one bar that have room for a number at it, on a narrow page.
const NUMBERS_NARROW: usize = 6;

/// What the first, second, ... bar of every group stands for.
#[derive(Debug, Clone, Copy)]
pub struct BarSeries<'a> {
    /// Its name, for titles and the description.
    pub name: &'a str,
    /// The class of its bars: a literal, so that a style can name it.
    pub class: &'static str,
}

/// Bars that stand side by side over one word.
#[derive(Debug, Clone)]
pub struct BarGroup {
    /// The word below them.
    pub label: String,
    /// One value a series; NaN where it is not defined.
    pub values: Vec<f64>,
}

/// A drawing of bars.
#[derive(Debug, Clone, Copy)]
pub struct Bars<'a> {
    /// What it shows, in a few words, for readers that do not see it.
    pub title: &'a str,
    /// The series, in the order of a group's values.
    pub series: &'a [BarSeries<'a>],
    /// The groups from left to right.
    pub groups: &'a [BarGroup],
    /// Height of the bars, pixels.
    pub height: f64,
    /// Writes a value of the axis.
    pub ticks: fn(f64) -> String,
    /// Writes the value of a bar.
    pub words: fn(f64) -> String,
    /// Said in place of a drawing where no value is finite.
    pub nothing: &'a str,
}

/// Returns the SVG element of `bars`; where nothing is defined, a paragraph that says why.
#[must_use]
pub fn bars(bars: &Bars<'_>) -> Markup {
    let mut drawing = Markup::new();
    let values = || bars.groups.iter().flat_map(|group| &group.values);
    if !values().any(|value| value.is_finite()) {
        drawing.leaf("p", &[("class", "none")], bars.nothing);
        return drawing;
    }
    let height = number(bars.height + 2.0 * MARGIN + AXIS_HEIGHT);
    let attributes = [
        ("class", "bars"),
        ("role", "img"),
        ("aria-label", bars.title),
        ("width", "100%"),
        ("height", &height),
        ("style", LESS_GUTTER),
    ];
    let scale = Scale::of(values(), true);
    drawing.tag("svg", &attributes, |svg| {
        svg.leaf("title", &[], bars.title).leaf("desc", &[], &description(bars));
        draw_ticks(svg, &scale, MARGIN, bars.height, bars.ticks);
        let frame = [("x", GUTTER), ("width", "100%"), ("height", height.as_str()), ("overflow", "visible")];
        svg.tag("svg", &frame, |plot| {
            draw_zero(plot, MARGIN + bars.height * scale.down(0.0));
            for at in 0..bars.groups.len() {
                draw_group(plot, bars, at, &scale);
            }
        });
    });
    drawing
}

/// Returns all numbers in words.
fn description(bars: &Bars<'_>) -> String {
    let of_group = |group: &BarGroup| {
        let values = bars.series.iter().zip(&group.values);
        let value =
            |(series, value): (&BarSeries<'_>, &f64)| format!("{} {}", series.name, written(*value, bars.words));
        format!("{}: {}", group.label, values.map(value).collect::<Vec<String>>().join(", "))
    };
    bars.groups.iter().map(of_group).collect::<Vec<String>>().join("; ")
}

fn written(value: f64, words: fn(f64) -> String) -> String {
    if value.is_finite() { words(value) } else { "not defined".into() }
}

fn draw_zero(plot: &mut Markup, y: f64) {
    let y = number(y);
    plot.empty("line", &[("class", "zero"), ("x1", "0"), ("x2", "100%"), ("y1", &y), ("y2", &y)]);
}

fn draw_group(plot: &mut Markup, bars: &Bars<'_>, at: usize, scale: &Scale) {
    let Some(group) = bars.groups.get(at) else { return };
    let (groups, count) = (bars.groups.len(), bars.series.len().max(1));
    let slot = 1.0 / groups as f64;
    let middle = (at as f64 + 0.5) * slot;
    let width = (slot * FILLED / count as f64).min(WIDTH_MAX);
    let left = middle - width * count as f64 / 2.0;
    for (order, (series, value)) in bars.series.iter().zip(&group.values).enumerate() {
        // Side by side there is no room for numbers.
        let fits_narrow = bars.series.len() == 1 && groups <= NUMBERS_NARROW;
        let title = format!("{}, {}: {}", group.label, series.name, written(*value, bars.words));
        draw_bar(plot, bars, scale, (left + width * order as f64, width), (*value, series.class, &title), fits_narrow);
    }
    let stride = |room: usize| groups.div_ceil(room);
    // Counted from the last group, which is the one a reader looks for first.
    let from_last = groups - 1 - at;
    if from_last.is_multiple_of(stride(WORDS_WIDE)) {
        let narrow = from_last.is_multiple_of(stride(WORDS_NARROW).next_multiple_of(stride(WORDS_WIDE)));
        let class = if narrow { "axis" } else { "axis wide" };
        let y = number(2.0 * MARGIN + bars.height + 14.0);
        // A thin last group has no room for half a word to its right.
        let is_edge = from_last == 0 && groups > WORDS_WIDE;
        let (x, anchor) = if is_edge { ("100%".into(), "end") } else { (percent(middle), "middle") };
        let position = [("class", class), ("x", &x), ("y", &y), ("text-anchor", anchor)];
        plot.leaf("text", &position, &group.label);
    }
}

fn draw_bar(
    plot: &mut Markup,
    bars: &Bars<'_>,
    scale: &Scale,
    (left, width): (f64, f64),
    (value, class, title): (f64, &'static str, &str),
    fits_narrow: bool,
) {
    let (middle, zero) = (percent(left + width / 2.0), MARGIN + bars.height * scale.down(0.0));
    let shown = bars.groups.len() * bars.series.len();
    let words_class = if fits_narrow { "value" } else { "value wide" };
    let mut word = |y: f64, text: &str| {
        let position = [("class", words_class), ("x", middle.as_str()), ("y", &number(y)), ("text-anchor", "middle")];
        plot.tag("text", &position, |inner| {
            inner.leaf("title", &[], title).text(text);
        });
    };
    if !value.is_finite() {
        // The dash tells a value that is not defined from one that is zero.
        word(zero - 5.0, "–");
        return;
    }
    let end = MARGIN + bars.height * scale.down(value);
    if shown <= NUMBERS_WIDE {
        word(if value < 0.0 { end + 15.0 } else { end - 6.0 }, &(bars.words)(value));
    }
    let (top, height) = (end.min(zero), (end - zero).abs());
    let sign = if value < 0.0 { "below" } else { "above" };
    let class = format!("bar {class} {sign}");
    let place = [
        ("class", class.as_str()),
        ("x", &percent(left)),
        ("y", &number(top)),
        ("width", &percent(width)),
        ("height", &number(height.max(0.5))),
    ];
    plot.tag("rect", &place, |bar| {
        bar.leaf("title", &[], title);
    });
}

fn percent(share: f64) -> String {
    format!("{}%", number(share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::{BarGroup, BarSeries, Bars, bars};

    const OWN: BarSeries<'_> = BarSeries { name: "own", class: "own" };
    const OTHER: BarSeries<'_> = BarSeries { name: "<other>", class: "other" };

    fn drawn(series: &[BarSeries<'_>], groups: &[(&str, &[f64])]) -> String {
        let group = |(label, values): &(&str, &[f64])| BarGroup { label: (*label).into(), values: values.to_vec() };
        let groups: Vec<BarGroup> = groups.iter().map(group).collect();
        let words = |value: f64| format!("{value:.1}");
        let (title, nothing) = ("worth & more", "nothing <to> show");
        bars(&Bars { title, series, groups: &groups, height: 100.0, ticks: words, words, nothing }).finish()
    }

    #[test]
    fn a_small_drawing_is_drawn_as_it_always_was() {
        let drawing = drawn(&[OWN, OTHER], &[("2019", &[1.0, -1.0]), ("2020", &[0.0, f64::NAN])]);
        insta::assert_snapshot!(drawing.replace("><", ">\n<"), @r#"
        <svg class="bars" role="img" aria-label="worth &amp; more" width="100%" height="168" style="width:calc(100% - 64px);overflow:visible">
        <title>worth &amp; more</title>
        <desc>2019: own 1.0, &lt;other&gt; -1.0; 2020: own 0.0, &lt;other&gt; not defined</desc>
        <text class="axis" x="0" y="126">-1.0</text>
        <text class="axis" x="0" y="101">-0.5</text>
        <text class="axis" x="0" y="76">0.0</text>
        <text class="axis" x="0" y="51">0.5</text>
        <text class="axis" x="0" y="26">1.0</text>
        <svg x="64" width="100%" height="100%" overflow="visible">
        <line class="tick" x1="0" x2="100%" y1="122" y2="122"/>
        <line class="tick" x1="0" x2="100%" y1="97" y2="97"/>
        <line class="tick" x1="0" x2="100%" y1="72" y2="72"/>
        <line class="tick" x1="0" x2="100%" y1="47" y2="47"/>
        <line class="tick" x1="0" x2="100%" y1="22" y2="22"/>
        </svg>
        <svg x="64" width="100%" height="168" overflow="visible">
        <line class="zero" x1="0" x2="100%" y1="72" y2="72"/>
        <text class="value wide" x="20%" y="16" text-anchor="middle">
        <title>2019, own: 1.0</title>1.0</text>
        <rect class="bar own above" x="15%" y="22" width="10%" height="50">
        <title>2019, own: 1.0</title>
        </rect>
        <text class="value wide" x="30%" y="137" text-anchor="middle">
        <title>2019, &lt;other&gt;: -1.0</title>-1.0</text>
        <rect class="bar other below" x="25%" y="72" width="10%" height="50">
        <title>2019, &lt;other&gt;: -1.0</title>
        </rect>
        <text class="axis" x="25%" y="158" text-anchor="middle">2019</text>
        <text class="value wide" x="70%" y="66" text-anchor="middle">
        <title>2020, own: 0.0</title>0.0</text>
        <rect class="bar own above" x="65%" y="72" width="10%" height="0.5">
        <title>2020, own: 0.0</title>
        </rect>
        <text class="value wide" x="80%" y="67" text-anchor="middle">
        <title>2020, &lt;other&gt;: not defined</title>–</text>
        <text class="axis" x="75%" y="158" text-anchor="middle">2020</text>
        </svg>
        </svg>
        "#);
    }

    #[test]
    fn bars_reach_from_zero_to_their_value_on_their_side() {
        let drawing = drawn(&[OWN], &[("a", &[3.0]), ("b", &[-1.0])]);
        // Zero lies a quarter above the bottom: 22 + 75.
        assert!(
            drawing.contains("class=\"bar own above\" x=\"20%\" y=\"22\" width=\"10%\" height=\"75\""),
            "{drawing}"
        );
        assert!(
            drawing.contains("class=\"bar own below\" x=\"70%\" y=\"97\" width=\"10%\" height=\"25\""),
            "{drawing}"
        );
        assert!(drawing.contains("<line class=\"zero\" x1=\"0\" x2=\"100%\" y1=\"97\" y2=\"97\"/>"), "{drawing}");
    }

    #[test]
    fn nothing_defined_is_said_and_not_drawn() {
        for groups in [&[][..], &[("a", &[f64::NAN][..])], &[("a", &[f64::INFINITY][..])], &[("a", &[][..])]] {
            assert_eq!(drawn(&[OWN], groups), "<p class=\"none\">nothing &lt;to&gt; show</p>", "{groups:?}");
        }
    }

    #[test]
    fn odd_values_draw_nothing_odd() {
        for odd in [&[0.0][..], &[1e300], &[-1e300], &[1e300, -1e300], &[f64::NAN, 1.0], &[f64::NEG_INFINITY, -2.0]] {
            let groups: Vec<(&str, &[f64])> = odd.iter().map(|value| ("g", std::slice::from_ref(value))).collect();
            let drawing = drawn(&[OWN], &groups);
            assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{odd:?}: {drawing}");
            assert!(drawing.contains("<svg"), "{odd:?}");
        }
    }

    #[test]
    fn words_below_stay_apart_however_many_groups_there_are() {
        for count in [1_usize, 5, 6, 14, 15, 48, 240] {
            let labels: Vec<String> = (0..count).map(|at| format!("w{at}")).collect();
            let groups: Vec<(&str, &[f64])> = labels.iter().map(|label| (label.as_str(), &[1.0][..])).collect();
            let drawing = drawn(&[OWN], &groups);
            let narrow = drawing.matches("class=\"axis\" x=\"").count();
            let narrow = narrow - drawing.matches("class=\"axis\" x=\"0\"").count();
            let wide = narrow + drawing.matches("class=\"axis wide\"").count();
            assert!((1..=5).contains(&narrow) && wide <= 14, "{count}: {narrow} of {wide}");
            assert!(drawing.contains(&format!("\">w{}</text>", count - 1)), "the last is named");
        }
    }
}
