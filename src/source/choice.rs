//! What `--market` names: the simulated market, or a directory of real bars.

use std::{fmt, path::PathBuf, str::FromStr};

use crate::exit::{Exit, Failure};

/// The word that names the simulated market.
const SIMULATED: &str = "simulated";

/// Where the bars of a workspace come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketChoice {
    /// The simulated market.
    Simulated {
        /// The seed; none leaves it to the default.
        seed: Option<u64>,
    },
    /// A directory of tables; `./simulated` names a directory of that name.
    Directory(PathBuf),
}

impl MarketChoice {
    /// Reads `simulated`, `simulated:SEED` or a directory. Does not look whether the directory exists.
    ///
    /// # Errors
    /// When the text is empty or the seed is not a whole number.
    pub fn parse(text: &str) -> Result<Self, MarketChoiceError> {
        let refused = |why| MarketChoiceError { text: text.chars().take(80).collect(), why };
        match text.strip_prefix(SIMULATED) {
            Some("") => Ok(Self::Simulated { seed: None }),
            Some(rest) if rest.starts_with(':') => match rest[1..].parse() {
                Ok(seed) => Ok(Self::Simulated { seed: Some(seed) }),
                Err(_) => Err(refused("the seed is not a whole number from 0 to 18446744073709551615")),
            },
            _ if text.trim().is_empty() => Err(refused("it is empty")),
            _ => Ok(Self::Directory(PathBuf::from(text))),
        }
    }
}

impl FromStr for MarketChoice {
    type Err = MarketChoiceError;

    fn from_str(text: &str) -> Result<Self, MarketChoiceError> {
        Self::parse(text)
    }
}

impl fmt::Display for MarketChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated { seed: None } => f.write_str(SIMULATED),
            Self::Simulated { seed: Some(seed) } => write!(f, "{SIMULATED}:{seed}"),
            Self::Directory(directory) => directory.display().fmt(f),
        }
    }
}

/// A text that names no market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' names no market: {why}")]
pub struct MarketChoiceError {
    text: String,
    why: &'static str,
}

impl Failure for MarketChoiceError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn remedy(&self) -> Option<String> {
        Some("give simulated, simulated:SEED or the path of a directory of bars".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::MarketChoice;

    #[test]
    fn a_choice_is_simulated_or_a_directory() {
        let cases = [
            ("simulated", MarketChoice::Simulated { seed: None }),
            ("simulated:7", MarketChoice::Simulated { seed: Some(7) }),
            ("../data", MarketChoice::Directory(PathBuf::from("../data"))),
            ("./simulated", MarketChoice::Directory(PathBuf::from("./simulated"))),
            ("simulated_bars", MarketChoice::Directory(PathBuf::from("simulated_bars"))),
        ];
        for (text, expected) in cases {
            let choice = MarketChoice::parse(text).expect(text);
            assert_eq!(choice, expected);
            assert_eq!(choice.to_string(), text);
        }
        for text in ["", " ", "simulated:", "simulated:x", "simulated:-1", "simulated:1.5"] {
            assert!(MarketChoice::parse(text).is_err(), "{text}");
        }
    }
}
