//! What risk says, in every language. What it has said is kept in English, by runs that go on and by reports, and is
//! known again by its pattern. The refusals are the words of [`super::RiskRefusal`].

use crate::text::{Note, phrases};

phrases! {
    /// A sentence of an alert.
    #[expect(dead_code, reason = "a refusal is found by its pattern, not by its name here")]
    pub(super) enum Word {
        FallOfDay => "{} CNY is {} % below the session's peak of {}, limit {} %",
            "净值 {0} 元，较当日峰值 {2} 回撤 {1} %，限额 {3} %";
        Fall => "{} CNY is {} % below the peak of {}, limit {} %", "净值 {0} 元，较峰值 {2} 回撤 {1} %，限额 {3} %";
        Leverage => "positions of {} CNY are {} of {}, limit {}", "持仓 {} 元，为净值的 {} 倍（净值 {}），限额 {}";
        Concentration => "{} is {} % of {} CNY, limit {} %", "{} 占净值的 {} %（净值 {} 元），限额 {} %";
        NoPosition => "no position, limit {} %", "无持仓，限额 {} %";
        Score => "the risk score is {}, critical above {}", "风险评分 {}，超过 {} 为严重";
        Halted => "{}; buys are halted until the next session", "{}；暂停买入至下一交易日";
        Tripped => "{}; the kill switch is tripped", "{}；触发熔断";
        BuyRefused => "buy of {} {} refused: {}", "拒绝买入 {} 股 {}：{}";
        SellRefused => "sell of {} {} refused: {}", "拒绝卖出 {} 股 {}：{}";
        RefusedByKillSwitch => "the kill switch is tripped: {}", "已熔断：{}";
        RefusedByDayLoss => "buys are halted until the next session: the day's loss exceeded {} %",
            "当日亏损超过 {} %，暂停买入至下一交易日";
        RefusedByBlacklist => "the symbol is on the blacklist", "股票在黑名单内";
        RefusedByWhitelist => "the symbol is not on the whitelist", "股票不在白名单内";
        RefusedShortSale => "sells {} shares of {} held", "卖出 {} 股，而持有 {} 股";
        RefusedNotJudged => "cannot be judged: price {} fen, net asset value {} CNY", "无法评估：价格 {} 分，净值 {} 元";
        RefusedValue => "its value of {} CNY exceeds {} CNY", "金额 {} 元超过 {} 元";
        RefusedCollar => "its price of {} CNY is {} % from the reference of {} CNY, allowed: {} %",
            "委托价 {0} 元偏离基准价 {2} 元 {1} %，允许 {3} %";
        RefusedConcentration => "the position would be {} % of net asset value, allowed: {} %",
            "持仓将占净值的 {} %，允许 {} %";
        RefusedLeverage => "the positions would be {} of net asset value, allowed: {}", "持仓将为净值的 {} 倍，允许 {}";
        RefusedTurnover => "the session's turnover would be {} of its first net asset value, allowed: {}",
            "当日换手将为期初净值的 {} 倍，允许 {}";
        LevelInfo => "info", "提示";
        LevelWarning => "warning", "警告";
        LevelCritical => "critical", "严重";
    }
}

/// Says in every language what risk has said: an alert's message, why a kill switch tripped, or a level.
#[must_use]
pub fn in_words(said: &str) -> Note {
    Note::recalled::<Word>(said)
}

#[cfg(test)]
mod tests {
    use super::{Word, in_words};
    use crate::{
        text::{Language, assert_sound},
        trading::risk::{RiskLevel, RiskRefusal},
    };

    #[test]
    fn table_is_sound() {
        assert_sound::<Word>(&[]);
    }

    #[test]
    fn every_refusal_and_level_has_words() {
        let refusals = [
            RiskRefusal::KillSwitch { reason: "x".into() },
            RiskRefusal::DayLoss { limit: 0.03 },
            RiskRefusal::Blacklisted,
            RiskRefusal::NotWhitelisted,
            RiskRefusal::ShortSale { shares: 2, held: 1 },
            RiskRefusal::NotJudged { price: 1, nav: 2 },
            RiskRefusal::OrderValue { value: 2, limit: 1 },
            RiskRefusal::PriceCollar { price: 1, reference: 2, distance: 0.5, limit: 0.1 },
            RiskRefusal::Concentration { share: 0.5, limit: 0.1 },
            RiskRefusal::Leverage { leverage: 2.0, limit: 1.0 },
            RiskRefusal::Turnover { turnover: 2.0, limit: 1.0 },
        ];
        let levels = [RiskLevel::Info, RiskLevel::Warning, RiskLevel::Critical].map(|level| level.word().to_owned());
        for said in refusals.map(|refusal| refusal.to_string()).into_iter().chain(levels) {
            let note = in_words(&said);
            assert_eq!(note.say(Language::English), said);
            assert!(note.say(Language::Chinese).chars().any(|sign| sign >= '\u{4e00}'), "{said}");
        }
    }

    #[test]
    fn a_sentence_within_another_is_told_too() {
        let said = "buy of 100 600000.SH refused: the kill switch is tripped: 9.00 CNY is 30.00 % below the peak of 12.00, limit 20.00 %";
        let told = "拒绝买入 100 股 600000.SH：已熔断：净值 9.00 元，较峰值 12.00 回撤 30.00 %，限额 20.00 %";
        assert_eq!(in_words(said).say(Language::Chinese), told);
        let halted = "9.00 CNY is 5.00 % below the session's peak of 12.00, limit 3.00 %; buys are halted until the next session";
        assert_eq!(
            in_words(halted).say(Language::Chinese),
            "净值 9.00 元，较当日峰值 12.00 回撤 5.00 %，限额 3.00 %；暂停买入至下一交易日"
        );
    }
}
