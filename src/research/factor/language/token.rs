//! Cuts the text of an expression into tokens.

use super::{ExpressionError, Span};

/// The smallest part of an expression that means something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    /// Without its `$`.
    Field(&'a str),
    Name(&'a str),
    /// An operator sign, a parenthesis or a comma.
    Sign(&'static str),
    End,
}

/// The signs; a longer one stands before its beginning.
const SIGNS: [&str; 13] = [">=", "<=", "==", "!=", ">", "<", "+", "-", "*", "/", "(", ")", ","];

/// Signs of other languages, and what to write instead.
const FOREIGN: [(char, &str); 7] = [
    ('&', "write And(a, b)"),
    ('|', "write Or(a, b)"),
    ('~', "write Not(a)"),
    ('!', "write Not(a), or != to compare"),
    ('^', "write Power(a, b)"),
    ('=', "write == to compare"),
    ('%', "there is no remainder"),
];

/// Returns the tokens with their places; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Span)>, ExpressionError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let space = rest.len() - rest.trim_start().len();
        if space > 0 {
            at += space;
            continue;
        }
        let (token, length) = token(text, at, rest)?;
        found.push((token, at..at + length));
        at += length;
    }
    found.push((Token::End, text.len()..text.len()));
    Ok(found)
}

fn token<'a>(text: &str, at: usize, rest: &'a str) -> Result<(Token<'a>, usize), ExpressionError> {
    let first = rest.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() || first == '.' {
        return number(text, at, rest);
    }
    if let Some(name) = rest.strip_prefix('$') {
        let name = word(name);
        if name.is_empty() {
            return Err(ExpressionError::at(text, &(at..at + 1), "a field's name must follow `$`, such as $close"));
        }
        return Ok((Token::Field(name), name.len() + 1));
    }
    let name = word(rest);
    if !name.is_empty() {
        return Ok((Token::Name(name), name.len()));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let hint = FOREIGN.iter().find(|(sign, _)| *sign == first);
    let hint = hint.map(|(_, hint)| format!(": {hint}")).unwrap_or_default();
    let span = at..at + first.len_utf8();
    Err(ExpressionError::at(text, &span, format!("'{}' is no part of the language{hint}", first.escape_debug())))
}

/// Returns the letters, digits and `_` at the beginning; the first is no digit.
fn word(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let word = text.get(..end).unwrap_or_default();
    if word.starts_with(|c: char| c.is_ascii_digit()) { "" } else { word }
}

fn number<'a>(text: &str, at: usize, rest: &'a str) -> Result<(Token<'a>, usize), ExpressionError> {
    let mut end = 0;
    let mut before = ' ';
    for c in rest.chars() {
        let is_sign_of_exponent = (c == '+' || c == '-') && (before == 'e' || before == 'E');
        if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || is_sign_of_exponent) {
            break;
        }
        before = c;
        end += c.len_utf8();
    }
    let written = rest.get(..end).unwrap_or_default();
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err(ExpressionError::at(text, &(at..at + end), format!("'{written}' is not a number"))),
    }
}
