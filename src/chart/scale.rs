//! What the drawings with a vertical axis share: from values to heights, round ticks, numbers as text.

use super::Markup;

/// Room for the axis' words left of the plot, pixels. The plot is a nested element that begins here and is
/// as wide as the drawing, so the drawing itself is made narrower by as much.
pub(super) const GUTTER: &str = "64";
/// The style that makes a drawing narrower by its gutter.
pub(super) const LESS_GUTTER: &str = "width:calc(100% - 64px);overflow:visible";

/// Height of the axis below the plot, pixels.
pub(super) const AXIS_HEIGHT: f64 = 24.0;

/// From values to heights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Fits a scale to the values that are finite, and to zero where it is part of the picture.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a f64>, with_zero: bool) -> Self {
        let start = if with_zero { (0.0, 0.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold(start, |(low, high), value| (low.min(*value), high.max(*value)));
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        // A flat curve lies in the middle.
        let margin = if high > low { 0.0 } else { high.abs().max(1.0) * 0.01 };
        Self { low: low - margin, high: high + margin }
    }

    /// Returns how far below the top a value lies, 0 to 1.
    pub(super) fn down(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Returns two to six round values: multiples of 1, 2 or 5 times a power of ten.
    pub(super) fn ticks(&self) -> Vec<f64> {
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

/// Draws the lines and words of an axis whose plot begins at `top`.
pub(super) fn draw_ticks(svg: &mut Markup, scale: &Scale, top: f64, height: f64, words: fn(f64) -> String) {
    let ticks: Vec<(f64, f64)> =
        scale.ticks().into_iter().map(|tick| (tick, top + height * scale.down(tick))).collect();
    for (tick, y) in &ticks {
        svg.leaf("text", &[("class", "axis"), ("x", "0"), ("y", &number(y + 4.0))], &words(*tick));
    }
    let frame = [("x", GUTTER), ("width", "100%"), ("height", "100%"), ("overflow", "visible")];
    svg.tag("svg", &frame, |plot| {
        for (_, y) in &ticks {
            let y = number(*y);
            plot.empty("line", &[("class", "tick"), ("x1", "0"), ("x2", "100%"), ("y1", &y), ("y2", &y)]);
        }
    });
}

/// Writes at most two decimals and no trailing zeros.
pub(super) fn number(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn axes_have_two_to_six_round_ticks() {
        for (low, high) in [(0.0, 1.0), (909_103.0, 1_160_000.0), (-0.154, 0.0), (-3.0, 4.0), (0.99, 1.01)] {
            let ticks = Scale { low, high }.ticks();
            assert!((2..=6).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{ticks:?}");
        }
    }
}
