//! Settlement: T+1 for shares, T+0 for cash. Source: market_rules.md (akquant #307, #391): shares bought
//! today cannot be sold today; what a sale brings can buy at once.

use jiff::civil::Date;

use super::{Calendar, CalendarError};

/// Sessions between the purchase of a share and its first sale.
pub const SHARE_SETTLEMENT_SESSIONS: i64 = 1;

/// Returns the first session on which shares bought on `bought` can be sold.
///
/// # Errors
/// When that session is outside the calendar.
pub fn sellable_from(bought: Date) -> Result<Date, CalendarError> {
    Calendar::builtin().offset(bought, SHARE_SETTLEMENT_SESSIONS)
}

/// Says whether shares bought on one session can be sold on another. Ask when the order fills, not when
/// it is placed. Needs no calendar: on any later session they can.
#[must_use]
pub fn is_sellable(bought: Date, on: Date) -> bool {
    bought < on
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{is_sellable, sellable_from};

    #[test]
    fn shares_bought_today_are_sold_from_the_next_session() {
        assert_eq!(sellable_from(date(2025, 9, 30)), Ok(date(2025, 10, 9)));
        assert!(sellable_from(date(2026, 12, 31)).is_err(), "the calendar ends");
        assert!(!is_sellable(date(2025, 9, 30), date(2025, 9, 30)));
        assert!(is_sellable(date(2025, 9, 30), date(2025, 10, 9)));
    }
}
