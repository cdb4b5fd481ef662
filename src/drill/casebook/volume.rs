//! The files of the casebook that the executable carries, read once.

use std::{fs, path::PathBuf, sync::LazyLock};

use super::entry::{Entry, parse};
use crate::drill::{FEATURES, Finding};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Name and text of every file of `fixtures/faults/`.
        pub const FAULT_FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../fixtures/faults/", $name)))),*];
    };
}

embedded![
    "f01_unknown_key.toml",
    "f02_truncated_config.toml",
    "f03_yaml_bomb.toml",
    "f04_conflicting_layers.toml",
    "f05_changed_during_run.toml",
    "f06_missing_reference.toml",
    "f07_columns_changed.toml",
    "f08_duplicate_rows.toml",
    "f09_wrong_prices.toml",
    "f10_restated_history.toml",
    "f11_partial_day.toml",
    "f12_universe_changed.toml",
    "f13_shifted_time.toml",
    "f14_hostile_text.toml",
    "f15_io_error.toml",
    "f16_read_only.toml",
    "f17_disk_full.toml",
    "f18_kill_in_dual_write.toml",
    "f19_kill_in_recovery.toml",
    "f20_power_cut.toml",
    "f21_lost_write.toml",
    "f22_write_ahead_log.toml",
    "f23_kill_in_creation.toml",
    "f24_second_process.toml",
    "f25_sqlite_busy.toml",
    "f26_parquet_rot.toml",
    "f27_torn_line.toml",
    "f28_leftovers.toml",
    "f29_slow_disk.toml",
    "f30_odd_paths.toml",
    "f31_outage.toml",
    "f32_wrong_content.toml",
    "f33_name_or_tls.toml",
    "f34_repeated_pages.toml",
    "f35_credentials.toml",
    "f36_slow_subscriber.toml",
    "f37_late_joiner.toml",
    "f38_malformed_frame.toml",
    "f39_dead_thread.toml",
    "f40_termination.toml",
    "f41_suspended.toml",
    "f42_hanging_child.toml",
    "f43_panic.toml",
    "f44_hostile_script.toml",
    "f45_swapped_script.toml",
    "f46_sandbox.toml",
    "f47_limit_breach.toml",
    "f48_stale_price.toml",
    "f49_replayed_orders.toml",
    "f50_corporate_action.toml",
    "f51_half_written_model.toml",
    "f52_swap_crash.toml",
    "f53_bad_pointer.toml",
    "f54_incompatible_model.toml",
    "f55_collapsed_model.toml",
    "f56_collected_model.toml",
    "f57_interrupted_rollback.toml",
    "f58_dirty_tree.toml",
    "f59_missing_commit.toml",
    "f60_mixed_versions.toml",
    "f61_exhausted.toml",
    "f62_clock.toml",
    "f63_lying_monitor.toml",
    "f64_hostile_request.toml",
];

/// The variable that names a directory whose files are read in place of those that the executable carries: for
/// whoever writes cases, who need not build anew to try them.
const DIRECTORY: &str = "LIGHTHUNTER_FAULTS";

/// Every file as it was read, in the order of the ids.
static READ: LazyLock<Vec<(&'static str, Result<Entry, String>)>> = LazyLock::new(|| {
    let directory = std::env::var_os(DIRECTORY).map(PathBuf::from);
    let read = |name: &str, carried: &str| match &directory {
        None => parse(name, carried),
        Some(directory) => {
            let path = directory.join(name);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            parse(name, &text)
        }
    };
    FAULT_FILES.iter().map(|(name, text)| (*name, read(name, text))).collect()
});

/// Returns every fault of the catalogue, in the order of their ids.
///
/// # Errors
/// What is wrong with the files, a line each.
pub fn casebook() -> Result<Vec<&'static Entry>, Vec<String>> {
    let wrong: Vec<String> = READ.iter().filter_map(|(_, read)| read.as_ref().err().cloned()).collect();
    if wrong.is_empty() { Ok(READ.iter().filter_map(|(_, read)| read.as_ref().ok()).collect()) } else { Err(wrong) }
}

/// Returns what makes the catalogue worthless: files that are wrong, and features that do not name each fault once,
/// by its own title and in its own category.
#[must_use]
pub fn findings() -> Vec<Finding> {
    let of = |file: &str, line: usize, what: String| Finding { file: file.into(), line, what };
    let entries = match casebook() {
        Ok(entries) => entries,
        // The words begin with file and line already.
        Err(wrong) => return wrong.into_iter().map(|what| of("fixtures/faults", 0, what)).collect(),
    };
    let mut found = Vec::new();
    for entry in entries {
        let file = format!("faults/{}.feature", entry.category.name());
        let row = |line: &str| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            matches!(cells.as_slice(), ["", id, title, ""] if *id == entry.id && *title == entry.title)
        };
        let rows = |text: &str| text.lines().filter(|line| row(line)).count();
        let count: usize = FEATURES.iter().map(|(_, text)| rows(text)).sum();
        let own: usize = FEATURES.iter().filter(|(path, _)| *path == file).map(|(_, text)| rows(text)).sum();
        if (count, own) != (1, 1) {
            let what =
                format!("{} '{}' is an example {own} times here and {count} times in all", entry.id, entry.title);
            found.push(of(&file, 0, what));
        }
    }
    found
}

/// Returns one fault of the catalogue.
///
/// # Errors
/// When its file is wrong, or there is none.
pub fn entry_of(id: &str) -> Result<&'static Entry, String> {
    let start = format!("{}_", id.to_lowercase());
    let found = READ.iter().find(|(name, _)| name.starts_with(&start));
    let (_, read) = found.ok_or_else(|| format!("the catalogue has no fault '{id}'"))?;
    read.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::fs;

    use super::{FAULT_FILES, casebook, findings};

    #[test]
    fn every_fault_is_an_example_of_its_category() {
        assert_eq!(findings(), []);
    }

    #[test]
    fn every_file_is_embedded_and_reads_as_the_fault_of_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults");
        let on_disk: BTreeSet<String> = fs::read_dir(folder)
            .expect("listed")
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "toml"))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "toml"))
            .collect();
        let embedded: BTreeSet<String> = FAULT_FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(embedded, on_disk, "the list in src/drill/casebook/volume.rs and the folder differ");
        let entries = casebook().unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
        let ids: Vec<String> = (1..=64).map(|number| format!("F{number:02}")).collect();
        assert_eq!(entries.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>(), ids);
        for ((name, _), entry) in FAULT_FILES.iter().zip(&entries) {
            assert!(name.starts_with(&format!("{}_", entry.id.to_lowercase())), "{name} holds {}", entry.id);
        }
    }
}
