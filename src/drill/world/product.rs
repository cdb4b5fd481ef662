//! What a run must leave behind: experiments, their files, the report, the counts of the metrics.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{NotSo, Step, World, hold};
use crate::drill::{Counted, session::Ran};

impl World {
    /// The last run added one experiment of that kind and no other; it succeeded, with a result digest.
    ///
    /// # Errors
    /// What it added.
    pub fn expect_success_of(&self, kind: &str) -> Step {
        let experiments = &self.last_run()?.seen.experiments;
        let text = |experiment: &Value, key: &str| {
            experiment.get(key).and_then(Value::as_str).map_or_else(|| format!("no {key}"), str::to_owned)
        };
        let found: Vec<String> =
            experiments.iter().map(|line| format!("{} {}", text(line, "kind"), text(line, "status"))).collect();
        hold(found == [format!("{kind} success")], || format!("the new experiments are: {}", found.join(", ")))?;
        self.new_digest().map(|_| ())
    }

    /// A file of the new experiment has a line of content below its first.
    ///
    /// # Errors
    /// When the experiment does not name it, or it holds less.
    pub fn expect_table(&self, name: &str) -> Step {
        let paths = self.last_run()?.seen.experiments.last().and_then(|line| line.get("artifacts"));
        let paths = paths.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let path = paths.iter().filter_map(Value::as_str).find(|path| path.rsplit('/').next() == Some(name));
        let path = path.ok_or_else(|| NotSo(format!("the new experiment names no {name}")))?;
        let text = fs::read_to_string(self.environment()?.repo().join(path))
            .map_err(|error| NotSo(format!("cannot read {path}: {error}")))?;
        hold(text.lines().count() > 1, || format!("{path} has no line below its first"))
    }

    /// The last run says where its report is, it is there, and it has the new experiment's result digest.
    ///
    /// # Errors
    /// What is missing.
    pub fn expect_report_in(&self, directory: &str) -> Step {
        let (path, report) = self.report()?;
        hold(path.starts_with(directory), || format!("the report {} is not under {directory}", path.display()))?;
        let digest = self.new_digest()?;
        hold(report.to_string().contains(&digest), || format!("{} does not have {digest}", path.display()))
    }

    /// The report of the last run counts one or more at a path of keys such as `counts/fills`.
    ///
    /// # Errors
    /// What it holds there.
    pub fn expect_report_counts(&self, keys: &str) -> Step {
        let (_, report) = self.report()?;
        let found = report.pointer(&format!("/{keys}"));
        let count = found
            .and_then(Value::as_array)
            .map_or_else(|| found.and_then(Value::as_f64), |list| Some(list.len() as f64));
        hold(count.is_some_and(|count| count >= 1.0), || format!("the report's {keys} is {found:?}"))
    }

    /// The report of the last run gives each account's net asset value, which is its cash and positions.
    ///
    /// # Errors
    /// The account whose numbers do not add up.
    pub fn expect_account_values(&self) -> Step {
        let (path, report) = self.report()?;
        let accounts = report.get("accounts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        hold(!accounts.is_empty(), || format!("{} has no account", path.display()))?;
        let fen = |account: &Value, key: &str| account.get(key).and_then(Value::as_i64);
        let wrong = accounts.iter().find(|account| {
            let [nav, cash, positions] = ["nav", "cash", "positions_value"].map(|key| fen(account, key));
            nav.is_none_or(|nav| nav <= 0) || nav != cash.zip(positions).map(|(cash, positions)| cash + positions)
        });
        hold(wrong.is_none(), || format!("this account does not add up: {wrong:?}"))
    }

    /// The report of the last run gives a check this grade.
    ///
    /// # Errors
    /// The grade that it has.
    pub fn expect_grade(&self, check: &str, grade: &str) -> Step {
        let grades = self.grades()?;
        let found = grades.iter().find(|(name, _)| name == check).map(|(_, grade)| grade.as_str());
        hold(found == Some(grade), || {
            format!("the report grades {check} {}, not {grade}", found.unwrap_or("not at all"))
        })
    }

    /// The report of the last run has checks, and none of this grade.
    ///
    /// # Errors
    /// The checks that have it.
    pub fn expect_no_grade(&self, grade: &str) -> Step {
        let grades = self.grades()?;
        hold(!grades.is_empty(), || "the report has no check".to_owned())?;
        let found: Vec<String> = grades.into_iter().filter(|(_, found)| found == grade).map(|(name, _)| name).collect();
        hold(found.is_empty(), || format!("the report grades {grade}: {}", found.join(", ")))
    }

    /// Returns the checks of the last run's report, each with its grade.
    fn grades(&self) -> Result<Vec<(String, String)>, NotSo> {
        let (_, report) = self.report()?;
        let checks = report.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |check: &Value, key: &str| check.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(checks.iter().map(|check| (text(check, "name"), text(check, "grade"))).collect())
    }

    /// The metrics count so many more runs or errors of a component than before the last run.
    ///
    /// # Errors
    /// How many they count.
    pub fn expect_counted(&self, count: u32, what: Counted, component: &str) -> Step {
        let added = self.last_run()?.seen.counted(component, what);
        hold(added == f64::from(count), || format!("the metrics count {added} more of {component}, not {count}"))
    }

    /// The last run's result equals that of the last run before it of the command `name`.
    ///
    /// # Errors
    /// The two results.
    pub fn expect_result_of(&self, name: &str) -> Step {
        let after = self.last_run()?.seen.result();
        let earlier = self.runs.iter().rev().skip(1).find(|ran| ran.run.name == name);
        let before = earlier.and_then(|ran: &Ran| ran.seen.result());
        hold(before.is_some() && before == after, || format!("the results differ: {before:?}, then {after:?}"))
    }

    /// Returns the report that the last run names on a line `report: PATH`, with its path.
    fn report(&self) -> Result<(PathBuf, Value), NotSo> {
        let run = &self.last_run()?.run;
        let named = run.stdout.lines().filter_map(|line| line.strip_prefix("report: "));
        let mut named = named.filter(|path| Path::new(path).extension().is_some_and(|kind| kind == "json"));
        let path = named.next().ok_or_else(|| NotSo(format!("{} names no report", run.name)))?;
        let unreadable = |error: String| NotSo(format!("cannot read the report {path}: {error}"));
        let bytes = fs::read(self.environment()?.repo().join(path)).map_err(|error| unreadable(error.to_string()))?;
        let report = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok((path.into(), report))
    }

    fn new_digest(&self) -> Result<String, NotSo> {
        let newest = self.last_run()?.seen.experiments.last();
        let digest = newest.and_then(|line| line.get("result_digest")).and_then(Value::as_str);
        digest.map(str::to_owned).ok_or_else(|| NotSo::because("the new experiment has no result digest"))
    }
}
