//! The stages of a NightOps run, their order, and which of them a mode or a task list selects.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A stage; the order of the variants is the order of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Stores open, directories are there, disk has room.
    Selfcheck,
    /// Imports what is new in the data sources.
    Collect,
    /// DataGuardian examines the daily bars.
    TsCheck,
    /// TSDataRepairer derives what can be derived.
    Repair,
    /// FactorEngine computes the factor set.
    Factor,
    /// LabelCenter computes the labels.
    Label,
    /// DatasetBuilder joins, splits and normalises.
    Dataset,
    /// A model is trained and saved as a snapshot.
    Train,
    /// The model's scores are traded by the market's rules.
    Backtest,
    /// Experiments are committed.
    Record,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 10] = [
        Self::Selfcheck,
        Self::Collect,
        Self::TsCheck,
        Self::Repair,
        Self::Factor,
        Self::Label,
        Self::Dataset,
        Self::Train,
        Self::Backtest,
        Self::Record,
    ];

    /// Returns the stage's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Selfcheck => "selfcheck",
            Self::Collect => "collect",
            Self::TsCheck => "ts_check",
            Self::Repair => "repair",
            Self::Factor => "factor",
            Self::Label => "label",
            Self::Dataset => "dataset",
            Self::Train => "train",
            Self::Backtest => "backtest",
            Self::Record => "record",
        }
    }

    /// Says whether the stage's digest is part of the result: equal inputs give equal digests.
    #[must_use]
    pub const fn is_result(self) -> bool {
        matches!(self, Self::Repair | Self::Factor | Self::Label | Self::Dataset | Self::Train | Self::Backtest)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == name)
            .ok_or_else(|| format!("there is no stage '{name}'; the stages are {}", names()))
    }
}

/// Which part of the pipeline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every stage.
    #[default]
    Full,
    /// The data stages.
    Data,
    /// From factors to a model.
    Train,
    /// From factors to a backtest of the current model.
    Backtest,
}

impl Mode {
    /// Returns the mode's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Data => "data",
            Self::Train => "train",
            Self::Backtest => "backtest",
        }
    }

    /// Says whether the mode runs `stage`.
    #[must_use]
    pub const fn selects(self, stage: Stage) -> bool {
        match self {
            Self::Full => true,
            Self::Data => matches!(stage, Stage::Selfcheck | Stage::Collect | Stage::TsCheck | Stage::Repair),
            Self::Train => matches!(
                stage,
                Stage::Selfcheck | Stage::Factor | Stage::Label | Stage::Dataset | Stage::Train | Stage::Record
            ),
            Self::Backtest => {
                matches!(
                    stage,
                    Stage::Selfcheck | Stage::Factor | Stage::Label | Stage::Dataset | Stage::Backtest | Stage::Record
                )
            }
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Full, Self::Data, Self::Train, Self::Backtest]
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| format!("there is no mode '{name}'; the modes are full, data, train, backtest"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, Stage};

    #[test]
    fn names_read_back_and_order_is_the_runs() {
        for stage in Stage::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
            assert!(Mode::Full.selects(stage));
        }
        assert!(Stage::ALL.is_sorted());
        assert!("trian".parse::<Stage>().expect_err("no such stage").contains("train"));
    }
}
