//! What a holder receives on an ex date: cash and bonus shares, on the shares held at the close before.
//!
//! Cash is credited on the ex date and before tax (the tax depends on the holding period and is paid
//! at the sale; it is not modelled). Bonus shares are rounded half up to whole shares. A right to buy
//! new shares lapses: it cannot be sold on these exchanges, and no new money is put in.

use serde::Serialize;

use super::{Account, Fen};
use crate::market::{
    CorporateAction, Symbol,
    adjust::{bonus_shares, cash_dividend},
    tick::fen,
};

/// What the actions of one symbol brought to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entitlement {
    /// The symbol.
    pub symbol: Symbol,
    /// Cash received, fen.
    pub cash: Fen,
    /// Bonus shares received.
    pub shares: i64,
    /// Whether a right to buy new shares lapsed.
    pub rights_lapsed: bool,
}

/// Credits one symbol's actions since the last session; all count the shares held before the first.
/// Nothing when the symbol is not held. Call it after the session opened and before it trades.
pub fn entitle(account: &mut Account, actions: &[CorporateAction]) -> Option<Entitlement> {
    let symbol = actions.first()?.symbol;
    let held = account.position(symbol).shares;
    if held == 0 {
        return None;
    }
    let cash = actions.iter().filter_map(|action| fen(cash_dividend(held, action))).sum();
    let shares = actions.iter().map(|action| bonus_shares(held, action)).sum();
    account.credit(symbol, cash, shares);
    let rights_lapsed = actions.iter().any(|action| action.rights_per_10 > 0.0);
    Some(Entitlement { symbol, cash, shares, rights_lapsed })
}

/// Credits the value that a fall of the reference price took from each share, in fen, where no action
/// explains it (a source without corporate actions), so that the holder's wealth is conserved.
pub fn cash_in_lieu(account: &mut Account, symbol: Symbol, fen_per_share: Fen) -> Option<Entitlement> {
    let held = account.position(symbol).shares;
    if held == 0 || fen_per_share <= 0 {
        return None;
    }
    let cash = held * fen_per_share;
    account.credit(symbol, cash, 0);
    Some(Entitlement { symbol, cash, shares: 0, rights_lapsed: false })
}

#[cfg(test)]
mod tests {
    use super::{cash_in_lieu, entitle};
    use crate::{
        market::CorporateAction,
        trading::{Account, Position},
    };

    #[test]
    fn wealth_is_conserved_over_an_ex_date() {
        let symbol = "600000.SH".parse().expect("a symbol");
        let mut account = Account::with_cash(0);
        assert_eq!(cash_in_lieu(&mut account, symbol, 5), None, "not held");
        account.hold(symbol, Position { shares: 1000, sellable: 1000, cost: 0 });
        let before = account.value_at(|_| 1000);
        let ex_date = jiff::civil::date(2020, 6, 1);
        let action = CorporateAction {
            symbol,
            ex_date,
            cash_per_10: 10.0,
            bonus_per_10: 5.0,
            rights_per_10: 0.0,
            rights_price: 0.0,
        };
        let received = entitle(&mut account, &[action]).expect("held");
        assert_eq!((received.cash, received.shares), (100_000, 500));
        assert_eq!(account.value_at(|_| 600), before, "(10.00 - 1.00) / 1.5 = 6.00");
        assert_eq!(cash_in_lieu(&mut account, symbol, 5).expect("held").cash, 7_500);
    }
}
