//! Reads a script's text without running it: where a key is assigned, what an error message says.

/// The longest passage of foreign text in a message, in characters.
const QUOTED_MOST: usize = 300;

/// Returns the first line, from 1, that assigns the key `word`: the word, spaces, one `=`.
pub(super) fn line_of(text: &str, word: &str) -> Option<u32> {
    let position = text.lines().position(|line| assigns(line.split("--").next().unwrap_or(line), word))?;
    u32::try_from(position + 1).ok()
}

fn assigns(code: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        // A key that is no name is written `["a b"] = 1`.
        let after = after.strip_prefix("\"]").or_else(|| after.strip_prefix("']")).unwrap_or(after);
        let follows = after.trim_start().strip_prefix('=').is_some_and(|rest| !rest.starts_with('='));
        follows && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

/// Counts the operators that can work on texts, and the for-loops; line comments do not count.
pub(super) fn operators(text: &str) -> usize {
    let of_line = |line: &str| {
        let code = line.split("--").next().unwrap_or(line);
        let signs = code.bytes().filter(|byte| b"<>+-*/%^".contains(byte)).count();
        signs + code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| *word == "for").count()
    };
    text.lines().map(of_line).sum()
}

/// Splits the engine's message into a line and the words: `strategy/u1.luau:3: words`, or `prelude:7: words`
/// where a library function of the prelude complained.
pub(super) fn split_message(message: &str, script: &str) -> (Option<u32>, String) {
    let message = message.split("\nstack traceback:").next().unwrap_or(message);
    for (source, own) in [(script, true), ("prelude", false)] {
        let rest = message.strip_prefix(source).and_then(|rest| rest.strip_prefix(':'));
        let parts = rest.and_then(|rest| rest.split_once(':'));
        if let Some((line, words)) = parts.and_then(|(digits, words)| Some((digits.parse::<u32>().ok()?, words))) {
            return (own.then_some(line), quoted(words.trim_start()));
        }
    }
    (None, quoted(message))
}

/// Makes foreign text fit for one line of a message: control characters escaped, long text cut.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for (count, character) in text.trim_end().chars().enumerate() {
        if count == QUOTED_MOST {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{line_of, operators, quoted, split_message};

    #[test]
    fn line_of_a_key_is_where_it_is_assigned() {
        let text =
            "-- u1 = 0\nlocal u10 = 1\nreturn { weights = {\n\tu2= 0.6, u1   = 0.4,\n\t[\"a b\"] = 1, x == y } }\n";
        for (word, line) in
            [("u1", Some(4)), ("u2", Some(4)), ("u10", Some(2)), ("a b", Some(5)), ("x", None), ("u", None), ("", None)]
        {
            assert_eq!(line_of(text, word), line, "{word}");
        }
    }

    #[test]
    fn operators_and_loops_are_counted() {
        assert_eq!(operators("a = b + c - -- d + e\nfor i = 1, 2 do before = x<y end\n-- + + +"), 4);
    }

    #[test]
    fn messages_are_split_and_made_fit_to_print() {
        let name = "strategy/u1.luau";
        assert_eq!(split_message("strategy/u1.luau:3: a: b\nstack traceback:\nx", name), (Some(3), "a: b".to_owned()));
        assert_eq!(split_message("prelude:7: invalid", name), (None, "invalid".to_owned()));
        assert_eq!(split_message("strategy/u1.luau:", name), (None, name.to_owned() + ":"));
        assert_eq!(quoted("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), 301);
    }
}
