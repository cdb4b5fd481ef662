//! What DayOps says, in every language: the words of its report here, what it finds in [`found`], what to
//! do about it in [`remedy`]. An error of another room and a command to type are the same in all.

mod found;
mod remedy;

pub(super) use found::Found;
pub(super) use remedy::Remedy;

use super::{CheckName, Grade};
use crate::text::{Language, Note, phrases};

phrases! {
    /// A word of the report.
    pub(super) enum Word {
        Title => "DayOps {}: {}", "盘前体检 {}：{}";
        Counts => "{} checks: {} OK, {} WARNING, {} FAIL; the data are of the session {}. Exit code {}{}.",
            "共 {} 项：正常 {}，警告 {}，不通过 {}；数据截至交易日 {}。退出码 {}{}。";
        Strict => ", a warning counts as a failure", "（严格模式，警告按不通过处理）";
        Verdict => "DayOps {}: {} ({} OK, {} WARNING, {} FAIL).", "盘前体检 {}：{}（正常 {}，警告 {}，不通过 {}）。";
        Columns => "| check | grade | found |", "| 检查项 | 结论 | 情况 |";
        Run => "Run `{}`, {} s, commit `{}`, result digest `{}`.", "运行 `{}`，耗时 {} 秒，提交 `{}`，结果摘要 `{}`。";
        Overridden => "Overridden for this run: {}.", "本次运行临时改写的配置：{}。";
        ForcedAgainst => "forced to start against {}: {}", "无视 {} 的结论强制启动：{}";
        Unasked => "no DayOps speaks for {}: nobody has checked that it may be traded",
            "{} 没有做过盘前体检：无人确认当日可以交易";
        GradeOk => "OK", "正常";
        GradeWarning => "WARNING", "警告";
        GradeFail => "FAIL", "不通过";
        NightOps => "night_ops", "夜间流水线";
        Stores => "stores", "存储";
        DataSessions => "data_sessions", "行情完整性";
        DataVolume => "data_volume", "行情数量";
        DataFindings => "data_findings", "行情质量";
        DataSources => "data_sources", "数据源";
        Model => "model", "模型";
        ModelDefinitions => "model_definitions", "模型口径";
        ModelQuality => "model_quality", "模型效果";
        RiskLimits => "risk_limits", "风控限额";
        Strategies => "strategies", "策略";
        KillSwitches => "kill_switches", "熔断";
        Schedule => "schedule", "排期";
        Disk => "disk", "磁盘";
        Clock => "clock", "时钟";
        Config => "config", "配置";
        Ports => "ports", "端口";
        Alerts => "alerts", "告警";
    }
}

impl Grade {
    /// Returns the grade as a person reads it.
    #[must_use]
    pub const fn say(self, language: Language) -> &'static str {
        match self {
            Self::Ok => Word::GradeOk,
            Self::Warning => Word::GradeWarning,
            Self::Fail => Word::GradeFail,
        }
        .say(language)
    }
}

impl CheckName {
    /// Returns the name as a person reads it; in English it is that of JSON and metrics.
    #[must_use]
    pub const fn say(self, language: Language) -> &'static str {
        match self {
            Self::NightOps => Word::NightOps,
            Self::Stores => Word::Stores,
            Self::DataSessions => Word::DataSessions,
            Self::DataVolume => Word::DataVolume,
            Self::DataFindings => Word::DataFindings,
            Self::DataSources => Word::DataSources,
            Self::Model => Word::Model,
            Self::ModelDefinitions => Word::ModelDefinitions,
            Self::ModelQuality => Word::ModelQuality,
            Self::RiskLimits => Word::RiskLimits,
            Self::Strategies => Word::Strategies,
            Self::KillSwitches => Word::KillSwitches,
            Self::Schedule => Word::Schedule,
            Self::Disk => Word::Disk,
            Self::Clock => Word::Clock,
            Self::Config => Word::Config,
            Self::Ports => Word::Ports,
            Self::Alerts => Word::Alerts,
        }
        .say(language)
    }

    /// Returns the name as it stands in a sentence.
    pub(super) fn note(self) -> Note {
        Note::in_each(|language| self.say(language).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckName, Found, Remedy, Word};
    use crate::text::{Language, assert_sound};

    #[test]
    fn tables_are_sound() {
        assert_sound::<Word>(&[]);
        assert_sound::<Found>(&["LimitWide", "PortsHeld"]);
        assert_sound::<Remedy>(&[]);
    }

    #[test]
    fn english_names_are_those_of_json() {
        for name in [CheckName::NightOps, CheckName::DataFindings, CheckName::KillSwitches, CheckName::Alerts] {
            assert_eq!(name.say(Language::English), name.word());
        }
    }
}
