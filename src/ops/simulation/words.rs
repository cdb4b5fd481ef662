//! What the report of a simulation says, in every language. Reasons and names that the trading rules give
//! are codes, the same in all.

use crate::text::phrases;

phrases! {
    /// A sentence of the report.
    pub(super) enum Word {
        Succeeded => "Simulation of {}: succeeded", "模拟交易 {}：成功";
        Failed => "Simulation of {}: FAILED", "模拟交易 {}：失败";
        ExitCode => "(exit code {})", "（退出码 {}）";
        Run => "Run `{}`, {} symbols, {}-minute bars, model `{}`, {} s.",
            "运行 `{}`，{} 只股票，{} 分钟线，模型 `{}`，耗时 {} 秒。";
        NoModel => "none", "无";
        ResultDigest => "Result digest `{}`.", "结果摘要 `{}`。";
        Resumed => "It went on at step {}, after an interruption.", "中断后从第 {} 步续跑。";
        Columns => "| account | opening NAV | NAV | cash | positions | return |",
            "| 账户 | 期初净值 | 净值 | 现金 | 持仓市值 | 收益率 |";
        Tripped => "The kill switch of account {} is tripped: it buys nothing until a person releases it.",
            "账户 {} 已熔断：在人工解除之前不再买入。";
        Risk => "Risk", "风控";
        Notes => "Notes", "说明";
        Counts => "{} bars, {} signals, {} orders, {} fills, {} refused by risk.",
            "K 线 {} 根，信号 {} 个，委托 {} 笔，成交 {} 笔，风控拒绝 {} 笔。";
        Unfilled => "Orders or wishes unfilled: {}.", "未成交的委托或意向：{}。";
        Limited => "Orders or wishes limited: {}.", "被限额削减的委托或意向：{}。";
        BusOff => "The event bus is not enabled.", "事件总线未启用。";
        BusFailed => "The event bus failed: {}; {} messages dropped.", "事件总线故障：{}；丢弃消息 {} 条。";
        BusHosted => "Event bus: hosted here, {} messages, {} dropped.", "事件总线：由本进程承载，发出 {} 条，丢弃 {} 条。";
        BusJoined => "Event bus: joined, {} messages, {} dropped.", "事件总线：接入已有总线，发出 {} 条，丢弃 {} 条。";
        // What the command prints.
        Account => "account {}: NAV {} ({} %), cash {}, positions {} in {} symbols",
            "账户 {}：净值 {}（{}%），现金 {}，持仓市值 {}，共 {} 只股票";
        Alert => "{} {}: {}", "{} {}：{}";
        RiskAlert => "risk: {}", "风控：{}";
        KillSwitch => "KILL SWITCH: account {} is stopped; see `lighthunter risk show`",
            "熔断：账户 {} 已停止买入，详见 `lighthunter risk show`";
        Degraded => "DEGRADED: the event bus failed: {}", "降级：事件总线故障：{}";
        VerdictGood => "Simulation of {} succeeded: {} bars, {} orders, {} fills in {} s.",
            "{} 模拟交易成功：K 线 {} 根，委托 {} 笔，成交 {} 笔，耗时 {} 秒。";
        VerdictBad => "Simulation of {} FAILED: {} bars, {} orders, {} fills in {} s.",
            "{} 模拟交易失败：K 线 {} 根，委托 {} 笔，成交 {} 笔，耗时 {} 秒。";
        // What a reader must know.
        LongerBars => "{} symbols have longer bars than {} minutes only and are left out",
            "{} 只股票只有长于 {} 分钟的 K 线，未纳入";
        UnreadableBars => "{} bars without a positive price were left out", "{} 根 K 线没有有效价格，已剔除";
        StatusUnknown => "ST status and listings are unknown: every share has the ordinary limits of its board",
            "缺少 ST 与上市信息：一律按所在板块的普通涨跌幅处理";
        NoReference => "no reference price is known of {}: no price limit is applied to them",
            "{} 没有前收盘价，不做涨跌停限制";
        StartsWithCash => "no session before {} was simulated: the accounts start with cash",
            "{} 之前没有模拟过的交易日：账户从现金开始";
        GoesOn => "the accounts go on from {} as run {} left them", "账户接续 {} 的运行 {}";
        NothingToResume => "nothing to resume: no run of this day with the same data, config, scripts and model died",
            "没有可续跑的运行：当日没有数据、配置、脚本和模型都相同的中断记录";
        BarsTooShort => "the daily bars do not reach {}: strategies get no scores", "日线未更新到 {}：策略没有打分可用";
        NobodyTraded => "no symbol has a daily bar on {}: strategies get no scores", "{} 没有任何股票的日线：策略没有打分可用";
        NobodyScored => "no symbol of the day has a score of {}", "当日没有股票在 {} 有打分";
        ScoresSeen => "model {} was trained as of {}, with the session that is replayed: what its scores earn here is no evidence",
            "模型 {} 的训练截至 {}，已包含所回放的交易日：这里的收益不能作为证据（未来函数）";
        NoModelInForce => "job {} has no model in force: strategies get no scores", "任务 {} 没有生效模型：策略没有打分可用";
        ModelsTooNew => "every model of job {} was trained after {}: strategies get no scores",
            "任务 {} 的所有模型都在 {} 之后训练：策略没有打分可用";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn table_is_sound() {
        crate::text::assert_sound::<Word>(&["Alert"]);
    }
}
