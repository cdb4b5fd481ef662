//! Every word of the reports in both languages, side by side: a word without one of them does not compile.
//! A `{}` stands for a value; the order of the values is the same in both. What a drill itself said (names
//! of scenarios, steps, reasons) is evidence and stays as it was said.

use std::fmt::Display;

use crate::{
    record::{Layer, Outcome, Phase, SignalKind, StepStatus, Verdict},
    text::Language,
};

macro_rules! words {
    ($($name:ident => $english:literal, $chinese:literal;)*) => {
        /// A word or sentence of a report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Words { $($name,)* }

        impl Words {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the words, with `{}` where values stand.
            pub(super) const fn say(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $english,
                    (Self::$name, Language::Chinese) => $chinese,)*
                }
            }
        }
    };
}

impl Words {
    /// Returns the words with the values in their places.
    pub(super) fn with<const N: usize>(self, language: Language, values: [&dyn Display; N]) -> String {
        let mut parts = self.say(language).split("{}");
        let mut said = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(values) {
            said.push_str(&value.to_string());
            said.push_str(part);
        }
        said
    }
}

words! {
    // The first screen.
    Drill => "Recovery drill", "恢复演练";
    ControlDrill => "Recovery drill · control run, nothing broken on purpose", "恢复演练 · 对照运行，未注入故障";
    Ready => "Ready", "就绪";
    NotReady => "Not ready", "未就绪";
    AllGreen => "{} of {} scenarios are green", "{} 个场景通过（共 {} 个）";
    Aside => ", {} skipped", "，{} 个跳过";
    SomeRed => "{} of {} scenarios are red; first '{}': {} ({})", "{} 个场景不合格（共 {} 个）；首个“{}”：{}（{}）";
    NoReason => "no reason given", "无说明";
    NothingRan => "no scenario ran", "没有场景运行";
    Strict => " · strict", " · 严格模式";
    StrictSentence => "strict: skipped counts as red", "严格模式：跳过视为不合格";
    ControlSentence => "control run: nothing was broken on purpose", "对照运行：未注入故障";
    FaultsSeen => "faults seen", "故障被发现";
    Proven => "rollbacks proven", "回滚已证明";
    SlowestDetect => "slowest to detect", "发现最慢";
    SlowestRecover => "slowest to recover", "恢复最慢";
    OverBudgetCount => "over budget", "超出预算";
    OfCount => "{} of {}", "{} / {}";
    CasesOf => "{} of {} cases", "{} / {} 个用例";
    InterruptedReason => "interrupted by {}: {} of {} scenarios were begun", "被 {} 中断：{} 个场景已开始（共 {} 个）";
    ResidueReason => "the drill left {} things behind; first: {}", "演练留下 {} 处遗留；首个：{}";
    ResidueAlarm => "Left behind by the drill: {}", "演练的遗留：{}";
    // The table.
    Scenario => "Scenario", "场景";
    Injected => "Injected", "注入的故障";
    DetectedBy => "Detected by", "发现途径";
    ToDetect => "Seconds to detect", "发现用时";
    ToRecover => "Seconds to recover", "恢复用时";
    Proof => "Proof", "证明";
    Budget => "Budget", "预算";
    Outcome => "Outcome", "结果";
    NotTaken => "not taken: {}", "未生效：{}";
    AsExpectedSilent => "{} (silent, as it must be)", "{}（按预期静默）";
    NothingSilent => "nothing; silent: {}", "无；静默：{}";
    SomeSilent => "{}; silent: {}", "{}；静默：{}";
    Holds => "holds: {}", "成立：{}";
    Broken => "broken: {}", "不成立：{}";
    Within => "within", "预算内";
    Over => "over: {}", "超出：{}";
    OverOne => "{} {} of {}", "{} {}（预算 {}）";
    BrokeNothing => "Scenarios that broke nothing: {} ({})", "未注入故障的场景：{} 个（{}）";
    CameBack => "Scenarios that broke something and came back: {} ({})", "注入故障后恢复的场景：{} 个（{}）";
    // The timeline.
    MoreLanes => "{} more", "另外 {} 个";
    Timeline => "Timeline", "时间线";
    TimelineLabel => "Each scenario that broke something, in seconds from its start", "每个注入故障的场景，自开始起的秒数";
    Working => "working", "正常";
    BrokenSpan => "broken", "故障中";
    RollbackAndProof => "rollback and proof", "回滚与证明";
    InjectedMark => "injected", "注入";
    SeenMark => "seen by a signal", "信号发现";
    WholeScenario => "The whole scenario", "整个场景";
    InjectedAt => "Injected at {}: {}", "{}注入：{}";
    SeenBy => "After {}: seen by the {}", "{}后由{}发现";
    RollbackTo => "Rollback to {} and its proof: {}", "回滚到 {} 并证明：{}";
    SeenAfter => "seen after {}", "{}后发现";
    BackAfter => "back after {}", "{}后恢复";
    NotBackAfter => "not back after {}", "{}后仍未恢复";
    // What to automate, changes, review.
    Automate => "What to automate next", "下一步自动化";
    AutomateHint => "Steps that a person types or edits by hand, the longest first, as this drill timed them.", "需要手工执行的步骤，按本次演练的累计用时排序。";
    Step => "Step", "步骤";
    Times => "Times", "次数";
    EachTime => "Each time", "每次";
    InAll => "In all", "合计";
    Changes => "Changes since the last drill", "与上次演练相比";
    FirstOfItsKind => "The first drill of this target with these bars: there is nothing to compare it with.", "该目标与行情的首次演练，没有可比较的记录。";
    Since => "Since {} ({}).", "上次演练 {}（{}）。";
    NoChange => "Nothing has changed.", "没有变化。";
    VerdictChanged => "Verdict: {}, was {}", "结论：{}，上次为 {}";
    OutcomeChanged => "{}: {}, was {}", "{}：{}，上次为 {}";
    NewScenarios => "{} new: {}", "新增 {} 个：{}";
    NotRunScenarios => "{} did not run this time: {}", "本次未运行 {} 个：{}";
    AndMore => "{} and {} more", "{} 等，另有 {} 个";
    CommitChanged => "Commit {}, was {}", "提交 {}，上次为 {}";
    Slower => "Slower: {}, {} {}, usual is up to {} (p90 of {} drills)", "变慢：{}，{} {}，平常不超过 {}（最近 {} 次演练的 p90）";
    Review => "Review", "复盘";
    ReviewHint => "Chapter 5.5 of the manual, written from this drill's data.", "手册第 5 章第 5 步，由本次演练的数据生成。";
    TimeTaken => "Time taken", "耗时";
    PhaseHead => "Phase", "阶段";
    Count => "Count", "次数";
    Longest => "Longest", "最长";
    LongestIn => "Longest in", "最长所在场景";
    OverCount => "Over", "超出";
    Problems => "Problems that showed", "出现的问题";
    NoProblem => "None.", "没有。";
    RedProblem => "{}: {} ({})", "{}：{}（{}）";
    BlindProblem => "Blind spot: the {} does not show {}", "盲区：{}未显示 {}";
    TalkativeProblem => "The {} must stay silent on {}, and does not", "{}在 {} 时应当静默，却有输出";
    OverProblem => "Over budget: {}, {} took {} of {}", "超出预算：{}，{} 用时 {}（预算 {}）";
    SlowerProblem => "Slower than usual: {}, {} took {}, usual is up to {}", "比平常慢：{}，{} 用时 {}，平常不超过 {}";
    SkippedProblem => "{} scenarios were skipped: {}", "{} 个场景跳过：{}";
    // Signals.
    SignalMatrix => "Faults and signals", "故障与信号";
    SignalMatrixHint => "Seconds from the injection to the slowest sight of each fault by each signal.", "各信号发现各故障的用时，自注入起计，取最慢一次。";
    Fault => "Fault", "故障";
    BlindSpot => "blind spot", "盲区";
    ExpectedSilent => "silent, as expected", "按预期静默";
    Signals => "Signals", "信号";
    Signal => "Signal", "信号";
    Expected => "Expected", "预期";
    Observed => "Observed", "观察到";
    SeenAfterHead => "Seen after", "发现用时";
    Seen => "seen", "已发现";
    Silent => "silent", "静默";
    // The checklist.
    Checklist => "The manual's checklist", "手册第 5 章检查清单";
    Ticked => "{} of {} boxes ticked by what ran", "{} / {} 项已由本次运行勾选";
    Done => "done", "完成";
    Open => "open", "未完成";
    NothingCovers => "nothing that covers it ran", "没有运行覆盖此项的场景";
    // Details.
    Scenarios => "Scenarios", "场景";
    Steps => "Steps", "步骤";
    FailedAfter => "{} after {}", "{}，用时 {}";
    InjectedAfter => "injected at {}", "{}注入";
    DidNotTake => "did not take", "未生效";
    Rollback => "Rollback", "回滚";
    RollbackSucceeded => "{} back to {}: succeeded in {}", "{}回滚到 {}：成功，用时 {}";
    RollbackFailed => "{} back to {}: failed after {}", "{}回滚到 {}：失败，用时 {}";
    ProofHolds => "The {} proof holds ({}).", "{}证明成立（{}）。";
    ProofBroken => "The {} proof does not hold ({}).", "{}证明不成立（{}）。";
    LayerHead => "Layer", "层";
    Before => "Before", "之前";
    After => "After", "之后";
    Differences => "Differences", "差异";
    NoDifference => "none", "无";
    Took => "Took", "用时";
    Evidence => "Evidence", "证据";
    Cases => "Cases", "用例";
    CaseHead => "Case", "用例";
    OutcomeHead => "Outcome", "结果";
    FiredHead => "Injected", "注入";
    ProvenHead => "Proven", "已证明";
    CasesCounted => "{} of {} cases detected and recovered from, {} skipped", "{} / {} 个用例已检测并恢复，{} 个跳过";
    KeptAt => "environment kept at", "环境保留于";
    // How the drill itself went.
    Conduct => "How the drill ran", "演练的执行情况";
    Jobs => "Scenarios at a time", "并行场景数";
    Overhead => "The drill's own time", "演练自身耗时";
    OverheadShare => "{} ({} % of {})", "{}（占 {}%，共 {}）";
    RollbackP95 => "95 % of rollbacks proven within", "95% 的回滚证明用时不超过";
    Resumed => "Taken up again", "续跑次数";
    InterruptedBy => "Ended early by", "被信号提前终止";
    Undone => "Undone of a drill that had died", "为中断的演练撤销";
    LeftBehind => "Left behind", "遗留";
    NothingLeft => "nothing: no process, port, mount or file outside the reports", "无：没有进程、端口、挂载，报告之外没有文件";
    Canary => "The planted secret", "植入的密钥";
    CanarySearched => "canary: {} files searched, {} hits", "金丝雀：检索 {} 个文件，命中 {} 处";
    CanaryAlarm => "A secret was written where it may not be: {}", "密钥被写到了不该写的地方：{}";
    CanaryReason => "a secret was written where it may not be ({}): {}", "密钥被写到了不该写的地方（{}）：{}";
    // About.
    ThisDrill => "This drill", "本次演练";
    DrillId => "Drill", "演练编号";
    Started => "Started", "开始时间";
    Target => "Target", "目标";
    Commit => "Commit", "提交";
    Market => "Market", "行情";
    Seed => "Seed", "随机种子";
    Version => "LightHunter", "LightHunter 版本";
    Machine => "Machine", "机器";
    RepeatWith => "Repeat with", "重复命令";
    // Names.
    SecondsUnit => "{} s", "{} 秒";
    MinutesUnit => "{} min {} s", "{} 分 {} 秒";
    Passed => "Passed", "通过";
    Failed => "Failed", "失败";
    NotStarted => "NotStarted", "未开始";
    NotInjected => "NotInjected", "未注入";
    NotDetected => "NotDetected", "未发现";
    NotRecovered => "NotRecovered", "未恢复";
    Skipped => "Skipped", "跳过";
    KnownFail => "KnownFail", "已知失败";
    UnexpectedPass => "UnexpectedPass", "意外通过";
    ExitCode => "exit code", "退出码";
    Log => "log", "日志";
    Metric => "metric", "指标";
    ExperimentRecord => "experiment record", "实验记录";
    Hud => "HUD", "HUD 面板";
    Code => "code", "代码";
    Config => "config", "配置";
    Models => "models", "模型";
    Data => "data", "数据";
    Rest => "everything else", "其余文件";
    PhaseDetect => "detect", "发现";
    PhaseVerify => "verify", "校验";
    PhaseRecover => "recover", "恢复";
    PhaseRerun => "rerun", "重跑";
    PhaseScenario => "scenario", "整个场景";
    Fingerprint => "fingerprint", "指纹";
    Rerun => "rerun", "重跑";
    StepPassed => "passed", "通过";
    StepFailed => "failed", "失败";
    StepSkipped => "not reached", "未执行";
    ListComma => ", ", "、";
}

pub(super) const fn verdict(verdict: Verdict) -> Words {
    match verdict {
        Verdict::Ready => Words::Ready,
        Verdict::NotReady => Words::NotReady,
    }
}

pub(super) const fn outcome(outcome: &Outcome) -> Words {
    match outcome {
        Outcome::Passed => Words::Passed,
        Outcome::Failed { .. } => Words::Failed,
        Outcome::NotStarted { .. } => Words::NotStarted,
        Outcome::NotInjected { .. } => Words::NotInjected,
        Outcome::NotDetected { .. } => Words::NotDetected,
        Outcome::NotRecovered { .. } => Words::NotRecovered,
        Outcome::Skipped { .. } => Words::Skipped,
        Outcome::KnownFail { .. } => Words::KnownFail,
        Outcome::UnexpectedPass => Words::UnexpectedPass,
    }
}

pub(super) const fn signal(kind: SignalKind) -> Words {
    match kind {
        SignalKind::ExitCode => Words::ExitCode,
        SignalKind::Log => Words::Log,
        SignalKind::Metric => Words::Metric,
        SignalKind::Experiment => Words::ExperimentRecord,
        SignalKind::Hud => Words::Hud,
    }
}

pub(super) const fn layer(layer: Layer) -> Words {
    match layer {
        Layer::Code => Words::Code,
        Layer::Config => Words::Config,
        Layer::Models => Words::Models,
        Layer::Data => Words::Data,
        Layer::Rest => Words::Rest,
    }
}

pub(super) const fn phase(phase: Phase) -> Words {
    match phase {
        Phase::Detect => Words::PhaseDetect,
        Phase::Code => Words::Code,
        Phase::Config => Words::Config,
        Phase::Model => Words::Models,
        Phase::Data => Words::Data,
        Phase::Verify => Words::PhaseVerify,
        Phase::Recover => Words::PhaseRecover,
        Phase::Rerun => Words::PhaseRerun,
        Phase::Scenario => Words::PhaseScenario,
    }
}

pub(super) const fn step(status: StepStatus) -> Words {
    match status {
        StepStatus::Passed => Words::StepPassed,
        StepStatus::Failed => Words::StepFailed,
        StepStatus::Skipped => Words::StepSkipped,
    }
}

/// Returns the name of a kind of proof; one that is not known stays as it is.
pub(super) fn proof(kind: &str, language: Language) -> String {
    match kind {
        "fingerprint" => Words::Fingerprint.say(language).into(),
        "rerun" => Words::Rerun.say(language).into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Words};

    #[test]
    fn every_word_has_both_languages_with_the_same_values() {
        for words in Words::ALL {
            let [english, chinese] = Language::ALL.map(|language| words.say(language));
            assert!(!english.is_empty() && !chinese.is_empty(), "{words:?}");
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{words:?}");
            let is_chinese =
                chinese.chars().any(|character| matches!(character, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'));
            assert!(is_chinese || *words == Words::OfCount, "{words:?}: {chinese}");
        }
    }

    #[test]
    fn values_stand_in_order() {
        let said = Words::SeenBy.with(Language::Chinese, [&"2 秒", &"日志"]);
        assert_eq!(said, "2 秒后由日志发现");
        assert_eq!(Words::OfCount.with(Language::English, [&3, &4]), "3 of 4");
    }
}
