//! A strategy whose rule is a script of the workspace. Hands the script what it may see and nothing else.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::{Strategy, Wish};
use crate::{
    digest::Digest,
    market::{Symbol, tick::cny},
    script::{BarView, Script},
    trading::{Bar, TradingError},
};

/// A script as a strategy.
pub struct ScriptStrategy {
    id: String,
    script: Script,
    watches_bars: bool,
    /// The newest bar's end in words; bars of one time share it.
    time: (DateTime, String),
}

impl ScriptStrategy {
    /// Gives a loaded script its name in the config.
    ///
    /// # Errors
    /// When the script is no strategy.
    pub fn new(id: &str, script: Script) -> Result<Self, TradingError> {
        script.require_strategy()?;
        let watches_bars = script.has("on_bar");
        Ok(Self { id: id.into(), script, watches_bars, time: (DateTime::MIN, String::new()) })
    }

    /// Returns the digest of the script's text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.script.digest()
    }
}

impl Strategy for ScriptStrategy {
    fn id(&self) -> &str {
        &self.id
    }

    fn place(&self, function: &str) -> Option<String> {
        self.script.place_of(function)
    }

    fn targets(&mut self, scores: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError> {
        // A script without the function trades bars only.
        if self.script.has("targets") { Ok(self.script.targets(scores)?) } else { Ok(BTreeMap::new()) }
    }

    fn watches_bars(&self) -> bool {
        self.watches_bars
    }

    fn on_bar(&mut self, bar: &Bar) -> Result<Option<Wish>, TradingError> {
        if self.time.0 != bar.end {
            self.time = (bar.end, bar.end.strftime("%H:%M").to_string());
        }
        let view = BarView {
            symbol: bar.symbol,
            time: &self.time.1,
            open: cny(bar.open),
            high: cny(bar.high),
            low: cny(bar.low),
            close: cny(bar.close),
            volume: bar.volume.map_or(f64::NAN, |volume| volume as f64),
            amount: bar.amount.unwrap_or(f64::NAN),
        };
        let Some(signal) = self.script.on_bar(&view)? else { return Ok(None) };
        match signal.score {
            Some(score) if !score.is_finite() => Err(TradingError::Score {
                place: self.place("on_bar"),
                strategy: self.id.clone(),
                symbol: bar.symbol.to_string(),
                score,
            }),
            score => Ok(Some(Wish { weight: signal.weight, score: score.unwrap_or(signal.weight) })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ScriptStrategy, Strategy};
    use crate::script::{Script, ScriptLimits};

    #[test]
    fn place_is_where_the_function_begins() {
        let text = "local function wishes()\n\treturn {}\nend\n\nreturn { targets = wishes }\n";
        let script = Script::load("strategy/u1.luau", text, ScriptLimits::default()).expect("loads");
        let strategy = ScriptStrategy::new("u1", script).expect("a strategy");
        assert_eq!(strategy.place("targets").as_deref(), Some("strategy/u1.luau:1"));
        assert_eq!(strategy.place("on_bar"), None);
    }
}
