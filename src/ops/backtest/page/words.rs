//! How the page writes numbers, in every language.

use super::phrases::Word;
use crate::{
    market::tick::cny,
    text::{Language, Note},
};

/// Writes a share as percent with two decimals.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", hundredfold(share, 2))
}

/// As [`percent`], with a sign also where it is above zero.
pub(super) fn signed_percent(share: f64) -> String {
    let percent = hundredfold(share, 2);
    if percent > 0.0 { format!("+{percent:.2} %") } else { format!("{percent:.2} %") }
}

/// Writes a difference of two shares.
pub(super) fn points(difference: f64) -> Note {
    Note::new(Word::Points, [&format!("{:.2}", hundredfold(difference, 2))])
}

/// Writes a share as percent with one decimal: for places where many stand side by side.
pub(super) fn short_percent(share: f64) -> String {
    format!("{:.1}", hundredfold(share, 1))
}

/// Writes a share as percent with as many decimals as it has, up to four: for the values of an axis.
pub(super) fn percent_tick(share: f64) -> String {
    format!("{} %", trimmed(&format!("{:.4}", share * 100.0)))
}

/// Writes a small number with as many decimals as it has, up to four: for the values of an axis.
pub(super) fn small_tick(value: f64) -> String {
    trimmed(&format!("{value:.4}"))
}

/// Writes a coefficient.
pub(super) fn coefficient(value: f64) -> String {
    // Adding zero makes -0.0 and 0.0 one value.
    format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0)
}

/// Writes what may not be defined.
pub(super) fn or_undefined(value: Option<f64>, language: Language, words: fn(f64) -> String) -> String {
    value.map_or_else(|| Word::NotDefined.say(language).into(), words)
}

/// Writes an amount of money, in fen, as whole CNY.
pub(super) fn fen(value: i64, language: Language) -> String {
    format!("{} {}", thousands(cny(value)), Word::Cny.say(language))
}

/// Returns how the language writes money on an axis.
pub(super) fn money_ticks(language: Language) -> fn(f64) -> String {
    match language {
        Language::English => money_tick,
        Language::Chinese => money_tick_in_wan,
    }
}

/// Writes CNY as Chinese readers count large amounts: by ten thousand.
fn money_tick_in_wan(value: f64) -> String {
    if value.abs() >= 1e4 { format!("{} 万", trimmed(&format!("{:.3}", value / 1e4))) } else { thousands(value) }
}

/// Writes whole CNY in groups of three digits; ten millions and more as millions.
fn money_tick(value: f64) -> String {
    if value.abs() >= 1e7 { format!("{} m", trimmed(&format!("{:.3}", value / 1e6))) } else { thousands(value) }
}

/// Writes whole numbers in groups of three digits.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

/// Returns the name of a month, 1 to 12, in three letters in English.
pub(super) fn month(number: i8, language: Language) -> &'static str {
    const MONTHS: [Word; 12] = [
        Word::January,
        Word::February,
        Word::March,
        Word::April,
        Word::May,
        Word::June,
        Word::July,
        Word::August,
        Word::September,
        Word::October,
        Word::November,
        Word::December,
    ];
    let month = usize::try_from(number - 1).ok().and_then(|at| MONTHS.get(at));
    month.map_or("?", |month| month.say(language))
}

fn hundredfold(share: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    // Adding zero makes -0.0 and 0.0 one value.
    (share * 100.0 * unit).round() / unit + 0.0
}

fn trimmed(text: &str) -> String {
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".into() } else { short.into() }
}

#[cfg(test)]
mod tests {
    use super::{
        Language, coefficient, fen, money_tick, money_ticks, percent, percent_tick, short_percent, signed_percent,
        thousands,
    };

    #[test]
    fn amounts_are_grouped() {
        for (value, text) in [(0.0, "0"), (-0.2, "0"), (999.0, "999"), (1_000.0, "1,000"), (-1_234_567.0, "-1,234,567")]
        {
            assert_eq!(thousands(value), text);
        }
        assert_eq!(fen(123_456_750, Language::English), "1,234,568 CNY");
        assert_eq!(fen(123_456_750, Language::Chinese), "1,234,568 元");
        assert_eq!(money_ticks(Language::Chinese)(12_500_000.0), "1250 万");
        assert_eq!((money_tick(9_500_000.0).as_str(), money_tick(12_500_000.0).as_str()), ("9,500,000", "12.5 m"));
    }

    #[test]
    fn shares_have_one_zero_and_a_sign_where_it_says_something() {
        assert_eq!([percent(-0.000_01), percent(0.0512)], ["0.00 %", "5.12 %"]);
        assert_eq!(
            [signed_percent(0.05), signed_percent(-0.05), signed_percent(0.0)],
            ["+5.00 %", "-5.00 %", "0.00 %"]
        );
        assert_eq!([short_percent(0.123_46), short_percent(-0.000_1)], ["12.3", "0.0"]);
        assert_eq!([percent_tick(0.05), percent_tick(-0.000_25), percent_tick(0.0)], ["5 %", "-0.025 %", "0 %"]);
        assert_eq!(coefficient(-0.0001), "0.000");
    }
}
