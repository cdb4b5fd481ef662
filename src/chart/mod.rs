//! Drawings as SVG text: pure functions of plain numbers. Knows no record, no store and no browser.

mod bars;
mod line;
mod markup;
mod scale;
mod spark;
mod timeline;

pub use bars::{BarGroup, BarSeries, Bars, bars};
pub use line::{Against, Panel, line, line_against};
pub use markup::Markup;
pub use spark::spark;
pub use timeline::{Lane, Mark, MarkKind, Span, SpanKind, timeline};
