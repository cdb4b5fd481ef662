//! Serializes dates and times of bars as ISO 8601 without the formatting machinery: they are most of what
//! a bar costs to encode.

use jiff::civil::{Date, DateTime};
use serde::Serializer;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(super) fn date<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = *b"0000-00-00";
    if write_date(&mut text, *date)
        && let Ok(text) = std::str::from_utf8(&text)
    {
        return serializer.serialize_str(text);
    }
    serializer.collect_str(date)
}

pub(super) fn date_time<S: Serializer>(at: &DateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = *b"0000-00-00T00:00:00";
    if at.subsec_nanosecond() == 0 && write_date(&mut text, at.date()) {
        write_number(&mut text, 11..13, at.hour().unsigned_abs().into());
        write_number(&mut text, 14..16, at.minute().unsigned_abs().into());
        write_number(&mut text, 17..19, at.second().unsigned_abs().into());
        if let Ok(text) = std::str::from_utf8(&text) {
            return serializer.serialize_str(text);
        }
    }
    serializer.collect_str(at)
}

/// Writes the first ten places; says whether the year has four digits.
fn write_date(text: &mut [u8], date: Date) -> bool {
    write_number(text, 0..4, date.year().unsigned_abs());
    write_number(text, 5..7, date.month().unsigned_abs().into());
    write_number(text, 8..10, date.day().unsigned_abs().into());
    date.year() >= 0
}

fn write_number(text: &mut [u8], places: std::ops::Range<usize>, mut number: u16) {
    for digit in text.get_mut(places).into_iter().flatten().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, DateTime, date};
    use serde_json::Serializer;

    fn texts(at: DateTime) -> [String; 2] {
        let mut texts = [Vec::new(), Vec::new()];
        super::date(&at.date(), &mut Serializer::new(&mut texts[0])).expect("written");
        super::date_time(&at, &mut Serializer::new(&mut texts[1])).expect("written");
        texts.map(|text| String::from_utf8(text).expect("UTF-8"))
    }

    #[test]
    fn texts_are_what_jiff_writes() {
        let cases = [
            date(2025, 1, 2).at(9, 31, 0, 0),
            date(1990, 12, 19).at(15, 0, 59, 0),
            date(7, 3, 31).at(0, 0, 0, 1),
            Date::MIN.at(0, 0, 0, 0),
            DateTime::MAX,
        ];
        for at in cases {
            let expected = [at.date().to_string(), at.to_string()].map(|text| format!("\"{text}\""));
            assert_eq!(texts(at), expected);
        }
    }
}
