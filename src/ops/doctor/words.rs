//! What the doctor says, in every language. Names of checks, versions and errors of other rooms are the same in
//! all.

use super::Grade;
use crate::text::{Language, phrases};

phrases! {
    /// A sentence of the doctor.
    pub(super) enum Word {
        GradeOk => "ok", "正常";
        GradeWarn => "warn", "警告";
        GradeFail => "fail", "失败";
        // What was found.
        Executable => "lighthunter {} at {}", "lighthunter {}，位于 {}";
        NoGit => "the git command does not run", "git 命令无法运行";
        MessageBack => "a ZeroMQ message came back in {} ms", "ZeroMQ 消息 {} 毫秒后返回";
        ClockBefore => "it says {}, which is before this program was written", "时钟显示 {}，早于本程序写成之时";
        CalendarEnded => "{}; the trading calendar ended on {}: no job of trading days starts",
            "{}；交易日历已于 {} 到期：按交易日的任务不再启动";
        CalendarEnds => "{}; the trading calendar ends on {}, in {} days", "{}；交易日历到 {} 为止，还有 {} 天";
        CalendarReaches => "{}; the trading calendar reaches {}", "{}；交易日历到 {}";
        NoWorkspace => "none here, so disk, ports and locks were not looked at", "此处没有工作区，未检查磁盘、端口和锁";
        Clean => "commit {}, clean", "提交 {}，无改动";
        Changed => "commit {}, {} files changed", "提交 {}，{} 个文件有改动";
        AllThere => "all {} are there", "{} 个目录齐全";
        Missing => "missing: {}", "缺少：{}";
        Free => "{} GiB free", "可用 {} GiB";
        NoRun => "no run is under way", "没有正在进行的运行";
        PortsFree => "{} are free", "{} 均空闲";
        PortsTaken => "taken: {}", "被占用：{}";
        // What to do about it.
        InstallGit => "Install git; the manual's own steps use it.", "安装 git；手册中的步骤要用到。";
        AllowLoopback => "Allow connections of this machine to itself (127.0.0.1).", "允许本机连接自身（127.0.0.1）。";
        SetClock => "Set the clock.", "校准时钟。";
        AddClosures => "Add the year that the exchanges publish each December to data_sources.market.closures of config/system_config.json (docs/scheduler.md), or update LightHunter.",
            "把交易所每年 12 月公布的下一年休市安排加入 config/system_config.json 的 data_sources.market.closures（见 docs/scheduler.md），或更新 LightHunter。";
        MakeWorkspace => "Make one with `lighthunter init DIR`, or name one with `--workspace DIR`.",
            "用 `lighthunter init DIR` 新建，或用 `--workspace DIR` 指定。";
        Commit => "Commit what is meant to be in force: a drill needs a clean tree.", "提交应当生效的改动：演练要求工作区无改动。";
        InitGit => "Run `git init` and commit, or `lighthunter init`.", "运行 `git init` 并提交，或运行 `lighthunter init`。";
        RunBootstrap => "Run `lighthunter bootstrap`.", "运行 `lighthunter bootstrap`。";
        FreeSpace => "Free at least 1 GiB.", "至少腾出 1 GiB。";
        MountDisk => "Check that the workspace's disk is mounted.", "确认工作区所在磁盘已挂载。";
        WaitOrStop => "Wait for it to end, or stop that process.", "等它结束，或停止该进程。";
        OtherPorts => "Stop what holds them (`ss -ltnp` names it), or set other ports in config/system_config.json.",
            "停止占用端口的进程（可用 `ss -ltnp` 查看），或在 config/system_config.json 中改用其他端口。";
    }
}

impl Grade {
    /// Returns the grade as a person reads it.
    #[must_use]
    pub const fn say(self, language: Language) -> &'static str {
        match self {
            Self::Ok => Word::GradeOk,
            Self::Warn => Word::GradeWarn,
            Self::Fail => Word::GradeFail,
        }
        .say(language)
    }
}

#[cfg(test)]
mod tests {
    use super::{Grade, Word};
    use crate::text::Language;

    #[test]
    fn table_is_sound_and_english_grades_are_those_of_json() {
        crate::text::assert_sound::<Word>(&[]);
        for grade in [Grade::Ok, Grade::Warn, Grade::Fail] {
            assert_eq!(serde_json::json!(grade), grade.say(Language::English));
        }
    }
}
