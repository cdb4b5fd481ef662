//! How the drill itself went, in words: what it cost, what it undid, what it left behind. What makes a drill
//! NotReady whatever its scenarios say is said apart, for the first screen.

use super::{
    Report,
    summary::{Tone, seconds},
    words::Words,
};

/// Lines of one list that are said; the record has all.
const LINES_MAX: usize = 20;

/// Returns a line for each thing that makes the drill NotReady whatever its scenarios say.
pub(super) fn alarms(report: &Report<'_>) -> Vec<String> {
    let residue = &report.record.conduct.residue;
    let left = residue.iter().take(LINES_MAX).map(|line| Words::ResidueAlarm.with(report.language, [line]));
    let hits = report.record.conduct.canary.iter().flat_map(|canary| canary.hits.iter().take(LINES_MAX));
    left.chain(hits.map(|file| Words::CanaryAlarm.with(report.language, [file]))).collect()
}

/// Returns how the drill went: what, how much, and how that is; a thing said in several lines repeats its name.
pub(super) fn rows(report: &Report<'_>) -> Vec<(Words, String, Tone)> {
    let (conduct, language) = (&report.record.conduct, report.language);
    let mut rows = Vec::new();
    // Records before version 2 say nothing of it.
    if conduct.jobs > 0 {
        rows.push((Words::Jobs, conduct.jobs.to_string(), Tone::Quiet));
        rows.push((Words::Overhead, overhead(report), Tone::Quiet));
    }
    if let Some(p95) = conduct.rollback_p95_seconds {
        rows.push((Words::RollbackP95, seconds(p95, language), Tone::Quiet));
    }
    if conduct.resumed > 0 {
        rows.push((Words::Resumed, conduct.resumed.to_string(), Tone::Quiet));
    }
    rows.extend(conduct.interruption().map(|name| (Words::InterruptedBy, name, Tone::Bad)));
    rows.extend(conduct.undone.iter().take(LINES_MAX).map(|line| (Words::Undone, line.clone(), Tone::Quiet)));
    rows.extend(conduct.residue.iter().take(LINES_MAX).map(|line| (Words::LeftBehind, line.clone(), Tone::Bad)));
    if conduct.residue.is_empty() && conduct.jobs > 0 {
        rows.push((Words::LeftBehind, report.say(Words::NothingLeft).to_owned(), Tone::Good));
    }
    if let Some(canary) = &conduct.canary {
        let tone = if canary.hits.is_empty() { Tone::Good } else { Tone::Bad };
        let said = Words::CanarySearched.with(language, [&canary.files, &canary.hits.len()]);
        rows.push((Words::Canary, said, tone));
    }
    rows
}

fn overhead(report: &Report<'_>) -> String {
    let (own, all) = (report.record.conduct.overhead_seconds, report.record.seconds);
    let said = seconds(own, report.language);
    // Of a drill that took no time, or none that is known, there is no share.
    let share = 100.0 * own / all;
    if !share.is_finite() {
        return said;
    }
    let share = format!("{share:.1}");
    Words::OverheadShare.with(report.language, [&said, &share, &seconds(all, report.language)])
}

#[cfg(test)]
mod tests {
    use super::{alarms, rows};
    use crate::{
        record::DrillRecord,
        report::{Comparison, Report, samples, words::Words},
        text::Language,
    };

    fn said(record: &DrillRecord, language: Language) -> (Vec<String>, Vec<(Words, String)>) {
        let report = Report { record, comparison: &Comparison::default(), language };
        (alarms(&report), rows(&report).into_iter().map(|(name, value, _)| (name, value)).collect())
    }

    #[test]
    fn clean_drill_says_what_it_cost() {
        let (alarms, rows) = said(&samples::small(), Language::English);
        assert!(alarms.is_empty(), "{alarms:?}");
        assert_eq!(rows[1], (Words::Overhead, "0.400 s (2.7 % of 14.9 s)".to_owned()));
        assert_eq!(rows[2], (Words::RollbackP95, "0.131 s".to_owned()));
        assert_eq!(rows.len(), 4, "{rows:?}");
    }

    #[test]
    fn residue_and_interruption_are_named() {
        let (alarms, rows) = said(&samples::disturbed(), Language::Chinese);
        assert_eq!(alarms, ["演练的遗留：process 4711 still runs: sleep 600"]);
        let named: Vec<Words> = rows.iter().map(|(name, _)| *name).collect();
        for words in [Words::Resumed, Words::InterruptedBy, Words::Undone, Words::LeftBehind] {
            assert!(named.contains(&words), "{words:?} of {rows:?}");
        }
    }

    #[test]
    fn secret_that_was_written_is_an_alarm_and_a_search_without_a_hit_is_said() {
        let mut record = samples::small();
        record.conduct.canary = Some(crate::record::CanaryRecord { files: 7, hits: Vec::new() });
        let (alarms, rows) = said(&record, Language::English);
        assert!(alarms.is_empty());
        assert_eq!(rows.last().expect("a row"), &(Words::Canary, "canary: 7 files searched, 0 hits".to_owned()));
        assert!(record.conduct.is_clean());
        record.conduct.canary = Some(crate::record::CanaryRecord { files: 7, hits: vec!["repo/logs/a.log".into()] });
        assert!(said(&record, Language::English).0[0].contains("repo/logs/a.log"));
        assert!(!record.conduct.is_clean());
        assert!(crate::report::junit::junit(&record).contains("type=\"Secret\""));
    }

    #[test]
    fn record_that_says_nothing_of_it_is_not_praised() {
        let mut record = samples::small();
        record.conduct = crate::record::ConductRecord::default();
        assert!(said(&record, Language::English).1.is_empty());
    }
}
