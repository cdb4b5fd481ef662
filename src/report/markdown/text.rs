//! Lines of Markdown. Foreign text is escaped so that it can neither end a table cell nor start a link, a
//! heading or a tag.

/// Lines of Markdown.
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn line(&mut self, line: &str) -> &mut Self {
        self.0.push_str(line);
        self.0.push('\n');
        self
    }

    pub(super) fn cells<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &mut Self {
        for cell in cells {
            self.0.push_str("| ");
            self.0.push_str(cell.as_ref());
            self.0.push(' ');
        }
        self.line("|")
    }

    /// A block whose fence is longer than any run of backticks inside.
    pub(super) fn block(&mut self, language: &str, content: &str) -> &mut Self {
        let longest = content.split(|character| character != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let printable: String =
            content.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect();
        self.line(&format!("{fence}{language}")).line(printable.trim_end()).line(&fence).line("")
    }
}

/// Escapes a passage of one line: inline Markdown and HTML lose their meaning, line breaks and
/// control characters become spaces.
pub(super) fn escape(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (index, &character) in characters.iter().enumerate() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '#' => out.extend(['\\', character]),
            // An underscore inside a word means nothing in Markdown; names stay readable.
            '_' if !within_word(&characters, index) => out.push_str("\\_"),
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

fn within_word(characters: &[char], index: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphanumeric());
    letter(index.checked_sub(1)) && letter(Some(index + 1))
}

/// Prepares text for an inline code span: nothing in it may end the span or the table cell.
pub(super) fn code(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '`' || c == '|' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_stay_readable() {
        assert_eq!(escape("storage.ts.duckdb_path"), "storage.ts.duckdb_path");
        assert_eq!(escape("_a_ *b*"), "\\_a\\_ \\*b\\*");
    }
}
