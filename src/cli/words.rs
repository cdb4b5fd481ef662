//! What several commands say, in every language, and how words stand in columns.

use crate::text::{Language, Note, phrases};

phrases! {
    /// A sentence of a command.
    pub(super) enum Word {
        Report => "report: {}", "报告：{}";
        Experiment => "experiment: {}", "实验：{}";
        ResultDigest => "result digest: {}", "结果摘要：{}";
        Note => "note: {}", "说明：{}";
        Warning => "warning: {}", "警告：{}";
        // `regression`.
        ProbeOk => "ok", "正常";
        ProbeFailed => "FAIL", "失败";
        DrillAnswer => "{}: {}; report {}", "{}：{}；报告 {}";
        Ready => "Ready", "就绪";
        NotReady => "NotReady", "未就绪";
        NothingWorse => "nothing is worse than in {}", "与 {} 相比没有变差";
        FirstOfItsKind => "the first drill of its kind", "同类演练中的第一次";
        // `init` and `bootstrap`.
        Made => "Made the workspace {} at commit {}.", "已建立工作区 {}，提交 {}。";
        AfterInit => "Next: cd {} && lighthunter bootstrap && lighthunter night-ops",
            "下一步：cd {} && lighthunter bootstrap && lighthunter night-ops";
        AfterBootstrap => "Ready. Next: lighthunter regression --mode smoke", "准备就绪。下一步：lighthunter regression --mode smoke";
    }
}

/// Says where a report is.
pub(super) fn saved(language: Language, path: &str) -> String {
    Note::new(Word::Report, [&path]).say(language)
}

/// Fills words up to a width; a Chinese character is two columns wide.
pub(super) fn cell(words: &str, width: usize) -> String {
    format!("{words}{}", " ".repeat(width.saturating_sub(columns(words))))
}

/// As [`cell`], with the words at the right.
pub(super) fn right(words: &str, width: usize) -> String {
    format!("{}{words}", " ".repeat(width.saturating_sub(columns(words))))
}

fn columns(words: &str) -> usize {
    words.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::{Word, cell};

    #[test]
    fn table_is_sound_and_columns_align() {
        crate::text::assert_sound::<Word>(&[]);
        assert_eq!([cell("OK", 4), cell("正常", 6), cell("熔断", 2)], ["OK  ", "正常  ", "熔断"]);
    }
}
