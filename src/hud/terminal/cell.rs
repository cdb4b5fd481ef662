//! Words in cells of a terminal: how wide they are, cut and filled to a width, and set side by side. A
//! Chinese character takes two cells.

use ratatui::text::{Line, Span};

/// What stands where there is nothing.
pub(super) const NONE: &str = "–";
/// The cells between two columns.
const GAP: usize = 2;

/// Returns how many cells a text takes.
pub(super) fn width_of(text: &str) -> usize {
    Span::raw(text).width()
}

/// Cuts a text to a width; what is left out is shown as an ellipsis. A line break is a blank.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = text.replace(['\n', '\t'], " ");
    if width_of(&text) <= width {
        return text;
    }
    let mut kept = String::new();
    for character in text.chars() {
        let more = width_of(character.encode_utf8(&mut [0; 4]));
        if width_of(&kept) + more + 1 > width {
            break;
        }
        kept.push(character);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Cuts or fills a text to exactly a width.
pub(super) fn fit(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let rest = width.saturating_sub(width_of(&text));
    text + &" ".repeat(rest)
}

/// Fills a text to a width from the left, as numbers stand.
pub(super) fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    " ".repeat(width.saturating_sub(width_of(&text))) + &text
}

/// Breaks a text into lines of at most a width: between words, or within one that is longer.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width_of(&line) + gap + width_of(word) <= width {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(word);
            continue;
        }
        if !line.is_empty() && width_of(word) <= width {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
            continue;
        }
        line.push_str(if gap == 1 { " " } else { "" });
        for character in word.chars() {
            if width_of(&line) + width_of(character.encode_utf8(&mut [0; 4])) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Sets rows of cells in columns as wide as their widest cell; the last column takes what is left.
pub(super) fn table(rows: &[Vec<Span<'static>>], sides: &[Side], width: usize) -> Vec<Line<'static>> {
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Span::width).max().unwrap_or(0);
    let widths: Vec<usize> = (0..sides.len()).map(widest).collect();
    let set = |row: &Vec<Span<'static>>| {
        let (mut line, mut used) = (Line::default(), 0);
        for (at, cell) in row.iter().enumerate() {
            let is_last = at + 1 == sides.len();
            let left = width.saturating_sub(used);
            let own = widths.get(at).copied().unwrap_or(0).min(left);
            let text = match sides.get(at) {
                Some(Side::Right) => right(&cell.content, own),
                _ if is_last => cut(&cell.content, left),
                _ => fit(&cell.content, own),
            };
            used += own + GAP;
            line.push_span(Span::styled(text, cell.style));
            if !is_last {
                line.push_span(" ".repeat(GAP));
            }
        }
        line
    };
    rows.iter().map(set).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::text::Span;

    use super::{Side, cut, fit, right, table, width_of, wrap};

    #[test]
    fn chinese_takes_two_cells_and_is_never_cut_in_half() {
        assert_eq!(width_of("夜间任务 ok"), 11);
        for (width, cut_to) in [(11, "夜间任务 ok"), (10, "夜间任务 …"), (8, "夜间任…"), (2, "…"), (0, "")]
        {
            assert_eq!(cut("夜间任务 ok", width), cut_to, "{width}");
        }
        assert_eq!((fit("净值", 6), right("净值", 6)), ("净值  ".into(), "  净值".into()));
        assert_eq!(cut("a\nb", 9), "a b");
    }

    #[test]
    fn lines_break_between_words_and_within_one_that_is_too_long() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("夜间任务失败", 5), ["夜间", "任务", "失败"]);
        assert_eq!(wrap("", 5), Vec::<String>::new());
    }

    #[test]
    fn columns_stand_under_each_other_in_both_languages() {
        let row = |name: &'static str, number: &'static str| vec![Span::raw(name), Span::raw(number), Span::raw("end")];
        let lines = table(&[row("净值", "1"), row("nav", "100")], &[Side::Left, Side::Right, Side::Left], 40);
        let texts: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["净值    1  end", "nav   100  end"]);
    }
}
