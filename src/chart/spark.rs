//! Draws one curve without axis or words, to stand in a line of text or a tile.

use super::Markup;

/// The curve is drawn in a frame of this size and stretched to its place.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 40.0;
/// Room above and below, so that the stroke is not cut.
const MARGIN: f64 = 3.0;

/// Returns the SVG element of `values`, described by `label`; nothing where there are fewer than two.
#[must_use]
pub fn spark(label: &str, values: &[f64]) -> Markup {
    let mut drawing = Markup::new();
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let Some(last) = finite.len().checked_sub(1).filter(|last| *last > 0) else { return drawing };
    let (low, high) = finite
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = if high > low { high - low } else { 1.0 };
    let point = |(at, value): (usize, &f64)| {
        let x = at as f64 / last as f64 * WIDTH;
        // A flat curve lies in the middle.
        let down = if high > low { (high - value) / span } else { 0.5 };
        let y = MARGIN + down * (HEIGHT - 2.0 * MARGIN);
        format!("{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" })
    };
    let path: String = finite.iter().enumerate().map(point).collect();
    let frame = [
        ("class", "spark"),
        ("role", "img"),
        ("aria-label", label),
        ("viewBox", "0 0 240 40"),
        ("preserveAspectRatio", "none"),
    ];
    drawing.tag("svg", &frame, |svg| {
        svg.empty("path", &[("d", &path), ("vector-effect", "non-scaling-stroke")]);
    });
    drawing
}

#[cfg(test)]
mod tests {
    use super::spark;

    #[test]
    fn highest_is_at_the_top_and_a_flat_curve_in_the_middle() {
        let drawn = spark("worth", &[1.0, f64::NAN, 3.0]).finish();
        assert!(drawn.contains("M0.0 37.0L240.0 3.0"), "{drawn}");
        assert!(spark("x", &[2.0, 2.0]).finish().contains("M0.0 20.0L240.0 20.0"));
        assert!(spark("x", &[2.0]).finish().is_empty());
        assert!(spark("x", &[]).finish().is_empty());
    }
}
