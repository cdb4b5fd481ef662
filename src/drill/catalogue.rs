//! The catalogue of faults as data: what each breaks, and the signs by which a person must see it.

use super::fault::{Edit, Fault, Kind};
use crate::record::{Duty, SignalKind};

/// What must show once a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// The exit code that the broken command must end with.
    pub exit_code: i32,
    /// The file that an ERROR line of the log must name with a line of it; any ERROR line does for `None`.
    pub place: Option<&'static str>,
    /// What the experiment record must say.
    pub experiment: ExperimentSign,
}

/// What the experiment record must say of a run that a fault broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentSign {
    /// Nothing: the run never came as far as an experiment.
    Absent,
    /// A failed experiment with the exit code as its class, and the reason.
    Failed,
}

impl Signs {
    /// Returns what a signal must do.
    #[must_use]
    pub fn duty(&self, kind: SignalKind) -> Duty {
        match (kind, self.experiment) {
            (SignalKind::Experiment, ExperimentSign::Absent) => Duty::Silent,
            _ => Duty::Show,
        }
    }

    /// Returns the tile of the HUD that must show it.
    #[must_use]
    pub const fn tile(&self) -> &'static str {
        match self.experiment {
            ExperimentSign::Absent => "night_ops",
            ExperimentSign::Failed => "experiments",
        }
    }

    /// Returns what each signal must show, in words; the HUD, which not every scenario starts, is not among
    /// them.
    #[must_use]
    pub fn expected(&self) -> [(SignalKind, String); 4] {
        let code = self.exit_code;
        let log = self.place.map_or_else(|| "an ERROR line".into(), |file| format!("an ERROR line with {file}:LINE"));
        let experiment = match self.experiment {
            ExperimentSign::Absent => "no new experiment".into(),
            ExperimentSign::Failed => format!("a failed experiment with class {code} and the reason, no other"),
        };
        [
            (SignalKind::ExitCode, format!("exit code {code}")),
            (SignalKind::Log, log),
            (SignalKind::Metric, "more errors than before".into()),
            (SignalKind::Experiment, experiment),
        ]
    }
}

/// Every fault that can be injected, by id.
pub const CATALOGUE: [Fault; 9] = [
    Fault {
        id: "code-damage",
        what: "a bad commit edits one tracked file, deletes another and adds a third; a fourth is edited after it",
        what_zh: "一次错误提交改动一个受控文件、删除一个、新增一个；提交后又改动第四个",
        chapter: "4.1",
        signs: None,
        kind: Kind::Code,
    },
    Fault {
        id: "data-damage",
        what: "the database is damaged in place and Parquet files are deleted",
        what_zh: "数据库被就地损坏，并删除若干 Parquet 文件",
        chapter: "4",
        signs: None,
        kind: Kind::Stores { database: "data/lighthunter.duckdb", table: "data/parquet/daily" },
    },
    Fault {
        id: "duckdb-path",
        what: "storage.ts.duckdb_path names a directory that does not exist",
        what_zh: "storage.ts.duckdb_path 指向不存在的目录",
        chapter: "3.1",
        signs: Some(Signs { exit_code: 13, place: None, experiment: ExperimentSign::Absent }),
        kind: Kind::Text {
            file: "config/system_config.json",
            edit: Edit::Pointer {
                pointer: "/storage/ts/duckdb_path",
                text: "data/__invalid_path__/lighthunter.duckdb",
            },
        },
    },
    Fault {
        id: "model-degraded",
        what: "a worse model is trained and put in force",
        what_zh: "训练出一个更差的模型并启用",
        chapter: "4.3",
        signs: None,
        kind: Kind::Command("night_worse"),
    },
    Fault {
        id: "strategy-loop",
        what: "strategy/u1.luau never ends",
        what_zh: "strategy/u1.luau 陷入死循环",
        chapter: "3.2",
        signs: Some(refused(16, U1)),
        kind: Kind::Text { file: U1, edit: Edit::Whole(LOOP) },
    },
    Fault {
        id: "strategy-loop-in-pcall",
        what: "strategy/u1.luau never ends, and catches whatever would end it",
        what_zh: "strategy/u1.luau 陷入死循环，并捕获一切可能终止它的错误",
        chapter: "3.2",
        signs: Some(refused(16, U1)),
        kind: Kind::Text { file: U1, edit: Edit::Whole(LOOP_IN_PCALL) },
    },
    Fault {
        id: "strategy-nan",
        what: "strategy/u1.luau wishes 0/0 of every symbol",
        what_zh: "strategy/u1.luau 对每只股票给出 0/0",
        chapter: "3.2",
        signs: Some(refused(17, U1)),
        kind: Kind::Text { file: U1, edit: Edit::Whole(NAN) },
    },
    Fault {
        id: "strategy-parse",
        what: "strategy/portfolio.luau ends in the middle of its table",
        what_zh: "strategy/portfolio.luau 的表写到一半就结束",
        chapter: "3.2",
        signs: Some(refused(17, PORTFOLIO)),
        kind: Kind::Text { file: PORTFOLIO, edit: Edit::Whole(UNFINISHED) },
    },
    Fault {
        id: "strategy-weight",
        what: "strategy/portfolio.luau gives u1 the weight 1.7",
        what_zh: "strategy/portfolio.luau 把 u1 的权重设为 1.7",
        chapter: "3.2",
        signs: Some(refused(17, PORTFOLIO)),
        kind: Kind::Text { file: PORTFOLIO, edit: Edit::Replace { pattern: r"\bu1\s*=\s*[0-9.]+", with: "u1 = 1.7" } },
    },
];

const PORTFOLIO: &str = "strategy/portfolio.luau";
const U1: &str = "strategy/u1.luau";

const fn refused(exit_code: i32, file: &'static str) -> Signs {
    Signs { exit_code, place: Some(file), experiment: ExperimentSign::Failed }
}

const NAN: &str = "\
-- A share divided by nothing.
local function targets(scores)
	local chosen = {}
	for _, score in scores do
		chosen[score.symbol] = 0 / 0
	end
	return chosen
end

local function on_bar(_bar)
	return 0 / 0, 1
end

return { targets = targets, on_bar = on_bar }
";

const LOOP: &str = "\
-- A loop whose end was forgotten.
local function forever()
	while true do
	end
end

return { targets = forever, on_bar = forever }
";

const LOOP_IN_PCALL: &str = "\
-- A loop that goes on after whatever goes wrong in it.
local function forever()
	while true do
		pcall(function()
			while true do
			end
		end)
	end
end

return { targets = forever, on_bar = forever }
";

const UNFINISHED: &str = "\
-- Saved in the middle of an edit.
return {
	weights = {
		u1 = 0.4,
";

#[cfg(test)]
mod tests {
    use super::CATALOGUE;
    use crate::drill::Fault;

    #[test]
    fn every_fault_is_told_in_chinese() {
        let is_chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        assert!(CATALOGUE.iter().all(|fault| is_chinese(fault.what_zh)));
    }

    #[test]
    fn catalogue_is_sorted_and_every_fault_is_found() {
        assert!(CATALOGUE.is_sorted_by_key(|fault| fault.id));
        assert!(CATALOGUE.iter().all(|fault| Fault::named(fault.id) == Some(*fault)));
    }
}
