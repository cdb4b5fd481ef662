//! What a regression run says, in every language.

use crate::text::phrases;

phrases! {
    /// A sentence of the regression.
    pub(super) enum Word {
        Passed => "Regression {} passed in {} s.", "回归测试 {} 通过，耗时 {} 秒。";
        Failed => "Regression {} FAILED in {} s: {}.", "回归测试 {} 未通过，耗时 {} 秒；未通过的部分：{}。";
        // What a probe answers.
        FilesAgree => "{} files agree, digest {}", "{} 个文件一致，摘要 {}";
        Calendar => "the calendar reaches {}; the last session up to today is {}", "交易日历到 {}，今天及之前的最近交易日为 {}";
        Simulated => "a market of {} daily bars was simulated", "已模拟出 {} 条日线的行情";
        Stores => "{} rows; written to and read back; recovery mended {} things", "{} 行，写入后读回一致，启动时修复 {} 处";
        MessageBack => "a ZeroMQ message came back in {} ms", "ZeroMQ 消息 {} 毫秒后返回";
        Head => "commit {}, {}", "提交 {}，{}";
        ThreeDays => "three days return {}", "三日收益 {}";
        ModelWhole => "model {} is whole", "模型 {} 完整";
        NoModel => "no model yet", "尚无模型";
        Learns => "job {} learns {} from {} factors; {}", "任务 {} 用 {2} 个因子学习 {1}；{3}";
        Operations => "{} operations ended, {} errors", "已结束 {} 次运行，{} 个错误";
        SmallNight => "{} stages of {} symbols and {} sessions, result {}", "{} 个阶段，{} 只股票、{} 个交易日，结果 {}";
        NoResult => "none", "无";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;
    use crate::{
        ops::regression::{Probe, Regression},
        text::{Language, Note, assert_sound},
    };

    #[test]
    fn table_is_sound() {
        assert_sound::<Word>(&[]);
    }

    #[test]
    fn verdict_names_the_part_that_failed() {
        let probe = |name, passed| Probe { name, passed, answer: Note::default(), seconds: 0.5 };
        let quick = Regression::of("quick", 0.5, vec![probe("store", true)]);
        assert_eq!(quick.verdict().say(Language::English), "Regression quick passed in 0.500 s.");
        let full = quick.deepened("full", probe("drill", false));
        assert!(!full.passed);
        assert_eq!(full.verdict().say(Language::English), "Regression full FAILED in 1.000 s: drill.");
        assert_eq!(full.verdict().say(Language::Chinese), "回归测试 full 未通过，耗时 1.000 秒；未通过的部分：drill。");
        let nothing = Regression::of("smoke", 0.0, Vec::new());
        assert!(!nothing.passed, "nothing asked is nothing passed");
    }
}
