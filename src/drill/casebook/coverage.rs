//! What of the catalogue is covered on this machine. Tries the mechanisms, and breaks nothing.

use serde::Serialize;

use super::{Category, Entry, casebook, missing};

/// How a fault stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "covered", rename_all = "snake_case")]
pub enum Covered {
    /// It has cases, and all of them can run here.
    Implemented,
    /// Some of its cases cannot run here: why.
    PartlySkipped {
        /// The case and what is missing.
        reasons: Vec<String>,
    },
    /// None of its cases can run here: why.
    Skipped {
        /// The case and what is missing.
        reasons: Vec<String>,
    },
    /// It has no case.
    NotCovered,
}

impl Covered {
    /// Every way in which a fault can stand, in words.
    pub const WORDS: [&str; 4] = ["implemented", "partly skipped here", "skipped here", "not covered"];

    /// Returns the words for it.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::PartlySkipped { .. } => "partly skipped here",
            Self::Skipped { .. } => "skipped here",
            Self::NotCovered => "not covered",
        }
    }

    /// Returns what is missing.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        match self {
            Self::PartlySkipped { reasons } | Self::Skipped { reasons } => reasons,
            Self::Implemented | Self::NotCovered => &[],
        }
    }
}

/// One fault of the catalogue, as `drill faults` lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Its id.
    pub id: &'static str,
    /// What goes wrong.
    pub title: &'static str,
    /// Its category.
    pub category: Category,
    /// One of those that matter most.
    pub star: bool,
    /// What the system must do.
    pub must: &'static str,
    /// How it is brought about: the harms and mechanisms of its cases.
    pub mechanisms: Vec<&'static str>,
    /// Its cases.
    pub cases: Vec<CaseListed>,
    /// How it stands on this machine.
    #[serde(flatten)]
    pub covered: Covered,
}

/// One case, as `drill faults` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseListed {
    /// Its name.
    pub name: &'static str,
    /// The exit codes that are right for what meets the fault, command by command.
    pub exits: Vec<Vec<i32>>,
    /// What is missing here.
    pub missing: Option<String>,
}

/// Returns how every fault of the catalogue stands on this machine.
///
/// # Errors
/// What is wrong with the files, a line each.
pub fn coverage() -> Result<Vec<Coverage>, Vec<String>> {
    Ok(casebook()?.into_iter().map(of_entry).collect())
}

fn of_entry(entry: &'static Entry) -> Coverage {
    let cases: Vec<CaseListed> = entry
        .cases
        .iter()
        .map(|case| CaseListed {
            name: &case.name,
            exits: case.run.iter().filter(|act| act.send.is_none()).map(super::Act::exits).collect(),
            missing: missing(case).err(),
        })
        .collect();
    let mut mechanisms: Vec<&'static str> = entry.cases.iter().flat_map(super::Case::mechanisms).collect();
    mechanisms.sort_unstable();
    mechanisms.dedup();
    let reasons: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{}: {}", case.name, case.missing.as_ref()?))).collect();
    let covered = match (cases.len(), reasons.len()) {
        (0, _) => Covered::NotCovered,
        (_, 0) => Covered::Implemented,
        (all, lacking) if all == lacking => Covered::Skipped { reasons },
        _ => Covered::PartlySkipped { reasons },
    };
    Coverage {
        id: &entry.id,
        title: &entry.title,
        category: entry.category,
        star: entry.star,
        must: &entry.must,
        mechanisms,
        cases,
        covered,
    }
}

#[cfg(test)]
mod tests {
    use super::{Covered, coverage};

    #[test]
    fn every_fault_is_listed_and_one_with_cases_that_need_nothing_is_implemented() {
        let listed = coverage().expect("sound");
        assert_eq!((listed.len(), listed[25].id), (64, "F26"));
        assert_eq!((listed[25].covered.clone(), listed[25].star), (Covered::Implemented, true));
        assert!(listed[25].mechanisms.contains(&"flip"), "{:?}", listed[25].mechanisms);
        assert!(listed.iter().all(|fault| (fault.covered == Covered::NotCovered) == fault.cases.is_empty()));
    }
}
