//! What each rule of the guardian says when it is broken, in every language, for readers who do not know its code.

use crate::{
    data::guardian::Rule,
    text::{Language, phrases},
};

phrases! {
    /// What a broken rule says.
    enum RuleWord {
        MissingSession => "a symbol has no row on a session between its first and its last",
            "证券在首末行之间的某个交易日没有数据行";
        TableGap => "sessions on which no symbol has a row", "没有任何证券数据的交易日";
        Duplicate => "two rows of one symbol and session", "同一证券同一交易日有两行";
        InvalidNumber => "a price, reference or factor is no number above zero", "价格、参考价或复权因子不是正数";
        OhlcOrder => "open or close outside low to high", "开盘价或收盘价超出最低价至最高价";
        BeyondLimit => "a price beyond the day's price limit", "价格超出当日涨跌停";
        Volume => "no volume on a session that traded, or volume on a suspended one", "有交易却无成交量，或停牌却有成交量";
        Stale => "the same four prices for many sessions", "连续多个交易日四个价格相同";
        UnadjustedExRights => "reference and factor do not move together on an ex date, or a fall that no ex date explains",
            "除权除息日参考价与复权因子不一致，或下跌没有除权原因";
        PrecloseMismatch => "the reference price is not the close before, and nothing went ex", "参考价不等于前收盘价，且无除权除息";
        NullPreclose => "the reference price is missing: a first session has none", "缺少参考价：上市首日没有";
        Unlisted => "a row before the listing or after the delisting", "上市前或退市后仍有数据行";
        LateListing => "rows before the first 'listed' row of the securities: the listing is recorded too late",
            "证券表中首个上市记录之前已有数据行：上市日期记录过晚";
        OffCalendar => "a row on a day without trading", "非交易日有数据行";
        OutOfBounds => "a value outside the bounds of config/data_schema.json", "数值超出 config/data_schema.json 的范围";
        OffTick => "a price that is no multiple of 0.01: multiplied or averaged", "价格不是 0.01 的倍数：可能被复权或平均";
        PriceUnit => "prices in cents", "价格以分为单位";
        AveragePrice => "turnover / volume outside low to high: a wrong unit, or adjusted prices",
            "成交额除以成交量超出最低价至最高价：单位错误或价格已复权";
        VolumeUnit => "a volume far below its neighbours': lots for shares, or a locked new share opens",
            "成交量远低于相邻交易日：可能以手计，或新股打开涨停";
        Repeated => "the same prices and volume on two sessions", "两个交易日的价格和成交量完全相同";
        SwappedColumns => "open and close are swapped", "开盘价与收盘价对调";
        ShiftedDates => "a symbol moves with the market of the session beside: dates shifted", "走势与相邻交易日的市场一致：日期错位";
    }
}

/// Returns what a broken rule says.
pub(super) fn meaning(rule: Rule, language: Language) -> &'static str {
    let word = match rule {
        Rule::MissingSession => RuleWord::MissingSession,
        Rule::TableGap => RuleWord::TableGap,
        Rule::Duplicate => RuleWord::Duplicate,
        Rule::InvalidNumber => RuleWord::InvalidNumber,
        Rule::OhlcOrder => RuleWord::OhlcOrder,
        Rule::BeyondLimit => RuleWord::BeyondLimit,
        Rule::Volume => RuleWord::Volume,
        Rule::Stale => RuleWord::Stale,
        Rule::UnadjustedExRights => RuleWord::UnadjustedExRights,
        Rule::PrecloseMismatch => RuleWord::PrecloseMismatch,
        Rule::NullPreclose => RuleWord::NullPreclose,
        Rule::Unlisted => RuleWord::Unlisted,
        Rule::LateListing => RuleWord::LateListing,
        Rule::OffCalendar => RuleWord::OffCalendar,
        Rule::OutOfBounds => RuleWord::OutOfBounds,
        Rule::OffTick => RuleWord::OffTick,
        Rule::PriceUnit => RuleWord::PriceUnit,
        Rule::AveragePrice => RuleWord::AveragePrice,
        Rule::VolumeUnit => RuleWord::VolumeUnit,
        Rule::Repeated => RuleWord::Repeated,
        Rule::SwappedColumns => RuleWord::SwappedColumns,
        Rule::ShiftedDates => RuleWord::ShiftedDates,
    };
    word.say(language)
}

#[cfg(test)]
mod tests {
    use super::RuleWord;
    use crate::text::assert_sound;

    #[test]
    fn rules_are_explained_in_both_languages() {
        assert_sound::<RuleWord>(&[]);
    }
}
