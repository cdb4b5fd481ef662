//! The names of the war drill's scenarios in Chinese, for reports that are read in it. A name that is not here stays as
//! its feature has it.

use std::borrow::Cow;

use crate::text::{Language, recall};

/// Each name of a feature, with `{}` where an outline has a value, and the values.
pub(super) const NAMES: [[&str; 2]; 51] = [
    ["A clean environment holds nothing of this machine", "干净环境不含本机的任何东西"],
    ["The clone is clean and on a branch made for the drill", "克隆干净，位于为演练新建的分支"],
    ["The doctor finds the machine fit", "体检确认本机可用"],
    ["Bootstrap makes the configuration and the fixed directories", "初始化生成配置与固定目录"],
    ["Bootstrap a second time changes nothing", "再次初始化不改变任何东西"],
    ["The smoke test passes", "冒烟测试通过"],
    ["A smoke test that fails says what to mend, and passes once it is mended", "冒烟测试失败时说明修法，修好后通过"],
    ["The script of chapter 1 brings a clone up", "第 1 章的脚本能把克隆带起来"],
    [
        "The overlays of dev and prod differ in what they say, and git stays clean",
        "dev 与 prod 覆盖层只在所写之处不同，git 保持干净",
    ],
    ["NightOps leaves its four marks of success", "NightOps 留下成功的四个标志"],
    ["The same inputs give the same result", "相同输入得到相同结果"],
    ["DayOps after a good night lets the day begin", "夜间正常后，DayOps 放行当日"],
    ["DayOps without a night before it stops the day", "前一夜未运行时，DayOps 阻止当日"],
    ["A backtest leaves its report and its experiment", "回测留下报告与实验记录"],
    ["The same model and bars give the same backtest", "相同模型与行情得到相同回测"],
    ["A simulated day ends with executions, accounts and a report", "仿真一日以成交、账户与报告结束"],
    ["The same day gives the same result, with the bus and without it", "同一天无论有无总线，结果相同"],
    ["HUD and monitor see the data flow and the experiment's result", "HUD 与监控看到数据流与实验结果"],
    ["NightOps fails, and every signal shows it", "NightOps 失败，每个信号都显示"],
    ["The fault undone by hand leaves no trace", "手工撤销故障后不留痕迹"],
    ["The monitor counts failure A, and the HUD shows it and goes on", "监控计入故障 A，HUD 显示它并继续运行"],
    [
        "The plan lacks the night, DayOps warns, and the stable schedule comes back",
        "计划缺少夜间任务，DayOps 警告，稳定的调度恢复",
    ],
    ["The backtest refuses {}, and comes back", "回测拒绝{}，随后恢复"],
    ["a weight of 1.7", "1.7 的权重"],
    ["a signal that is no number", "不是数字的信号"],
    ["a script that does not parse", "无法解析的脚本"],
    ["an endless loop", "死循环"],
    ["an endless loop that catches it", "捕获一切错误的死循环"],
    [
        "The simulation refuses a signal that is no number, and its experiment says why",
        "仿真拒绝不是数字的信号，实验记录说明原因",
    ],
    ["The monitor counts what backtest and simulation refuse, and goes on", "监控计入回测与仿真拒绝的内容，并继续运行"],
    ["A mistake undone by hand leaves no trace", "手工改正错误后不留痕迹"],
    ["A bad commit and edits after it are taken back", "错误提交及其后的改动被撤回"],
    ["After failure A the rollback brings back the same result", "故障 A 之后，回滚恢复相同结果"],
    ["A lock that a killed git left behind is removed, and said", "被杀的 git 留下的锁被移除并说明"],
    ["A lock that is held refuses the rollback", "锁被占用时拒绝回滚"],
    ["A tag that is not there refuses the rollback", "标签不存在时拒绝回滚"],
    ["A person's own file survives the rollback", "个人文件在回滚后仍在"],
    ["A drill on a dirty tree is refused", "工作树不干净时拒绝演练"],
    ["A bad config that was committed is taken back by a commit", "已提交的错误配置由新提交撤回"],
    ["A degraded model is found by the walk-forward and taken back", "滚动验证发现退化的模型并撤回"],
    ["A worse model is found by the backtest and taken back by the pointer", "回测发现更差的模型，由指针撤回"],
    ["A worse model is found by the backtest and passed over by the config", "回测发现更差的模型，由配置绕过"],
    ["Everything is broken and comes back in one step", "全部损坏，一步恢复"],
    ["A rollback that is killed in the middle goes on", "中途被杀的回滚继续完成"],
    ["Damaged stores come back from the baseline's copies", "损坏的存储由基线副本恢复"],
    [
        "The sites refuse, are left alone, and serve again under the stable config",
        "数据站点拒绝后不再访问，稳定配置下恢复服务",
    ],
    ["Sixteen mixed states", "十六种混合状态"],
    ["From a clean environment through failure A and back", "从干净环境经故障 A 再恢复"],
    ["From a clean environment through failure B and back", "从干净环境经故障 B 再恢复"],
    [
        "Code, config and model are each taken back by command, and all runs are as before",
        "代码、配置、模型分别用命令撤回，各项运行一如从前",
    ],
    ["The runbook of the workspace is written from its features", "工作区的运行手册由特性文件生成"],
];

/// Returns a scenario's name in the report's language.
#[must_use]
pub fn scenario_said(name: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(name),
        Language::Chinese => recall(&NAMES.into_iter(), name).map_or(Cow::Borrowed(name), Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, scenario_said};
    use crate::text::{Language, places};

    #[test]
    fn names_are_in_chinese_and_none_is_there_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for [english, chinese] in NAMES {
            assert!(english.is_ascii() && seen.insert(english), "{english}");
            assert!(chinese.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign)), "{chinese}");
            assert_eq!(places(english), places(chinese), "{english}");
        }
        let refused = "The backtest refuses an endless loop that catches it, and comes back";
        assert_eq!(scenario_said(refused, Language::Chinese), "回测拒绝捕获一切错误的死循环，随后恢复");
        assert_eq!(scenario_said(refused, Language::English), refused);
        assert_eq!(scenario_said("My own scenario", Language::Chinese), "My own scenario");
    }
}
