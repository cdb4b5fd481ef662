//! Small parts of every page: numbers, ages, badges, notes.

use std::path::Path;

use jiff::{Timestamp, civil::DateTime};

use crate::{
    chart::Markup,
    clock::shanghai_zone,
    hud::{
        state::{Grade, Summary},
        web::report_files::is_report,
    },
    text::{Language, Note, Phrase},
};

/// What stands where there is nothing.
pub(super) const NONE: &str = "–";

/// Fills the one place of a phrase.
pub(super) fn fill(phrase: Phrase, language: Language, value: &str) -> String {
    phrase.say(language).replacen("{}", value, 1)
}

/// Writes money with groups of three digits: `995,270.11`.
pub(super) fn money(value: f64) -> String {
    let text = format!("{value:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    format!("{sign}{}.{cents}", grouped(digits))
}

/// Writes a count with groups of three digits.
pub(super) fn count(value: impl Into<u64>) -> String {
    grouped(&value.into().to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Writes a change in percent with its sign; a real minus, as wide as the plus.
pub(super) fn change(share: f64) -> String {
    let sign = if share < 0.0 { "−" } else { "+" };
    format!("{sign}{:.2} %", share.abs() * 100.0)
}

/// Writes a number that may be missing.
pub(super) fn maybe(value: Option<f64>, write: impl FnOnce(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), write)
}

/// Writes a ratio.
pub(super) fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// Writes an instant in the exchange's zone.
pub(super) fn instant(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes an instant of these days in the exchange's zone, without its year and seconds.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_zoned(shanghai_zone()).strftime("%m-%d %H:%M").to_string()
}

/// Returns the forms of an age for the script, in the order seconds, minutes, hours, days.
pub(super) fn age_forms(language: Language) -> String {
    [Phrase::SecondsAgo, Phrase::MinutesAgo, Phrase::HoursAgo, Phrase::DaysAgo]
        .map(|phrase| phrase.say(language))
        .join("|")
}

/// Writes an age, as the script does.
pub(super) fn age(seconds: u64, language: Language) -> String {
    let (phrase, value) = match seconds {
        0..120 => (Phrase::SecondsAgo, seconds),
        120..7_200 => (Phrase::MinutesAgo, seconds / 60),
        7_200..172_800 => (Phrase::HoursAgo, seconds / 3_600),
        _ => (Phrase::DaysAgo, seconds / 86_400),
    };
    fill(phrase, language, &value.to_string())
}

/// Writes an instant with its age, which the script lets grow.
pub(super) fn aged(at: Timestamp, now: Timestamp, language: Language) -> Markup {
    let mut place = Markup::new();
    let (datetime, words) = (at.to_string(), instant(at));
    place.text(&words);
    // A date of the future is of a clock that was set back, and has no age.
    if let Ok(seconds) = u64::try_from(now.duration_since(at).as_secs()) {
        let attributes = [("class", "age"), ("datetime", datetime.as_str())];
        place.text(" · ").leaf("time", &attributes, &age(seconds, language));
    }
    place
}

/// As [`aged`], of a time in words; of the exchange's clock where it names no zone.
pub(super) fn aged_words(text: &str, now: Timestamp, language: Language) -> Markup {
    let local = || text.parse::<DateTime>().ok()?.to_zoned(shanghai_zone()).ok();
    let at = text.parse::<Timestamp>().ok().or_else(|| Some(local()?.timestamp()));
    at.map_or_else(
        || {
            let mut place = Markup::new();
            place.text(text);
            place
        },
        |at| aged(at, now, language),
    )
}

/// Writes the badge of a grade: sign, word and colour, so that any one of them will do.
pub(super) fn badge(grade: Grade, language: Language) -> Markup {
    let mut badge = Markup::new();
    badge.tag("span", &[("class", &format!("badge {}", grade.word()))], |span| {
        span.leaf("span", &[("class", "sign"), ("aria-hidden", "true")], grade.sign());
        span.text(" ").text(grade.phrase().say(language));
    });
    badge
}

/// Writes why a fact has its grade.
pub(super) fn write_notes(place: &mut Markup, summary: &Summary, language: Language) {
    if summary.notes.is_empty() {
        return;
    }
    place.tag("ul", &[("class", "notes")], |list| {
        for note in &summary.notes {
            list.leaf("li", &[], &note.say(language));
        }
    });
}

/// Returns the kind of an experiment as a person reads it.
pub(super) fn kind_words(kind: &str, language: Language) -> String {
    Note::recalled::<Phrase>(kind).say(language)
}

/// Writes where a fact comes from and how old it is.
pub(super) fn write_source(place: &mut Markup, summary: &Summary, language: Language) {
    place.tag("p", &[("class", "source")], |line| {
        let report =
            Path::new(&summary.source).file_name().and_then(|name| name.to_str()).filter(|name| is_report(name));
        match report {
            Some(name) => line.tag("a", &[("href", &format!("/reports/{name}"))], |link| {
                link.leaf("code", &[], &summary.source);
            }),
            None => line.leaf("code", &[], &summary.source),
        };
        // Beside the JSON that was read there is the same for people.
        if let Some(stem) = report.and_then(|name| name.strip_suffix(".json")) {
            let href = format!("/reports/{stem}.md");
            line.text(" · ").leaf("a", &[("href", &href)], Phrase::Report.say(language));
        }
        line.text(" · ");
        match (summary.at, summary.age_s) {
            (Some(at), Some(seconds)) => {
                let (datetime, title) = (at.to_string(), instant(at));
                let attributes = [("datetime", datetime.as_str()), ("title", title.as_str())];
                line.leaf("time", &attributes, &age(seconds, language));
            }
            _ => {
                line.text(Phrase::NoAge.say(language));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{age, change, count, money};
    use crate::text::Language;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (value, words) in
            [(0.0, "0.00"), (999.5, "999.50"), (1_000.0, "1,000.00"), (-1_234_567.891, "-1,234,567.89")]
        {
            assert_eq!(money(value), words);
        }
        assert_eq!(count(28_023_u64), "28,023");
        assert_eq!((change(-0.0473), change(0.001)), ("−4.73 %".into(), "+0.10 %".into()));
    }

    #[test]
    fn ages_have_the_unit_that_fits() {
        for (seconds, words) in
            [(5, "5 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7_200, "2 h ago"), (172_800, "2 d ago")]
        {
            assert_eq!(age(seconds, Language::English), words);
        }
        assert_eq!(age(130, Language::Chinese), "2 分钟前");
    }
}
