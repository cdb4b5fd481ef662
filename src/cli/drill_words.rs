//! What `drill history` and `drill signals` say, in every language. Names of phases, signals and outcomes are those of
//! the report.

use crate::text::{Language, Note, phrases};

phrases! {
    /// A sentence of the two.
    pub(super) enum DrillWord {
        Drill => "{} drill", "{} 次演练";
        Drills => "{} drills", "{} 次演练";
        Phase => "{} phase", "{} 个阶段";
        Phases => "{} phases", "{} 个阶段";
        Change => "{} change", "{} 处变化";
        Changes => "{} changes", "{} 处变化";
        BlindSpot => "{} blind spot", "{} 个盲区";
        BlindSpots => "{} blind spots", "{} 个盲区";
        FalseAlarm => "{} false alarm", "{} 次误报";
        FalseAlarms => "{} false alarms", "{} 次误报";
        // `drill history`.
        Group => "{}, {}: {}", "{}，{}：{}";
        GroupDrill => "  {} {} {} s", "  {} {} {} 秒";
        Seconds => "  seconds", "  秒";
        Last => "last", "本次";
        Median => "median", "中位";
        P90 => "p90", "p90";
        Trend => "trend", "走势";
        Scenario => "{} ({})", "{}（{}）";
        ScenarioRed => "{} ({}, {} of {} red)", "{}（{}，{} / {} 未通过）";
        News => "Drill {}: {} slower than the p90 of the drills before, {}", "演练 {}：{}慢于以往演练的 p90，{}";
        Grave => "REGRESSION", "退化";
        Warning => "warning", "提示";
        Slower => "{}: {}: {} took {} s, p90 of {} drills is {} s", "{}：{}：{}用时 {} 秒，{} 次演练的 p90 为 {} 秒";
        VerdictChanged => "changed: the verdict is {}, was {}", "变化：结论为{}，上次为{}";
        CommitChanged => "changed: the commit is {}, was {}", "变化：提交为 {}，上次为 {}";
        OutcomeChanged => "changed: {}: {}, was {}", "变化：{}：{}，上次为{}";
        New => "new: {}", "新增：{}";
        NotRun => "did not run: {}", "未运行：{}";
        // `drill signals`.
        Matrix => "Drill {}: seconds from the injection to the slowest sight", "演练 {}：自注入到最慢一次发现的秒数";
        Fault => "fault", "故障";
        Blind => "  {}, {}: expected {}, found {} ('{}')", "  {}，{}：预期 {}，实为 {}（'{}'）";
        Control => "Control run {}: {} of {} signals watched", "对照运行 {}：{}，共观察 {} 个信号";
        Alarm => "  {}: {} ('{}')", "  {}：{}（'{}'）";
        Seen => "seen", "已发现";
        Silent => "silent, as it must", "按预期静默";
        BlindCell => "BLIND SPOT", "盲区";
    }
}

/// What is counted: the word for one, and that for any other number.
pub(super) type Counted = (DrillWord, DrillWord);

pub(super) const DRILLS: Counted = (DrillWord::Drill, DrillWord::Drills);
pub(super) const PHASES: Counted = (DrillWord::Phase, DrillWord::Phases);
pub(super) const CHANGES: Counted = (DrillWord::Change, DrillWord::Changes);
pub(super) const BLIND_SPOTS: Counted = (DrillWord::BlindSpot, DrillWord::BlindSpots);
pub(super) const FALSE_ALARMS: Counted = (DrillWord::FalseAlarm, DrillWord::FalseAlarms);

/// Returns `1 drill` or `2 drills`.
pub(super) fn counted(count: usize, (one, many): Counted, language: Language) -> String {
    Note::new(if count == 1 { one } else { many }, [&count]).say(language)
}

#[cfg(test)]
mod tests {
    use super::{DRILLS, DrillWord, counted};
    use crate::text::Language;

    #[test]
    fn table_is_sound_and_one_is_not_many() {
        crate::text::assert_sound::<DrillWord>(&["P90", "Group", "Scenario", "Alarm"]);
        let said = |count, language| counted(count, DRILLS, language);
        assert_eq!([said(1, Language::English), said(2, Language::English)], ["1 drill", "2 drills"]);
        assert_eq!(said(2, Language::Chinese), "2 次演练");
    }
}
