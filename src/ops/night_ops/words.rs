//! What NightOps says, in every language: the words of its report and what its stages found. An error and a
//! name (of a factor, a model, a file) are the same in all.

use super::Stage;
use crate::{
    store::StageStatus,
    text::{Language, phrases},
};

phrases! {
    /// A sentence of NightOps.
    pub(in crate::ops) enum Word {
        // The report.
        Succeeded => "NightOps {}: succeeded", "夜间流水线 {}：成功";
        Failed => "NightOps {}: FAILED", "夜间流水线 {}：失败";
        ExitCode => "(exit code {})", "（退出码 {}）";
        Run => "Run `{}`, mode {}, {} s, commit `{}`.", "运行 `{}`，模式 {}，耗时 {} 秒，提交 `{}`。";
        ResultDigest => "Result digest `{}`.", "结果摘要 `{}`。";
        Columns => "| stage | status | rows in | rows out | seconds | digest | remark |",
            "| 阶段 | 状态 | 输入行数 | 输出行数 | 秒 | 摘要 | 说明 |";
        Job => "Job `{}`: model `{}`, {}.", "任务 `{}`：模型 `{}`，{}。";
        NoModel => "no model", "无";
        NotTrained => "not trained in this run", "本次运行没有训练";
        Recovered => "Recovered on start: {}.", "启动时修复：{}。";
        VerdictGood => "NightOps {} succeeded in {} s.", "夜间流水线 {} 成功，耗时 {} 秒。";
        VerdictBad => "NightOps {} FAILED in {} s.", "夜间流水线 {} 失败，耗时 {} 秒。";
        Done => "done", "完成";
        Skipped => "skipped", "跳过";
        StatusFailed => "FAILED", "失败";
        Selfcheck => "selfcheck", "自检";
        Collect => "collect", "行情采集";
        TsCheck => "ts_check", "数据检查";
        Repair => "repair", "数据修复";
        Factor => "factor", "因子";
        Label => "label", "标签";
        Dataset => "dataset", "数据集";
        Train => "train", "训练";
        Backtest => "backtest", "回测";
        Record => "record", "归档";
        // Why a stage did not run.
        NotPart => "not part of {}", "不在 {} 范围内";
        TasksAsked => "the tasks asked for", "所选任务";
        DoneBefore => "done before the interruption: {}", "中断前已完成：{}";
        NotReached => "not reached: {} failed", "未执行：{} 阶段已失败";
        // What a stage found.
        StoresWhole => "stores are open and whole", "存储可用且完整";
        StoresMended => "stores are open; recovery mended {} things", "存储可用，启动时修复了 {} 处";
        NothingNew => "nothing is new: the bytes of all {} input files are imported already",
            "没有新数据：{} 个输入文件此前均已导入";
        FilesNew => "{} input files are new", "新增输入文件 {} 个";
        FilesNewAndKnown => "{} input files are new, {} are imported already", "新增输入文件 {} 个，另有 {} 个此前已导入";
        TableRows => "{} {} rows", "{} {} 行";
        RowsRejected => "{} rows rejected", "拒收 {} 行";
        Upstream => "{} rows from {} upstream collections, {} pages missing", "上游采集 {} 行，共 {} 项，缺 {} 页";
        NoFinding => "no finding", "没有发现问题";
        Repairs => "{} repairs, {} symbol days excluded", "修复 {} 处，剔除 {} 个股票日";
        RepairsBySource => "{} values from other sources, {} repairs, {} symbol days excluded",
            "{} 处取自其他数据源，修复 {} 处，剔除 {} 个股票日";
        Factors => "{} factors over {} symbols and {} sessions", "{} 个因子，覆盖 {} 只股票、{} 个交易日";
        LeftOut => "left out: {}", "未使用：{}";
        GoesOn => "goes on from the night of {}", "接续 {} 的夜间流水线";
        NotIncremental => "not incremental: {}", "未采用增量：{}";
        Labels => "{} labels", "{} 个标签";
        Split => "{} features, {} rows to train, {} to validate, {} to test; {}",
            "{} 个特征，训练集 {} 行，验证集 {} 行，测试集 {} 行；{}";
        TrainedBefore => "trained on the same rows on {}", "与 {} 的训练数据相同，沿用该模型";
        ModelRemark => "model {}: {}", "模型 {}：{}";
        NewerInForce => "not put in force: {} was trained for a later day", "未启用：{} 的训练截至日更晚";
        InForce => "in force, after {}", "已启用，接替 {}";
        FirstInForce => "in force, after none", "已启用，此前没有模型";
        GateRefused => "refused by its gate ({}); {}", "未通过准入（{}）；{}";
        NoneInForce => "no model is in force", "当前没有生效模型";
        StaysInForce => "{} stays in force", "继续使用 {}";
        Traded => "model {}, {} sessions, {} trades, return {} %, Sharpe {}, max drawdown {} %",
            "模型 {}，{} 个交易日，成交 {} 笔，收益 {}%，夏普 {}，最大回撤 {}%";
        NoCarryOver => "no carry-over is left: {}", "没有留下可接续的结果：{}";
        NoBenchmark => "the benchmark 000300.SH has not a bar on every session traded: bt_alpha, bt_beta and bt_ir are not defined",
            "基准 000300.SH 并非每个交易日都有行情：bt_alpha、bt_beta、bt_ir 无定义";
        NoExperiment => "no experiment in this run", "本次运行没有实验";
    }
}

impl Stage {
    /// Returns the stage as a person reads it; in English it is the name that commands take.
    #[must_use]
    pub const fn say(self, language: Language) -> &'static str {
        match self {
            Self::Selfcheck => Word::Selfcheck,
            Self::Collect => Word::Collect,
            Self::TsCheck => Word::TsCheck,
            Self::Repair => Word::Repair,
            Self::Factor => Word::Factor,
            Self::Label => Word::Label,
            Self::Dataset => Word::Dataset,
            Self::Train => Word::Train,
            Self::Backtest => Word::Backtest,
            Self::Record => Word::Record,
        }
        .say(language)
    }
}

/// Returns how a stage ended, as a person reads it.
pub(in crate::ops) const fn status_words(status: StageStatus, language: Language) -> &'static str {
    match status {
        StageStatus::Done => Word::Done,
        StageStatus::Skipped => Word::Skipped,
        StageStatus::Failed => Word::StatusFailed,
    }
    .say(language)
}

#[cfg(test)]
mod tests {
    use super::{Language, Stage, Word};

    #[test]
    fn table_is_sound_and_english_stages_are_those_of_commands() {
        crate::text::assert_sound::<Word>(&[]);
        for stage in Stage::ALL {
            assert_eq!(stage.say(Language::English), stage.name());
        }
    }
}
