//! A table: a head, rows of cells, numbers to the right. On a phone it scrolls by itself, not the page.

use crate::chart::Markup;

/// A cell.
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A number, set to the right.
    Number(String),
    /// Markup of its own.
    Part(Markup),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn number(text: impl Into<String>) -> Self {
        Self::Number(text.into())
    }

    pub(super) fn link(href: &str, words: &str) -> Self {
        let mut part = Markup::new();
        part.leaf("a", &[("href", href)], words);
        Self::Part(part)
    }
}

/// Writes a table; a head says whether its column holds numbers.
pub(super) fn write(place: &mut Markup, label: &str, heads: &[(&str, bool)], rows: Vec<Vec<Cell>>) {
    // What scrolls must be reachable by keyboard.
    let frame = [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", label)];
    place.tag("div", &frame, |frame| {
        frame.tag("table", &[], |table| {
            table.tag("thead", &[], |head| {
                head.tag("tr", &[], |row| {
                    for (words, is_number) in heads {
                        let class = if *is_number { "number" } else { "" };
                        row.leaf("th", &[("scope", "col"), ("class", class)], words);
                    }
                });
            });
            table.tag("tbody", &[], |body| rows.into_iter().for_each(|cells| write_row(body, cells)));
        });
    });
}

fn write_row(body: &mut Markup, cells: Vec<Cell>) {
    body.tag("tr", &[], |row| {
        for (at, cell) in cells.into_iter().enumerate() {
            let (name, scope): (&'static str, &[_]) = if at == 0 { ("th", &[("scope", "row")]) } else { ("td", &[]) };
            match cell {
                Cell::Text(text) => row.leaf(name, scope, &text),
                Cell::Number(text) => row.leaf(name, &[("class", "number")], &text),
                Cell::Part(part) => row.tag(name, scope, |place| {
                    place.part(&part);
                }),
            };
        }
    });
}
