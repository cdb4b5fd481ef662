//! Symbols: six digits and an exchange, `600000.SH`; and the board that a symbol trades on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A stock exchange of mainland China.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Exchange {
    /// Beijing.
    Bj,
    /// Shanghai.
    Sh,
    /// Shenzhen.
    Sz,
}

impl Exchange {
    /// Returns the suffix of a symbol.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Bj => "BJ",
            Self::Sh => "SH",
            Self::Sz => "SZ",
        }
    }
}

/// The board that a symbol trades on; price limits, lots and fees follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Board {
    /// The main boards of Shanghai and Shenzhen, the former SME board among them.
    Main,
    /// ChiNext: 300, 301 (and 302) of Shenzhen.
    ChiNext,
    /// STAR: 688, 689 of Shanghai.
    Star,
    /// Beijing: 43, 83, 87, 88, 92.
    Beijing,
}

/// An A-share symbol such as `600000.SH`; orders by code, then exchange.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Symbol {
    /// The code, and in the two lowest bits the exchange: two symbols are compared in one step, and everything that
    /// is kept by symbol compares them all the time.
    packed: u32,
}

impl Symbol {
    /// Makes a symbol from a code below 1,000,000 and its exchange.
    ///
    /// # Errors
    /// When the code has more than six digits.
    pub fn new(code: u32, exchange: Exchange) -> Result<Self, SymbolError> {
        if code > 999_999 {
            return Err(SymbolError(code.to_string()));
        }
        Ok(Self { packed: code << 2 | exchange as u32 })
    }

    /// Returns the six digits as a number.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.packed >> 2
    }

    /// Returns the exchange.
    #[must_use]
    pub const fn exchange(self) -> Exchange {
        match self.packed & 3 {
            0 => Exchange::Bj,
            1 => Exchange::Sh,
            _ => Exchange::Sz,
        }
    }

    /// Returns the text, `600000.SH`, in bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 9] {
        // Written digit by digit: every order and fill is named by its symbol.
        let mut text = *b"000000.  ";
        let mut rest = self.code();
        for digit in text.iter_mut().take(6).rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        for (to, from) in text.iter_mut().skip(7).zip(self.exchange().suffix().bytes()) {
            *to = from;
        }
        text
    }

    /// Returns the board.
    #[must_use]
    pub const fn board(self) -> Board {
        match (self.exchange(), self.code() / 1000) {
            (Exchange::Bj, _) => Board::Beijing,
            (Exchange::Sh, 688 | 689) => Board::Star,
            (Exchange::Sz, 300..=302) => Board::ChiNext,
            _ => Board::Main,
        }
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symbol").field("code", &self.code()).field("exchange", &self.exchange()).finish()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.bytes()).map_err(|_| fmt::Error)?)
    }
}

/// A text that is not a symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a symbol: six digits and .SH, .SZ or .BJ are expected, such as 600000.SH")]
pub struct SymbolError(String);

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        let wrong = || SymbolError(text.chars().take(32).collect());
        let (digits, suffix) = text.split_once('.').ok_or_else(wrong)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let exchange = match suffix {
            "BJ" => Exchange::Bj,
            "SH" => Exchange::Sh,
            "SZ" => Exchange::Sz,
            _ => return Err(wrong()),
        };
        Self::new(digits.parse().map_err(|_| wrong())?, exchange)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.to_string()
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<Self, SymbolError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::{Board, Exchange, Symbol};

    #[test]
    fn symbols_keep_what_they_are_made_of_and_order_by_code_then_exchange() {
        let exchanges = [Exchange::Bj, Exchange::Sh, Exchange::Sz];
        let parts: Vec<(u32, Exchange)> =
            [0, 1, 2, 3, 4, 999_999].into_iter().flat_map(|code| exchanges.map(|exchange| (code, exchange))).collect();
        let symbol = |(code, exchange): &(u32, Exchange)| Symbol::new(*code, *exchange).expect("a symbol");
        for one in &parts {
            assert_eq!((symbol(one).code(), symbol(one).exchange()), *one);
            for other in &parts {
                assert_eq!(symbol(one).cmp(&symbol(other)), one.cmp(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn board_follows_from_the_code() {
        let board = |text: &str| text.parse::<Symbol>().expect("a symbol").board();
        assert_eq!(board("600000.SH"), Board::Main);
        assert_eq!(board("002415.SZ"), Board::Main);
        assert_eq!(board("300750.SZ"), Board::ChiNext);
        assert_eq!(board("688001.SH"), Board::Star);
        assert_eq!(board("920099.BJ"), Board::Beijing);
    }

    #[test]
    fn text_that_is_no_symbol_is_refused() {
        for text in ["", "600000", "60000.SH", "6000000.SH", "600000.sh", "60000a.SH", "../../etc", "'; DROP TABLE.SH"]
        {
            assert!(text.parse::<Symbol>().is_err(), "{text}");
        }
    }
}
