//! The drills' directories: a record read again, and how many reports are kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ReportError, ReportPaths};
use crate::{
    durable::{self, DurableError},
    record::{DrillRecord, RECORD_VERSION},
};

/// The link to the newest drill's directory.
pub(super) const LATEST: &str = "latest";

/// Returns the directory of the drill `id` under `drills`; `latest` is the newest one's.
///
/// # Errors
/// When `id` is no drill's name or its record is not there.
pub fn directory_of(drills: &Path, id: &str) -> Result<PathBuf, ReportError> {
    let directory = drills.join(id);
    let is_there = (is_id(id) || id == LATEST) && ReportPaths::within(&directory).record.is_file();
    is_there.then_some(directory).ok_or_else(|| ReportError::NoDrill { wanted: id.into(), drills: drills.into() })
}

/// Reads the record in a drill's directory; older versions have their newer fields left empty.
///
/// # Errors
/// When it is not there, does not parse, or is of a newer version.
pub fn read_record(directory: &Path) -> Result<DrillRecord, ReportError> {
    let path = ReportPaths::within(directory).record;
    let text = fs::read_to_string(&path).map_err(DurableError::at("read", &path))?;
    let version = serde_json::from_str::<serde_json::Value>(&text).ok();
    let version = version.as_ref().and_then(|value| value.get("version")).and_then(serde_json::Value::as_u64);
    if let Some(found) = version.and_then(|version| u32::try_from(version).ok()).filter(|found| *found > RECORD_VERSION)
    {
        return Err(ReportError::Newer { path, found });
    }
    serde_json::from_str(&text).map_err(|source| ReportError::Damaged { path, source })
}

/// Removes the oldest reports under `drills` beyond the `keep` newest and points `latest` at the newest of
/// `ids` that is still there. A drill without a record is still under way or to be resumed: it stays.
pub(super) fn retain(drills: &Path, ids: &[String], own: &str, keep: u32) -> Result<(), DurableError> {
    let mut finished = finished(drills)?;
    finished.sort();
    let keep = if keep == 0 { finished.len() } else { usize::try_from(keep).unwrap_or(usize::MAX) };
    let newest = ids.iter().rev().find(|id| finished.contains(id));
    let surplus = finished.len().saturating_sub(keep);
    for id in finished.iter().take(surplus).filter(|id| *id != own && Some(*id) != newest) {
        let directory = drills.join(id);
        durable::remove_tree(&directory)?;
    }
    match newest {
        Some(newest) => durable::point(&drills.join(LATEST), Path::new(newest)),
        None => Ok(()),
    }
}

/// Returns the ids of the drills that have a record; links are not followed.
fn finished(drills: &Path) -> Result<Vec<String>, DurableError> {
    let entries = match fs::read_dir(drills) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(DurableError::at("list", drills)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(DurableError::at("list", drills))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && is_id(&name) && ReportPaths::within(&entry.path()).record.is_file() {
            found.push(name);
        }
    }
    Ok(found)
}

/// Says whether `name` is a drill's: `YYYYMMDD-HHMMSS-<4 hex>`.
fn is_id(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let [date, time, unique] = parts.as_slice() else { return false };
    digits(date, 8) && digits(time, 6) && unique.len() == 4 && unique.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{LATEST, directory_of, read_record, retain};
    use crate::{
        durable,
        report::{ReportError, json, samples},
    };

    fn drill(drills: &Path, id: &str, has_record: bool) {
        let name = if has_record { "record.json" } else { "journal.jsonl" };
        durable::make_directory(&drills.join(id)).expect("made");
        durable::replace(&drills.join(id).join(name), "{}").expect("written");
    }

    #[test]
    fn oldest_reports_go_and_latest_is_never_dangling() {
        let room = tempfile::tempdir().expect("a directory");
        let id = |day: u32| format!("202501{day:02}-120000-00aa");
        let ids: Vec<String> = (1..=5).map(id).collect();
        for day in 1..=5 {
            drill(room.path(), &id(day), day != 2);
        }
        drill(room.path(), "notes-of-mine", true);
        retain(room.path(), &ids, &id(5), 0).expect("kept");
        assert_eq!(fs::read_dir(room.path()).expect("listed").count(), 7, "0 keeps all, and latest is there");
        retain(room.path(), &ids, &id(5), 2).expect("kept");
        let is_there = |name: &str| room.path().join(name).exists();
        let found = [1, 2, 3, 4, 5].map(|day| is_there(&id(day)));
        assert_eq!(found, [false, true, false, true, true], "a drill without a record may be resumed");
        assert!(is_there("notes-of-mine"));
        fs::remove_dir_all(room.path().join(id(5))).expect("removed by hand");
        retain(room.path(), &ids, &id(4), 1).expect("kept");
        assert_eq!(fs::read_link(room.path().join(LATEST)).expect("a link"), Path::new(&id(4)));
    }

    #[test]
    fn record_is_found_by_its_id_and_by_nothing_else() {
        let room = tempfile::tempdir().expect("a directory");
        let record = samples::small();
        let directory = room.path().join(&record.id);
        durable::make_directory(&directory).expect("made");
        durable::replace(&directory.join("record.json"), json(&record)).expect("written");
        let found = directory_of(room.path(), &record.id).expect("there");
        assert_eq!(read_record(&found).expect("read"), record);
        for name in ["..", "../drills", "", "20250101-120000-ffff", LATEST] {
            assert!(directory_of(room.path(), name).is_err(), "{name}");
        }
        durable::replace(&directory.join("record.json"), "{\"version\": 99}").expect("written");
        assert!(matches!(read_record(&found), Err(ReportError::Newer { found: 99, .. })));
        durable::replace(&directory.join("record.json"), "{\"version\": 1").expect("written");
        assert!(matches!(read_record(&found), Err(ReportError::Damaged { .. })));
    }
}
