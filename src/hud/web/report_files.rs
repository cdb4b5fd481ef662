//! Hands out the reports of operations: `night_ops_*`, `day_ops_*`, `backtest_*` and their like, from the
//! workspace's directory of reports and nowhere else. Only a plain file of a known name: no directory, no link.

use std::path::{Path, PathBuf};

/// What the names of reports begin with.
const KINDS: [&str; 6] = ["night_ops_", "day_ops_", "backtest_", "simulation_", "walkforward_", "matrix_"];

/// Says whether a file's name is that of a report.
pub(super) fn is_report(name: &str) -> bool {
    let plain = name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.'));
    plain && KINDS.iter().any(|kind| name.starts_with(kind)) && media_type(name).is_some()
}

/// Returns the media type of a report: a browser shows JSON and Markdown as they are written.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    match Path::new(name).extension()?.to_str()? {
        "html" => Some("text/html; charset=utf-8"),
        "md" | "json" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// Finds a report by its name; none where it is not there, or is no plain file.
pub(super) fn find(reports: &Path, name: &str) -> Option<PathBuf> {
    let path = reports.join(name);
    (is_report(name) && path.symlink_metadata().is_ok_and(|found| found.is_file())).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::find;
    use crate::durable;

    #[test]
    fn only_plain_files_of_known_names_are_found() {
        let room = tempfile::tempdir().expect("a directory");
        let reports = room.path().join("reports");
        durable::make_directory(&reports.join("night_ops_dir.md")).expect("made");
        durable::replace(&room.path().join("night_ops_out.md"), "s").expect("written");
        for name in ["night_ops_1.md", "day_ops_1.json", "backtest_a-b.html", "secret.json", "night_ops_1.sh"] {
            durable::replace(&reports.join(name), "r").expect("written");
        }
        durable::point(&reports.join("night_ops_link.md"), Path::new("../night_ops_out.md")).expect("linked");
        durable::point(&reports.join("night_ops_within.md"), Path::new("secret.json")).expect("linked");
        for name in ["night_ops_1.md", "day_ops_1.json", "backtest_a-b.html"] {
            assert!(find(&reports, name).is_some(), "{name}");
        }
        for name in [
            "secret.json",
            "night_ops_1.sh",
            "night_ops_dir.md",
            "night_ops_link.md",
            "night_ops_within.md",
            "night_ops_/../secret.json",
            "night_ops_1.md/",
            "../night_ops_out.md",
            "/etc/passwd",
            "night_ops_1.md\0",
            "night_ops_2.md",
            "night_ops_",
            "",
        ] {
            assert!(find(&reports, name).is_none(), "{name}");
        }
    }
}
