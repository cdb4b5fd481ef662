//! Why an order was refused or cut, as a person reads it: the exchange's rules, the broker, and risk give
//! codes, a limit of the portfolio the name of its config key, which is the same in every language.

use crate::text::{Language, Phrases as _, phrases};

phrases! {
    /// A reason. Its English is its code with spaces.
    #[expect(dead_code, reason = "a reason is found by its code, not by its name here")]
    enum Reason {
        Suspended => "suspended", "停牌";
        NoPrice => "no price", "无价格";
        LimitUp => "limit up", "涨停";
        LimitDown => "limit down", "跌停";
        BelowLot => "below lot", "不足一手";
        NotSellable => "not sellable", "T+1 不可卖";
        NotEnoughCash => "not enough cash", "资金不足";
        NoVolume => "no volume", "无成交量";
        NotPositive => "not positive", "数量无效";
        NoAccount => "no account", "账户不存在";
        InvalidPrice => "invalid price", "价格无效";
        Shadow => "shadow reject", "影子柜台拒单";
        SessionEnded => "session ended", "收盘未成交";
        NotAtOnce => "not at once", "未能立即全部成交";
        BySender => "by sender", "主动撤单";
        KillSwitch => "kill switch", "熔断";
        DayLoss => "day loss", "当日亏损超限";
        Blacklisted => "blacklisted", "黑名单";
        NotWhitelisted => "not whitelisted", "不在白名单";
        ShortSale => "short sale", "卖空";
        NotJudged => "not judged", "无法评估风险";
        OrderValue => "order value", "单笔金额超限";
        PriceCollar => "price collar", "超出价格笼子";
        Concentration => "concentration", "个股集中度超限";
        Leverage => "leverage", "杠杆超限";
        Turnover => "turnover", "换手超限";
    }
}

/// Returns a reason in words; a code that is none of these is read as it is.
pub(super) fn words(code: &str, language: Language) -> String {
    let spaced = code.replace('_', " ");
    let known = Reason::TABLE.iter().find(|(_, [english, _])| *english == spaced);
    match (language, known) {
        (_, None) => code.to_owned(),
        (Language::Chinese, Some((_, [_, chinese]))) => (*chinese).to_owned(),
        (Language::English, Some(_)) => spaced,
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Reason, words};

    #[test]
    fn every_reason_of_exchange_and_broker_has_words() {
        use crate::trading::{Reject, broker::Refusal};
        crate::text::assert_sound::<Reason>(&[]);
        let rules = [
            Reject::Suspended,
            Reject::NoPrice,
            Reject::LimitUp,
            Reject::LimitDown,
            Reject::BelowLot,
            Reject::NotSellable,
            Reject::NotEnoughCash,
            Reject::NoVolume,
            Reject::NotPositive,
        ];
        let broker = [
            Refusal::NoAccount,
            Refusal::InvalidPrice,
            Refusal::Shadow,
            Refusal::SessionEnded,
            Refusal::NotAtOnce,
            Refusal::BySender,
        ];
        for code in rules.into_iter().map(Refusal::Rule).chain(broker).map(Refusal::name) {
            assert_ne!(words(code, Language::Chinese), code);
            assert_eq!(words(code, Language::English), code.replace('_', " "));
        }
        assert_eq!(words("max_positions", Language::Chinese), "max_positions", "a key of the config");
    }
}
