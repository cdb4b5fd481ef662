//! What the scheduler says, in every language.

use jiff::civil::Date;

use crate::text::{Language, Note, phrases};

phrases! {
    /// A sentence of the scheduler.
    #[expect(missing_docs, reason = "each one is its own text")]
    pub enum Word {
        Occurrence => "{} {} {} {}{} for {}{}", "{} {} {} {}{}，交易日 {}{}";
        Several => " every {} s until {} ({} starts)", "，每 {} 秒一次，到 {} 为止（共 {} 次）";
        Assumed => " (assumed: weekdays only, the trading calendar ends before; nothing starts until it is extended)",
            "（假定：交易日历未覆盖，仅按工作日推算；补全日历之前不会启动）";
        Runs => "scheduler runs {}; Ctrl-C ends it", "调度器已启动，任务：{}；按 Ctrl-C 结束";
        WasInterrupted => "warning: {} of {} was interrupted and is closed", "警告：{1} 的 {0} 曾被中断，现已结案";
        Ended => "{} started, {} failed, {} interrupted, {} passed over", "启动 {} 次，失败 {} 次，中断 {} 次，跳过 {} 次";
        NothingStarts => "Nothing starts in the next {} days.", "未来 {} 天没有任何任务启动。";
        CalendarEnds => "from {} on the trading calendar is unknown: jobs with trading_days_only do not run; weekdays are assumed here",
            "{} 起超出交易日历：只在交易日运行的任务不会启动，以下仅按工作日推算";
        NightGaps => "no enabled job runs night-ops after the session of {}", "{} 收盘后没有启用任何夜间流水线任务";
        Warning => "warning: {}", "警告：{}";
        On => "on ", "启用";
        Off => "off", "停用";
        JobLine => "{} {}: {}, catch-up {}", "{} {}：{}，补跑策略 {}";
        NeverRan => "never ran", "从未运行";
        Last => "last {} {}", "上次 {} {}";
        Next => "next {}", "下次 {}";
        NoNext => "no start ahead", "近期没有启动";
        RunOf => "{} {} for {}", "{} {}，交易日 {}";
    }
}

/// Returns the name of a date's weekday, in three letters in English.
pub(super) fn weekday(date: Date) -> Note {
    const CHINESE: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let number = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
    Note::in_each(|language| match language {
        Language::English => date.strftime("%a").to_string(),
        Language::Chinese => CHINESE.get(number).copied().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Language, Word, weekday};

    #[test]
    fn table_is_sound_and_weekdays_are_right() {
        crate::text::assert_sound::<Word>(&[]);
        let monday = weekday(jiff::civil::date(2026, 11, 23));
        assert_eq!([Language::English, Language::Chinese].map(|language| monday.say(language)), ["Mon", "周一"]);
    }
}
