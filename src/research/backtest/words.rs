//! What a backtest tells its reader, in every language.

use crate::text::phrases;

phrases! {
    /// A sentence beside the figures.
    pub(super) enum Word {
        WithoutScores => "{} of {} decision days had no score at all: positions were kept",
            "{} 个调仓日（共 {} 个）没有任何打分：维持原持仓";
        WithoutChoice => "{} of {} decision days had no scored name that was not wished (fewest scored: {}): the order of the scores did not matter",
            "{} 个调仓日（共 {} 个）所有有打分的股票都被选中（最少打分数：{}）：打分高低不起作用";
        Inferred => "{} falls of the reference price without a known corporate action were paid in cash",
            "前收盘价有 {} 次下调没有对应的权益事件，按现金分红处理";
        RightsLapsed => "{} rights issues lapsed", "放弃配股 {} 次";
        NothingTraded => "nothing was traded: every order was refused, or none was sent",
            "没有任何成交：所有委托均被拒绝，或没有发出委托";
        Risk => "risk: {}: {}", "风控：{}：{}";
        Delisted => "{} is valued at its close of {}: it was delisted on {} while held",
            "{} 按 {} 的收盘价计值：持有期间于 {} 退市";
        NoBar => "{} is valued at its close of {}: it has no bar on the last session",
            "{} 按 {} 的收盘价计值：最后交易日没有行情";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn table_is_sound() {
        crate::text::assert_sound::<Word>(&[]);
    }
}
