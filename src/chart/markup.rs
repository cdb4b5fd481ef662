//! Builds HTML, SVG and XML text. What comes from outside can only enter escaped: names of tags and
//! attributes and raw passages must be literals of the program.

use std::fmt::Write as _;

/// Attributes of a tag: literal names, any values.
type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A document, or a part of one, under construction.
#[derive(Debug, Clone, Default)]
pub struct Markup(String);

impl Markup {
    /// Starts an empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an element and what `fill` puts into it.
    pub fn tag(&mut self, name: &'static str, attributes: Attributes<'_>, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(name, attributes);
        self.0.push('>');
        fill(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// Adds an element that holds only text.
    pub fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) -> &mut Self {
        self.tag(name, attributes, |inner| {
            inner.text(text);
        })
    }

    /// Adds an element that holds nothing.
    pub fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Self {
        self.open(name, attributes);
        self.0.push_str("/>");
        self
    }

    /// Adds text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape_into(&mut self.0, text, false);
        self
    }

    /// Adds a literal of the program as it stands.
    pub fn raw(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    /// Adds another part.
    pub fn part(&mut self, part: &Self) -> &mut Self {
        self.0.push_str(&part.0);
        self
    }

    /// Returns the text.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            escape_into(&mut self.0, value, true);
            self.0.push('"');
        }
    }
}

/// Escapes for XML 1.0 and HTML alike. Characters that XML forbids even as references (most control
/// characters, and the two non-characters) become U+FFFD: a report must stay well-formed whatever a
/// broken target printed.
fn escape_into(out: &mut String, text: &str, attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A parser turns a plain line break in an attribute into a space, and drops a plain CR.
            '\n' | '\t' if attribute => drop(write!(out, "&#{};", character as u32)),
            '\n' | '\t' => out.push(character),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Markup;

    #[test]
    fn foreign_text_cannot_leave_its_place() {
        let mut page = Markup::new();
        page.leaf("p", &[("title", "\"><script>\n")], "<script>alert('&')</script>\u{1b}[31m\u{0}");
        assert_eq!(
            page.finish(),
            "<p title=\"&quot;&gt;&lt;script&gt;&#10;\">&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{fffd}[31m\u{fffd}</p>"
        );
    }
}
