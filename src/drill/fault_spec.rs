//! The faults that a target names in its `drill.toml`: values of JSON, YAML and TOML files, damage to any
//! file, the death of a command. Reads them; injects nothing.

use serde::Deserialize;

use super::{
    ExperimentSign, Signs,
    fault::{Damage, Edit, Fault, Kind},
};

/// One `[[faults]]` of a `drill.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultFile {
    id: String,
    what: String,
    /// The same in Chinese, for reports in Chinese.
    #[serde(default)]
    what_zh: String,
    #[serde(default)]
    chapter: String,
    /// The file that is edited or damaged, relative to the repository.
    file: Option<String>,
    /// The value of it that becomes `value`.
    pointer: Option<String>,
    value: Option<toml::Value>,
    /// What becomes of the file instead.
    damage: Option<DamageFile>,
    /// Where a byte is flipped; the middle by default.
    at_byte: Option<u64>,
    /// How many bytes are left; half by default.
    keep_bytes: Option<u64>,
    /// The command that is killed instead, once `when` is there.
    kill: Option<String>,
    when: Option<String>,
    /// How the next command must end; none where none must fail.
    exit_code: Option<i32>,
    /// The file that an ERROR line must name with a line of it.
    place: Option<String>,
    #[serde(default)]
    experiment: ExperimentFile,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DamageFile {
    Flip,
    Truncate,
    Delete,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExperimentFile {
    #[default]
    Absent,
    Failed,
}

impl FaultFile {
    /// Returns the fault.
    ///
    /// # Errors
    /// When it says none of the three ways to break something, or more than one.
    pub(super) fn fault(self) -> Result<Fault, String> {
        let place = self.place.map(kept);
        let experiment = match self.experiment {
            ExperimentFile::Absent => ExperimentSign::Absent,
            ExperimentFile::Failed => ExperimentSign::Failed,
        };
        let wrong = |what: &str| Err(format!("fault '{}': {what}", self.id));
        let kind = match (self.file, self.pointer, self.value, self.damage, self.kill, self.when) {
            (Some(file), Some(pointer), Some(value), None, None, None) => {
                let json = match serde_json::to_string(&value) {
                    Ok(json) => kept(json),
                    Err(error) => return wrong(&format!("value: {error}")),
                };
                Kind::Text { file: kept(file), edit: Edit::Value { pointer: kept(pointer), json } }
            }
            (Some(file), None, None, Some(damage), None, None) => {
                let damage = match damage {
                    DamageFile::Flip => Damage::Flip { at_byte: self.at_byte },
                    DamageFile::Truncate => Damage::Truncate { keep_bytes: self.keep_bytes },
                    DamageFile::Delete => Damage::Delete,
                };
                Kind::Bytes { file: kept(file), damage }
            }
            (None, None, None, None, Some(command), Some(when)) => {
                Kind::Kill { command: kept(command), when: kept(when) }
            }
            _ => return wrong("it needs `file`, `pointer` and `value`, or `file` and `damage`, or `kill` and `when`"),
        };
        Ok(Fault {
            signs: self.exit_code.map(|exit_code| Signs { exit_code, place, experiment }),
            id: kept(self.id),
            what: kept(self.what),
            what_zh: kept(self.what_zh),
            chapter: kept(self.chapter),
            kind,
        })
    }
}

/// Keeps a text for the life of the process, as the catalogue's are: a target is read once a drill.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
