//! The last check before the opening, from the newest `day_ops_*.json`. Reads the report by its names and
//! not by its type, so that a newer report with more in it is still shown.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use super::{Fact, Grade, files, place::Place};
use crate::{
    market::Calendar,
    text::{Glossary, Note, Phrase},
};

const PREFIX: &str = "day_ops_";
/// Names under which the reports have had their verdict, and their list of checks.
const VERDICTS: [&str; 4] = ["verdict", "grade", "status", "level"];
const LISTS: [&str; 3] = ["checks", "steps", "items"];

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayOpsItem {
    /// What was checked.
    pub name: Note,
    /// Its grade.
    pub grade: Grade,
    /// What was found.
    pub found: Note,
    /// What to do about it.
    pub remedy: Option<Note>,
}

/// The last check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayOpsFacts {
    /// The trading date.
    pub date: Option<Date>,
    /// Its verdict.
    pub verdict: Grade,
    /// The checks in order.
    pub items: Vec<DayOpsItem>,
}

pub(super) fn look(place: &Place<'_>) -> Fact<Option<DayOpsFacts>> {
    let reports = match files::newest_report::<Value>(&place.reports(), PREFIX) {
        Ok(reports) => reports,
        Err(error) => return Fact::unreadable(place.shown(&place.reports()), &error),
    };
    let Some(report) = reports.newest else {
        return match reports.broken.first() {
            Some((path, error)) => Fact::unreadable(place.shown(path), error),
            None => Fact::absent(place.shown(&place.reports()), Phrase::NoDayOps),
        };
    };
    let facts = of(&report.content);
    let verdict = facts.verdict;
    let due = place.session_of_today();
    let behind = facts.date.and_then(|date| Calendar::builtin().count_between(date, due?).ok());
    let behind = behind.filter(|sessions| *sessions > 0).zip(due);
    let bad = facts.items.iter().filter(|item| item.grade > Grade::Ok).max_by_key(|item| item.grade);
    let because = bad.map(|item| Note::new(Phrase::CheckFound, [&item.name, &item.found]));
    let at = time_of(&report.content).or(report.modified);
    let fact = Fact::of(place.shown(&report.path), Some(facts)).dated(at, place.now);
    let fact =
        fact.marked_if(verdict > Grade::Ok, verdict, || because.unwrap_or_else(|| Note::plain(verdict.phrase())));
    let fact = match behind {
        Some((sessions, due)) => fact.marked(Grade::Stale, Note::new(Phrase::SessionsBehind, [&sessions, &due])),
        None => fact,
    };
    match reports.broken.first() {
        Some((path, _)) => fact.marked(Grade::Warning, Note::new(Phrase::ReportBroken, [&place.shown(path)])),
        None => fact,
    }
}

fn of(report: &Value) -> DayOpsFacts {
    let list = LISTS.iter().find_map(|name| report.get(name)?.as_array());
    let glossary: Glossary = report.get("zh").and_then(|zh| Glossary::deserialize(zh).ok()).unwrap_or_default();
    let items = list.into_iter().flatten().filter_map(|item| item_of(item, &glossary)).collect();
    let date = report.get("date").and_then(Value::as_str).and_then(|text| text.parse().ok());
    DayOpsFacts { date, verdict: grade_of(report), items }
}

fn item_of(item: &Value, glossary: &Glossary) -> Option<DayOpsItem> {
    let text = |names: &[&str]| names.iter().find_map(|name| Some(glossary.note(item.get(name)?.as_str()?)));
    Some(DayOpsItem {
        name: text(&["name", "check", "id"])?,
        grade: grade_of(item),
        found: text(&["found", "reason", "message", "detail"]).unwrap_or_default(),
        remedy: text(&["remedy"]),
    })
}

/// Reads a grade; what is no known word is unknown, never good.
fn grade_of(value: &Value) -> Grade {
    let word = VERDICTS.iter().find_map(|name| value.get(name)?.as_str());
    let flag = ["success", "ok"].iter().find_map(|name| value.get(name)?.as_bool());
    match (word.map(str::to_ascii_lowercase).as_deref(), flag) {
        (Some("ok" | "pass" | "passed" | "done"), _) | (None, Some(true)) => Grade::Ok,
        (Some("warn" | "warning"), _) => Grade::Warning,
        (Some("fail" | "failed"), _) | (None, Some(false)) => Grade::Fail,
        _ => Grade::Unknown,
    }
}

fn time_of(report: &Value) -> Option<Timestamp> {
    ["finished_at", "started_at", "at"].iter().find_map(|name| report.get(name)?.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Grade, of};
    use crate::text::Language;

    #[test]
    fn a_verdict_that_is_not_known_is_never_good() {
        for (word, grade) in
            [("OK", Grade::Ok), ("WARNING", Grade::Warning), ("fail", Grade::Fail), ("fine?", Grade::Unknown)]
        {
            assert_eq!(of(&json!({ "verdict": word })).verdict, grade, "{word}");
        }
        assert_eq!(of(&json!({})).verdict, Grade::Unknown);
        assert_eq!(of(&json!({ "success": false })).verdict, Grade::Fail);
    }

    #[test]
    fn checks_are_read_by_their_names() {
        let report = json!({"date": "2025-06-30", "verdict": "FAIL",
            "checks": [{"name": "model", "grade": "fail", "found": "none", "remedy": "Train."}, {"no": "name"}]});
        let facts = of(&report);
        assert_eq!(facts.items.len(), 1);
        assert_eq!(facts.items[0].remedy.as_deref(), Some("Train."));
        assert_eq!(facts.items[0].grade, Grade::Fail);
    }

    #[test]
    fn reasons_are_in_the_language_of_the_page() {
        let mut report = json!({"checks": [{"name": "model", "grade": "fail", "reason": "none"}]});
        assert_eq!(of(&report).items[0].found.say(Language::Chinese), "none", "a report of before");
        report["zh"] = json!({"none": "没有", "model": "模型"});
        let item = of(&report).items.remove(0);
        assert_eq!([item.name.say(Language::Chinese), item.found.say(Language::Chinese)], ["模型", "没有"]);
        assert_eq!(item.found.say(Language::English), "none");
        report["zh"] = json!(["damaged"]);
        assert_eq!(of(&report).items[0].found.say(Language::Chinese), "none", "a damaged one");
    }
}
