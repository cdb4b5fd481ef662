//! Scenarios side by side give the record that they give one at a time.

use lighthunter::{drill, record::Verdict};
use serde_json::Value;

use crate::{
    Check, Failed,
    foreign::{options, target},
    require,
};

pub(crate) const CHECKS: &[Check] = &[("scenarios side by side give the same record", same_record)];

/// What differs from one drill to the next: when it was, and how it was run.
const OF_THE_RUN: [&str; 3] = ["id", "started_at", "conduct"];

fn same_record() -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let origin = target(room.path(), None)?;
    let mut records = Vec::new();
    for jobs in [1, 2, 4] {
        let mut options = options(&origin, &format!("lanes_{jobs}"))?;
        options.jobs = jobs;
        let record = drill::run(options)?;
        require(record.verdict == Verdict::Ready, || format!("{jobs} at a time: {}", record.verdict_reason))?;
        require(record.conduct.jobs == jobs, || "the record does not say how it ran".into())?;
        let mut value = serde_json::to_value(&record)?;
        without_times(&mut value);
        records.push((jobs, serde_json::to_string_pretty(&value)?));
    }
    for (jobs, text) in records.iter().skip(1) {
        let one = &records[0].1;
        let differing = one.lines().zip(text.lines()).find(|(one, several)| one != several);
        require(one == text, || format!("{jobs} at a time differ from one: {differing:?}"))?;
    }
    Ok(())
}

/// Removes every duration, and what is of the run and not of the target.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("seconds") && !OF_THE_RUN.contains(&name.as_str()));
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}
