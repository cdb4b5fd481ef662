//! Drawings as SVG text: pure functions of plain numbers. Knows no record, no store and no browser.

mod line;
mod markup;
mod spark;
mod timeline;

pub use line::{Panel, line};
pub use markup::Markup;
pub use spark::spark;
pub use timeline::{Lane, Mark, MarkKind, Span, SpanKind, timeline};
