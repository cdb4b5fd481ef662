//! A strategy whose rule is a script of the workspace. Hands the script what it may see and nothing else.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::{Strategy, Wish};
use crate::{
    digest::Digest,
    market::{Symbol, tick::cny},
    script::{BarSignal, BarView, Script, ScriptError},
    trading::{Bar, TradingError},
};

/// The twin sees so many bars, or so many scores in at least so many decisions: what depends on addresses shows early,
/// and all of them twice would cost a replay of the whole market seconds, and a night a tenth.
const TWIN_BARS_MAX: usize = 10_000;
const TWIN_SCORES_MAX: usize = 10_000;
const TWIN_DECISIONS_MIN: usize = 20;

/// A script as a strategy.
pub struct ScriptStrategy {
    id: String,
    script: Script,
    /// The same text in another machine, asked the same: Luau goes through a table whose keys are tables or
    /// functions in the order of their addresses, which no run repeats.
    twin: Option<Script>,
    /// What the twin has seen.
    twin_saw: Seen,
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
        let twin = Some(script.twin()?);
        let time = (DateTime::MIN, String::new());
        Ok(Self { id: id.into(), script, twin, twin_saw: Seen::default(), watches_bars, time })
    }

    /// Returns the digest of the script's text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.script.digest()
    }

    /// Lets the twin go once it has seen enough.
    fn let_twin_go(&mut self) {
        let Seen { bars, scores, decisions } = self.twin_saw;
        if bars >= TWIN_BARS_MAX || scores >= TWIN_SCORES_MAX && decisions >= TWIN_DECISIONS_MIN {
            self.twin = None;
        }
    }
}

/// What a twin was asked.
#[derive(Debug, Default)]
struct Seen {
    bars: usize,
    scores: usize,
    decisions: usize,
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
        if !self.script.has("targets") {
            return Ok(BTreeMap::new());
        }
        let targets = self.script.targets(scores)?;
        if let Some(twin) = &self.twin {
            same_targets(&self.script, &targets, &twin.targets(scores)?)?;
            self.twin_saw.scores += scores.len();
            self.twin_saw.decisions += 1;
            self.let_twin_go();
        }
        Ok(targets)
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
        let signal = self.script.on_bar(&view)?;
        if let Some(twin) = &self.twin {
            same_signal(&self.script, &view, signal, twin.on_bar(&view)?)?;
            self.twin_saw.bars += 1;
            self.let_twin_go();
        }
        let Some(signal) = signal else { return Ok(None) };
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

fn same_targets(
    script: &Script,
    targets: &BTreeMap<Symbol, f64>,
    others: &BTreeMap<Symbol, f64>,
) -> Result<(), ScriptError> {
    // Compared as bits: a weight that is no number is the portfolio's to refuse.
    let bits = |of: &BTreeMap<Symbol, f64>, symbol: &Symbol| of.get(symbol).map(|weight| weight.to_bits());
    let differs = |symbol: &&Symbol| bits(targets, symbol) != bits(others, symbol);
    let Some(symbol) = targets.keys().chain(others.keys()).find(differs) else { return Ok(()) };
    let [first, second] = [targets, others].map(|of| words(of.get(symbol).copied()));
    Err(script.unsteady("targets", format!("targets wishes {first} of {symbol}, then {second}")))
}

fn same_signal(
    script: &Script,
    bar: &BarView<'_>,
    signal: Option<BarSignal>,
    other: Option<BarSignal>,
) -> Result<(), ScriptError> {
    let bits = |of: Option<BarSignal>| of.map(|of| (of.weight.to_bits(), of.score.map(f64::to_bits)));
    if bits(signal) == bits(other) {
        return Ok(());
    }
    let [first, second] = [signal, other].map(|of| words(of.map(|of| of.weight)));
    let (symbol, time) = (bar.symbol, bar.time);
    Err(script.unsteady("on_bar", format!("on_bar wishes {first} of {symbol} at {time}, then {second}")))
}

fn words(weight: Option<f64>) -> String {
    weight.map_or_else(|| "nothing".to_owned(), |weight| weight.to_string())
}

#[cfg(test)]
mod tests {
    use super::{ScriptStrategy, Strategy};
    use crate::{
        exit::{Exit, Failure},
        market::Symbol,
        script::{Script, ScriptLimits},
        trading::Bar,
    };

    fn strategy(text: &str) -> ScriptStrategy {
        let script = Script::load("strategy/u1.luau", text, ScriptLimits::default()).expect("loads");
        ScriptStrategy::new("u1", script).expect("a strategy")
    }

    fn scores() -> Vec<(Symbol, f64)> {
        let symbol = |code: u32| format!("{:06}.SH", 600_000 + code).parse().expect("a symbol");
        (0..40).map(|code| (symbol(code), f64::from(code))).collect()
    }

    /// Tables as keys: their order is that of their addresses.
    const UNSTEADY: &str = "local function first(of)
\tlocal order = {}
\tfor _, symbol in of do order[{ symbol }] = true end
\tfor key in order do return key[1] end
\treturn nil
end
local seen = {}
return {
\ttargets = function(scores)
\t\tlocal all = {}
\t\tfor _, score in scores do table.insert(all, score.symbol) end
\t\treturn { [first(all)] = 1 }
\tend,
\ton_bar = function(bar)
\t\tfor n = 1, 40 do seen[n] = n end
\t\treturn first(seen) / 40
\tend,
}";

    #[test]
    fn answer_that_depends_on_addresses_is_refused() {
        // Of forty symbols both machines may by chance name the same first one; not so twenty times.
        let mut asked = strategy(UNSTEADY);
        let refused = (0..20).find_map(|_| asked.targets(&scores()).err()).expect("two answers");
        assert_eq!(refused.exit(), Exit::Refused);
        let words = "strategy/u1.luau:9: gives two answers to the same question: targets wishes ";
        assert!(refused.to_string().starts_with(words), "{refused}");
        let bar = Bar {
            symbol: scores()[0].0,
            end: jiff::civil::date(2025, 6, 30).at(9, 31, 0, 0),
            open: 1000,
            high: 1000,
            low: 1000,
            close: 1000,
            volume: Some(100),
            amount: Some(1000.0),
            opens: true,
            closes: false,
        };
        let mut asked = strategy(UNSTEADY);
        let refused = (0..20).find_map(|_| asked.on_bar(&bar).err()).expect("two answers");
        assert!(refused.to_string().contains("on_bar wishes"), "{refused}");
    }

    #[test]
    fn twin_goes_once_it_has_seen_enough_decisions_and_scores() {
        let all = (0..400).map(|code| (format!("{:06}.SH", 600_000 + code).parse().expect("a symbol"), 1.0));
        let (few, many) = (scores(), all.collect::<Vec<(Symbol, f64)>>());
        // 40 scores a decision need 250 decisions; 400 scores a decision need 25, and the least is 20.
        for (scores, enough) in [(&few, 250), (&many, 25)] {
            let mut strategy = strategy("return { targets = function(scores) return { [scores[1].symbol] = 1 } end }");
            for _ in 1..enough {
                strategy.targets(scores).expect("an answer");
            }
            assert!(strategy.twin.is_some(), "{enough}");
            strategy.targets(scores).expect("an answer");
            assert!(strategy.twin.is_none(), "{enough}");
        }
    }

    #[test]
    fn memory_and_numbers_that_are_none_are_the_same_in_both_machines() {
        let text = "local asked = 0
            return { targets = function(scores)
                asked += 1
                return { [scores[asked].symbol] = 0 / 0 }
            end }";
        let mut strategy = strategy(text);
        for (symbol, _) in scores().iter().take(3) {
            let targets = strategy.targets(&scores()).expect("an answer");
            assert!(targets.get(symbol).is_some_and(|weight| weight.is_nan()) && targets.len() == 1);
        }
    }

    #[test]
    fn place_is_where_the_function_begins() {
        let text = "local function wishes()\n\treturn {}\nend\n\nreturn { targets = wishes }\n";
        let script = Script::load("strategy/u1.luau", text, ScriptLimits::default()).expect("loads");
        let strategy = ScriptStrategy::new("u1", script).expect("a strategy");
        assert_eq!(strategy.place("targets").as_deref(), Some("strategy/u1.luau:1"));
        assert_eq!(strategy.place("on_bar"), None);
    }
}
