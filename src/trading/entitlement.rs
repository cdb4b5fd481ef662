//! What a holder receives on an ex date: cash and bonus shares, on the shares held at the close before.
//!
//! Cash is credited on the ex date and before tax (the tax depends on the holding period and is paid
//! at the sale; it is not modelled). Bonus shares are rounded half up to whole shares. A right to buy
//! new shares lapses: it cannot be sold on these exchanges, and the backtest puts in no new money.

use serde::Serialize;

use super::{Account, Fen};
use crate::market::{CorporateAction, Symbol};

/// What one action brought to an account.
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

/// Millionths: per-ten amounts are given with up to six decimals.
const SCALE: i128 = 1_000_000;

/// Credits an action to the holder; nothing when the symbol is not held or the action's numbers
/// are not finite and positive. Call it after the session opened and before it trades.
pub fn entitle(account: &mut Account, action: &CorporateAction) -> Option<Entitlement> {
    let held = account.position(action.symbol).shares;
    if held == 0 {
        return None;
    }
    let cash = per_ten(held, action.cash_per_10 * 100.0)?;
    let shares = per_ten(held, action.bonus_per_10)?;
    account.credit(action.symbol, cash, shares);
    Some(Entitlement { symbol: action.symbol, cash, shares, rights_lapsed: action.rights_per_10 > 0.0 })
}

/// Credits the value that a fall of the reference price took from each share, where no action
/// explains it: a source without corporate actions. Conserves the holder's wealth.
pub fn cash_in_lieu(account: &mut Account, symbol: Symbol, fen_per_share: Fen) -> Option<Entitlement> {
    let held = account.position(symbol).shares;
    if held == 0 || fen_per_share <= 0 {
        return None;
    }
    let cash = held * fen_per_share;
    account.credit(symbol, cash, 0);
    Some(Entitlement { symbol, cash, shares: 0, rights_lapsed: false })
}

/// Returns `held x amount / 10`, rounded half up, in exact arithmetic on millionths.
fn per_ten(held: i64, amount: f64) -> Option<i64> {
    if !(0.0..1e9).contains(&amount) {
        return None;
    }
    let millionths = (amount * SCALE as f64).round() as i128;
    let tenths = i128::from(held) * millionths;
    i64::try_from((tenths * 2 + 10 * SCALE) / (20 * SCALE)).ok()
}

#[cfg(test)]
mod tests {
    use super::per_ten;

    #[test]
    fn bonus_shares_are_rounded_half_up() {
        // Held, per ten, received.
        for (held, per, received) in [(100, 3.0, 30), (105, 3.0, 32), (104, 3.0, 31), (5, 1.0, 1), (4, 1.0, 0)] {
            assert_eq!(per_ten(held, per), Some(received), "{held} x {per} / 10");
        }
        assert_eq!(per_ten(100, f64::NAN), None);
        assert_eq!(per_ten(100, -1.0), None);
    }
}
