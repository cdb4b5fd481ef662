//! The rule that the event path is measured with, as Rust and as a script: a fast and a slow average of
//! closes, and one lot bought or sold at each cross.
//!
//! The peers hold nothing at first and sell what they bought a minute ago. Here that is forbidden (T+1), so
//! each symbol has a base of ten lots from the day before, and the rule trades one lot around it: as many
//! orders, by the exchange's rules.

use std::collections::BTreeMap;

use lighthunter::{
    market::{Symbol, tick::cny},
    script::{Script, ScriptLimits},
    trading::{
        Bar, TradingError,
        strategy::{ScriptStrategy, Strategy, Wish},
    },
};

pub(crate) const ID: &str = "cross";

/// What the account starts with, CNY; weights are shares of it.
pub(crate) const CAPITAL: f64 = 100_000_000.0;

const FAST: f64 = 2.0 / 11.0;
const SLOW: f64 = 2.0 / 31.0;
/// Closes before the first look.
const SEEN_LEAST: u32 = 30;
/// Ten lots, and one more after a cross upwards. Each wish lies half a lot beyond, so that gains and losses
/// of the account, of which weights are shares, change no order: it is always one lot.
const BASE_SHARES: f64 = 1050.0;
const LONG_SHARES: f64 = 1150.0;
const SHORT_SHARES: f64 = 950.0;

const SCRIPT: &str = "
local FAST, SLOW = 2 / 11, 2 / 31
local states = {}

local function weight(shares: number, close: number): number
	return shares * close / 100000000
end

local function on_bar(bar)
	local close = bar.close
	local state = states[bar.symbol]
	if not state then
		states[bar.symbol] = { seen = 0, fast = 0, slow = 0, up = nil, long = false }
		return weight(1050, close)
	end
	if state.seen == 0 then
		state.fast, state.slow = close, close
	else
		state.fast += FAST * (close - state.fast)
		state.slow += SLOW * (close - state.slow)
	end
	state.seen += 1
	if state.seen < 30 then
		return nil
	end
	local up = state.fast > state.slow
	if up == state.up then
		return nil
	end
	state.up = up
	if up == state.long then
		return nil
	end
	state.long = up
	return weight(if up then 1150 else 950, close)
end

return { on_bar = on_bar }
";

/// Returns the rule as a script.
pub(crate) fn script() -> ScriptStrategy {
    let script = Script::load("strategy/cross.luau", SCRIPT, ScriptLimits::default()).expect("loaded");
    ScriptStrategy::new(ID, script).expect("a strategy")
}

#[derive(Clone, Copy, Default)]
struct State {
    begun: bool,
    seen: u32,
    fast: f64,
    slow: f64,
    up: Option<bool>,
    long: bool,
}

/// The rule in Rust.
#[derive(Default)]
pub(crate) struct EmaCross {
    /// By code, from 600000.
    states: Vec<State>,
}

impl Strategy for EmaCross {
    fn id(&self) -> &str {
        ID
    }

    fn targets(&mut self, _: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, TradingError> {
        Ok(BTreeMap::new())
    }

    fn watches_bars(&self) -> bool {
        true
    }

    fn on_bar(&mut self, bar: &Bar) -> Result<Option<Wish>, TradingError> {
        let at = (bar.symbol.code() - 600_000) as usize;
        if at >= self.states.len() {
            self.states.resize(at + 1, State::default());
        }
        let (state, close) = (&mut self.states[at], cny(bar.close));
        if !state.begun {
            state.begun = true;
            return Ok(Some(wish(BASE_SHARES, close)));
        }
        if state.seen == 0 {
            (state.fast, state.slow) = (close, close);
        } else {
            state.fast += FAST * (close - state.fast);
            state.slow += SLOW * (close - state.slow);
        }
        state.seen += 1;
        let up = state.fast > state.slow;
        if state.seen < SEEN_LEAST || state.up == Some(up) {
            return Ok(None);
        }
        state.up = Some(up);
        if up == state.long {
            return Ok(None);
        }
        state.long = up;
        Ok(Some(wish(if up { LONG_SHARES } else { SHORT_SHARES }, close)))
    }
}

fn wish(shares: f64, close: f64) -> Wish {
    let weight = shares * close / CAPITAL;
    Wish { weight, score: weight }
}
