//! What a drill says of its outcomes, in Chinese: the reasons that steps and judges give, by pattern. A
//! reason that no pattern fits is evidence, and stays as it was said; so do the values within one.

use super::scenarios::NAMES;
use crate::text::{Language, recall};

/// A reason in English and in Chinese; `{}` is any value, in the same order in both.
const PHRASES: &[(&str, &str)] = &[
    ("a control run injects nothing; {}", "对照运行不注入故障；{}"),
    ("false alarm: nothing was broken, and it shows in {}", "误报：未注入故障，却出现在 {}"),
    ("its steps hold without a fault", "没有故障时各步骤也成立"),
    ("over budget: {}", "超出预算：{}"),
    ("not run: the drill was interrupted by {}", "未运行：演练被 {} 中断"),
    ("interrupted by {}; what it had done was undone", "被 {} 中断；已做的改动均已撤销"),
    ("the baseline is red: {}", "基线不合格：{}"),
    ("the fault did not take: {}, and nothing changed", "故障未生效：{}，但没有任何变化"),
    ("the fault did not take: {}", "故障未生效：{}"),
    ("no fault was injected", "没有注入故障"),
    ("the {} is silent: expected {}, found {}", "{} 没有显示：应为 {}，实为 {}"),
    ("no command ran whose {} could be watched", "没有运行可观察 {} 的命令"),
    ("the fingerprint proof does not hold: {}", "指纹证明不成立：{}"),
    ("the proof does not hold: {}", "证明不成立：{}"),
    ("the state is not the baseline's: {}", "状态与基线不一致：{}"),
    ("something was touched: {}", "有内容被改动：{}"),
    ("the rerun's result differs: {} is now {}", "重跑结果不同：原为 {}，现为 {}"),
    ("the results differ: {}, then {}", "两次结果不同：先 {}，后 {}"),
    ("nothing was rolled back, so there is no proof", "没有回滚，因而没有证明"),
    ("refused with exit code {}: {}", "以退出码 {} 拒绝：{}"),
    ("it was done, not refused", "操作被执行了，而没有被拒绝"),
    ("the HUD does not answer after {} s: {}", "HUD 在 {} 秒后仍无响应：{}"),
    ("the HUD does not answer: {}", "HUD 无响应：{}"),
    ("the monitor does not answer after {} s: {}", "监控在 {} 秒后仍无响应：{}"),
    ("the monitor does not answer: {}", "监控无响应：{}"),
    ("the log says: {}", "日志中有：{}"),
    ("the log shows no ERROR line", "日志中没有 ERROR 行"),
    ("HEAD is on {}, not on {}", "HEAD 在 {}，不在 {}"),
    ("there is no directory {}", "没有目录 {}"),
    ("there is no file with content under {}", "{} 下没有非空文件"),
    ("cannot read {}: {}", "无法读取 {}：{}"),
    ("cannot write {}: {}", "无法写入 {}：{}"),
    ("{} names no command '{}'", "{} 没有命令“{}”"),
    ("{} names no fault '{}', nor does the catalogue", "{} 与故障目录都没有故障“{}”"),
    ("the command '{}' of {} takes no {args}", "命令“{}”（{}）不接受 {args}"),
    ("{} does not print '{}'", "{} 没有输出“{}”"),
    ("{} prints nothing", "{} 没有任何输出"),
    ("{} ended with {}, not exit code {}: {}", "{} 以 {} 结束，而不是退出码 {}：{}"),
    ("{} ended with {}: {}", "{} 以 {} 结束：{}"),
    ("{} ended with {}", "{} 以 {} 结束"),
    ("{} exists", "{} 存在"),
];

/// Characters of a reason that a glance takes in.
const BRIEF_CHARS: usize = 140;

/// Returns a reason in the report's language.
pub(super) fn reason(said: &str, language: Language) -> String {
    match language {
        Language::English => said.to_owned(),
        Language::Chinese => in_chinese(said),
    }
}

/// Returns a reason as short as a table and a headline can bear: its first line, and no more of that than a glance
/// takes in. Who wants all of it finds it with the scenario's steps.
pub(super) fn brief(reason: &str) -> String {
    let first = reason.split(" | ").next().unwrap_or_default();
    let mut words = String::new();
    let mut length = 0;
    for word in first.split_inclusive(' ') {
        length += word.chars().count();
        if length > BRIEF_CHARS {
            break;
        }
        words.push_str(word);
    }
    // One word that is too long by itself.
    let kept = if words.is_empty() { first.chars().take(BRIEF_CHARS).collect() } else { words };
    if kept.len() == reason.len() { kept } else { format!("{}…", kept.trim_end_matches([' ', ',', ':', ';'])) }
}

/// Returns what a fault does in the report's language; a target that does not say it in Chinese is quoted.
pub(super) fn fault<'a>(what: &'a str, what_zh: &'a str, language: Language) -> &'a str {
    match language {
        Language::Chinese if !what_zh.is_empty() => what_zh,
        _ => what,
    }
}

fn in_chinese(said: &str) -> String {
    // A reason may name a scenario.
    let phrases = PHRASES.iter().map(|(english, chinese)| [*english, *chinese]);
    recall(&phrases.chain(NAMES), said).unwrap_or_else(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{PHRASES, brief, fault, reason};
    use crate::text::Language;

    #[test]
    fn reasons_are_told_in_chinese() {
        let cases = [
            (
                "the log is silent: expected an ERROR line, found nothing",
                "log 没有显示：应为 an ERROR line，实为 nothing",
            ),
            ("the proof does not hold: config/a.json: 3 bytes, was 2", "证明不成立：config/a.json: 3 bytes, was 2"),
            (
                "a control run injects nothing; its steps hold without a fault",
                "对照运行不注入故障；没有故障时各步骤也成立",
            ),
            ("the baseline is red: night ended with exit code 13", "基线不合格：night 以 exit code 13 结束"),
            ("no fault was injected", "没有注入故障"),
            (
                "walk_forward ended with exit code 0, not exit code 1: INFO The model holds",
                "walk_forward 以 exit code 0 结束，而不是退出码 1：INFO The model holds",
            ),
            ("the first collection ended with exit code 12: a", "the first collection 以 exit code 12 结束：a"),
            ("lighthunter names no command 'day'", "lighthunter 没有命令“day”"),
        ];
        for (english, chinese) in cases {
            assert_eq!(reason(english, Language::Chinese), chinese);
            assert_eq!(reason(english, Language::English), english);
        }
    }

    #[test]
    fn brief_reason_is_its_first_line_cut_between_words() {
        assert_eq!(brief("the log is silent: found nothing"), "the log is silent: found nothing");
        assert_eq!(brief("missing: 601288.SH | hint: ask again"), "missing: 601288.SH…");
        let long = "word, ".repeat(50);
        let cut = brief(&long);
        assert!(cut.ends_with("word…") && cut.chars().count() <= 141, "{cut}");
        assert_eq!(brief(&"字".repeat(200)).chars().count(), 141);
    }

    #[test]
    fn what_no_pattern_fits_stays() {
        for said in ["", "42", "the disk is full", "no fault was injected, twice"] {
            assert_eq!(reason(said, Language::Chinese), said);
        }
    }

    #[test]
    fn both_languages_have_the_same_values() {
        for (english, chinese) in PHRASES {
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{english}");
        }
    }

    #[test]
    fn fault_without_chinese_is_quoted() {
        assert_eq!(fault("breaks", "", Language::Chinese), "breaks");
        assert_eq!(fault("breaks", "损坏", Language::Chinese), "损坏");
        assert_eq!(fault("breaks", "损坏", Language::English), "breaks");
    }
}
