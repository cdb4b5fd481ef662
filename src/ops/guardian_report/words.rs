//! The sentences of the guardian's report, in every language. Names of rules, columns and sources are codes, the
//! same in all.

use crate::text::phrases;

phrases! {
    /// A sentence of the report.
    pub(super) enum Word {
        Kind => "LightHunter DataGuardian Omega", "LightHunter 数据守护 Omega";
        Passed => "The daily bars may be used", "日线数据可以使用";
        Refused => "REFUSED: the daily bars must not be used", "拒绝：日线数据不可使用";
        ScoreOf => "{} of 100", "{} / 100";
        Facts => "{} rows of {} symbols, {} to {}; {} with a hard finding, {} with soft ones only",
            "{1} 只证券共 {0} 行，{2} 至 {3}；其中 {4} 行存在严重问题，{5} 行仅有轻微问题";
        Total => "Score", "总分";
        Coverage => "Coverage", "覆盖率";
        Source => "Sources agree", "来源一致性";
        Value => "Values", "取值有效性";
        Consistency => "Consistency", "内部一致性";
        NotCompared => "not compared", "未比较";
        OneSource => "No session was delivered by two sources, so their agreement is not part of the score.",
            "没有任何交易日由两个来源同时提供，因此来源一致性不计入总分。";
        HeldAgainst => "Sources are held against {}: prices to the tick, volumes and turnovers to {} %.",
            "各来源以 {} 为基准：价格精确到最小变动价位，成交量与成交额允许 {}% 的差异。";
        Findings => "Findings by rule", "按规则统计的问题";
        NoFinding => "No rule is broken.", "没有违反任何规则。";
        Rule => "rule", "规则";
        Meaning => "what it says", "含义";
        Count => "findings", "问题数";
        Sources => "Sources", "来源";
        Field => "field", "字段";
        SourceHead => "source", "来源名称";
        Values => "values", "值数";
        Compared => "compared", "已比较";
        Differ => "differ", "不一致";
        Anomalies => "2 % off and more", "偏差 2% 及以上";
        Faulty => "faulty by themselves", "自身有误";
        Bias => "median bias", "偏差中位数";
        Score => "score", "得分";
        Latency => "{}: {} rows of {} symbols, {} delivered again with other values, {}",
            "{}：{} 行，{} 只证券，{} 行曾被来源更改，{}";
        LatencyKnown => "half of them within {} min of the close, {} late", "半数在收盘后 {} 分钟内到达，{} 行迟到";
        LatencyUnknown => "none delivered on its day", "没有当日到达的行";
        FarthestOff => "Values farthest off", "偏差最大的值";
        Date => "date", "日期";
        Symbol => "symbol", "证券";
        Says => "says", "取值";
        Reference => "reference", "基准";
        WorstSymbols => "Worst symbols", "得分最低的证券";
        WorstDates => "Worst sessions", "得分最低的交易日";
        WorstFields => "Worst columns", "得分最低的字段";
        WorstSources => "Worst fields of sources", "得分最低的来源字段";
        Of => "of", "对象";
        Why => "why", "原因";
        About => "How the score is made", "评分方法";
        Weights => "Coverage counts {} %, sources {} %, values {} %, consistency {} %. A row with a hard finding is lost, one with a soft finding by a quarter. The gate refuses above {} % of rows with a hard finding.",
            "覆盖率占 {}%，来源占 {}%，取值占 {}%，一致性占 {}%。存在严重问题的行全部扣除，仅有轻微问题的行扣四分之一。严重问题行占比超过 {}% 时门槛拒绝。";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;
    use crate::text::assert_sound;

    #[test]
    fn sentences_are_in_both_languages() {
        assert_sound::<Word>(&["ScoreOf"]);
    }
}
