//! Which file of a directory holds which table, by its name alone; and which of several forms of the same
//! rows is read. Opens no file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{source::SourceError, store::Table};

/// The names that stand for tables, as an error prints them.
const RECOGNISED: &str = "daily*, index_daily*, corporate_actions*, securities*, bars_1m, bars_5m, bars_15m, bars_60m, \
                          calendar (.parquet, .csv or .csv.gz)";

/// How a table is written; where several are there the first of this order is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Parquet: typed, so nothing is left to interpretation.
    Parquet,
    /// Delimited text.
    Csv,
    /// Delimited text, packed by gzip.
    CsvGz,
}

/// What a file is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// It holds rows of a table.
    Rows(Table, Form),
    /// It lists trading days.
    Calendar(Form),
    /// It is not read; the reason is for people.
    Skipped(Option<&'static str>, String),
}

/// A file of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) role: Role,
}

/// Lists the files of a directory by name.
pub(super) fn list(directory: &Path) -> Result<Vec<Listed>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: directory.into(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // An input may be a link into a shared data set, so what counts is what it leads to.
        let role = if path.is_file() { role_of(&name) } else { Role::Skipped(None, "is not a file".into()) };
        files.push(Listed { path, name, role });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    skip_second_forms(&mut files);
    if files.iter().any(|file| matches!(file.role, Role::Rows(..))) {
        return Ok(files);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).take(20).collect();
    let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    Err(SourceError::NoTable { directory: directory.into(), expected: RECOGNISED.into(), found })
}

fn role_of(name: &str) -> Role {
    let Some((stem, form)) = split(name) else {
        return Role::Skipped(None, "ignored: it is neither .parquet, .csv nor .csv.gz".into());
    };
    if stem == "calendar" {
        return Role::Calendar(form);
    }
    if is_named(stem, "minute_price_volume") {
        let reason = "skipped: it holds one price a minute, not open, high, low and close, so it makes no bars";
        return Role::Skipped(Some("minute_price_volume"), reason.into());
    }
    let table = Table::ALL.into_iter().find(|table| table.is_input() && is_named(stem, table.name()));
    table.map_or_else(
        || Role::Skipped(None, format!("ignored: '{stem}' is not the name of a table ({RECOGNISED})")),
        |table| Role::Rows(table, form),
    )
}

fn split(name: &str) -> Option<(&str, Form)> {
    let forms = [(".parquet", Form::Parquet), (".csv", Form::Csv), (".csv.gz", Form::CsvGz)];
    forms.into_iter().find_map(|(suffix, form)| Some((name.strip_suffix(suffix)?, form)))
}

/// `daily` and `daily_2025` name the table `daily`; `dailyx` does not.
fn is_named(stem: &str, table: &str) -> bool {
    stem.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn skip_second_forms(files: &mut [Listed]) {
    let mut best: BTreeMap<String, (Form, String)> = BTreeMap::new();
    for file in files.iter() {
        if let (Role::Rows(_, form) | Role::Calendar(form), Some((stem, _))) = (&file.role, split(&file.name)) {
            let entry = best.entry(stem.to_owned()).or_insert_with(|| (*form, file.name.clone()));
            if *form < entry.0 {
                *entry = (*form, file.name.clone());
            }
        }
    }
    for file in files.iter_mut() {
        let table = match file.role {
            Role::Rows(table, _) => table.name(),
            Role::Calendar(_) => "calendar",
            Role::Skipped(..) => continue,
        };
        let chosen = split(&file.name).and_then(|(stem, _)| best.get(stem));
        if let Some((_, chosen)) = chosen.filter(|(_, chosen)| *chosen != file.name) {
            file.role =
                Role::Skipped(Some(table), format!("skipped: {chosen} holds the same rows and is read instead"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Role, list, role_of};
    use crate::{
        durable,
        exit::{Exit, Failure},
        market::Interval,
        store::Table,
    };

    #[test]
    fn name_says_the_table() {
        for (name, expected) in [
            ("daily_2017_2020.csv.gz", Role::Rows(Table::Daily, Form::CsvGz)),
            ("daily.parquet", Role::Rows(Table::Daily, Form::Parquet)),
            ("index_daily_2017_2020.csv", Role::Rows(Table::Index, Form::Csv)),
            ("bars_15m.parquet", Role::Rows(Table::Minute(Interval::M15), Form::Parquet)),
            ("bars_1m.parquet", Role::Rows(Table::Minute(Interval::M1), Form::Parquet)),
            ("corporate_actions_2005_2020.csv.gz", Role::Rows(Table::Actions, Form::CsvGz)),
            ("securities.csv", Role::Rows(Table::Securities, Form::Csv)),
            ("calendar.parquet", Role::Calendar(Form::Parquet)),
        ] {
            assert_eq!(role_of(name), expected, "{name}");
        }
        for name in ["README.md", "dailyx.csv", "minute_price_volume.parquet", "bars_30m.csv", ".csv"] {
            assert!(matches!(role_of(name), Role::Skipped(..)), "{name}");
        }
    }

    #[test]
    fn one_form_of_the_same_rows_is_read() {
        let room = tempfile::tempdir().expect("a directory");
        for name in ["daily.csv", "daily.csv.gz", "daily.parquet", "daily_2025.csv.gz", "README.md"] {
            durable::replace(&room.path().join(name), "x").expect("written");
        }
        let files = list(room.path()).expect("listed");
        let read: Vec<&str> =
            files.iter().filter(|file| matches!(file.role, Role::Rows(..))).map(|file| file.name.as_str()).collect();
        assert_eq!(read, ["daily.parquet", "daily_2025.csv.gz"]);
        let Role::Skipped(Some("daily"), reason) = &files[1].role else { panic!("{:?}", files[1]) };
        assert!(reason.contains("daily.parquet"), "{reason}");
    }

    #[test]
    fn directory_without_a_table_is_refused() {
        let room = tempfile::tempdir().expect("a directory");
        let error = list(room.path()).expect_err("empty");
        assert_eq!(error.exit(), Exit::DataRefused);
        durable::replace(&room.path().join("calendar.csv"), "trade_date\n").expect("written");
        let error = list(room.path()).expect_err("a calendar alone is no data");
        assert!(error.to_string().contains("found calendar.csv"), "{error}");
        let error = list(&room.path().join("absent")).expect_err("no directory");
        assert_eq!(error.exit(), Exit::Storage);
    }
}
