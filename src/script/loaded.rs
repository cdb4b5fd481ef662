//! A loaded script: its text, its machine, and the calls that the trading side makes.

use std::{cell::RefCell, collections::BTreeMap};

use mlua::{Function, Table, Value};

use super::{
    bar::{BarSignal, BarView},
    bar_entry::BarEntry,
    error::{Limit, ScriptError},
    limits::ScriptLimits,
    sandbox::Sandbox,
    text,
};
use crate::{digest::Digest, market::Symbol};

/// The longest text of a script. Straight code passes no step of the meter, and this bounds how much of it
/// there can be.
const TEXT_BYTES_MOST: usize = 128 * 1024;
/// The most operators and for-loops of a text: one that compares long texts, or reads a number out of one,
/// works half a millisecond without a step of the meter.
const OPERATORS_MOST: usize = 2048;
/// The most entries of `weights`.
const WEIGHTS_MOST: usize = 4096;
/// One script in a machine of its own.
pub struct Script {
    name: String,
    text: String,
    digest: Digest,
    sandbox: Sandbox,
    exports: BTreeMap<String, Function>,
    weights: Option<Value>,
    bar_entry: Option<BarEntry>,
    /// The symbols of the last scores and their texts in the machine: from day to day they are mostly the same.
    named: RefCell<Option<(Vec<Symbol>, Table)>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({}, {})", self.name, self.digest.short())
    }
}

impl Script {
    /// Compiles `text`, runs it once and keeps the table that it returns. `name` is what messages call it,
    /// such as `strategy/u1.luau`.
    ///
    /// # Errors
    /// When the text is too long or does not parse, when it fails or hits a limit, or when it returns no table.
    pub fn load(name: &str, text: &str, limits: ScriptLimits) -> Result<Self, ScriptError> {
        let limit = |limit| Err(ScriptError::Limit { script: name.to_owned(), line: None, limit });
        if text.len() > TEXT_BYTES_MOST {
            return limit(Limit::Text(TEXT_BYTES_MOST));
        }
        if text::operators(text) > OPERATORS_MOST {
            return limit(Limit::Operators(OPERATORS_MOST));
        }
        let Ok(sandbox) = Sandbox::new(name, limits) else {
            return limit(Limit::Memory(limits.memory_bytes));
        };
        let mut script = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            digest: Digest::of(text),
            sandbox,
            exports: BTreeMap::new(),
            weights: None,
            bar_entry: None,
            named: RefCell::default(),
        };
        let chunk = script.sandbox.compile(name, text).map_err(|error| script.parse_failure(&error))?;
        let Value::Table(table) = script.call(&chunk, Value::Nil)? else {
            return Err(script.shape(None, "the script must return a table"));
        };
        script.take(&table).map_err(|error| script.engine_failure(&error))?;
        script.judge_exports(&table)?;
        Ok(script)
    }

    /// Loads the same text into a machine of its own. What both answer alike does not depend on where a
    /// machine keeps its values.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn twin(&self) -> Result<Self, ScriptError> {
        Self::load(&self.name, &self.text, self.sandbox.meter.limits())
    }

    /// Makes the error of a script whose `function` its twin answers otherwise; `message` says what differs.
    #[must_use]
    pub fn unsteady(&self, function: &str, message: String) -> ScriptError {
        let line = self.line_of_function(function).or_else(|| self.line_of(function));
        ScriptError::Unsteady { script: self.name.clone(), line, message }
    }

    /// Refuses what nobody would ask for: a misspelt name would else be a strategy that does nothing.
    fn judge_exports(&self, table: &Table) -> Result<(), ScriptError> {
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|error| self.engine_failure(&error))?;
            let key = match &key {
                Value::String(text) => text.to_string_lossy(),
                other => format!("a {}", other.type_name()),
            };
            let wanted = match key.as_str() {
                "targets" | "on_bar" => "function",
                // Judged when they are asked for.
                "weights" => continue,
                _ => {
                    let message = format!("the returned table has `{key}`; it may have targets, on_bar and weights");
                    return Err(self.shape(self.line_of(&key), &message));
                }
            };
            if value.type_name() != wanted {
                let message = format!("`{key}` is {}, a {wanted} is expected", value.type_name());
                return Err(self.shape(self.line_of(&key), &message));
            }
        }
        Ok(())
    }

    /// Says that the script is a strategy: it answers to scores, to bars, or to both.
    ///
    /// # Errors
    /// When it has neither function.
    pub fn require_strategy(&self) -> Result<(), ScriptError> {
        if self.exports.is_empty() {
            return Err(self.shape(None, "the script returns neither targets nor on_bar: it would never trade"));
        }
        Ok(())
    }

    /// Keeps what the returned table holds itself; its metatable is not asked.
    fn take(&mut self, table: &Table) -> mlua::Result<()> {
        for name in ["targets", "on_bar"] {
            if let Value::Function(function) = table.raw_get(name)? {
                self.exports.insert(name.to_owned(), function);
            }
        }
        self.weights = Some(table.raw_get("weights")?).filter(|value| !matches!(value, Value::Nil));
        if let Some(on_bar) = self.exports.get("on_bar") {
            self.bar_entry = Some(BarEntry::new(self.sandbox.bar_entry.call(on_bar)?));
        }
        Ok(())
    }

    /// Returns the name that messages use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the digest of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Says whether the returned table has `targets` or `on_bar` as a function.
    #[must_use]
    pub fn has(&self, function: &str) -> bool {
        self.exports.contains_key(function)
    }

    /// Returns the first line of the text that assigns the key `needle`.
    #[must_use]
    pub fn line_of(&self, needle: &str) -> Option<u32> {
        text::line_of(&self.text, needle)
    }

    /// Returns where `targets` or `on_bar` begins, `FILE:LINE`, if the script has it.
    #[must_use]
    pub fn place_of(&self, function: &str) -> Option<String> {
        Some(format!("{}:{}", self.name, self.line_of_function(function)?))
    }

    /// Returns the table `weights` of a portfolio script. The numbers are not judged: NaN, 1.7 and -1 pass.
    ///
    /// # Errors
    /// When there is no such table, or when a key is no text or a value no number.
    pub fn weights(&self) -> Result<BTreeMap<String, f64>, ScriptError> {
        self.refuse_stopped()?;
        let Some(Value::Table(table)) = &self.weights else {
            let found = self.weights.as_ref().map_or("missing", Value::type_name);
            let message = format!("`weights` is {found}, a table of numbers by strategy is expected");
            return Err(self.shape(self.line_of("weights"), &message));
        };
        let entries = self.numbers(table, "weights", WEIGHTS_MOST)?;
        Ok(entries.into_iter().collect())
    }

    /// Calls `targets` with the scores and returns the wished weights. The numbers are not judged.
    ///
    /// # Errors
    /// When the script has no such function, fails or hits a limit, or names a symbol that has no score.
    pub fn targets(&self, scores: &[(Symbol, f64)]) -> Result<BTreeMap<Symbol, f64>, ScriptError> {
        self.refuse_stopped()?;
        let Some(function) = self.exports.get("targets") else {
            return Err(self.shape(None, "the returned table has no function `targets`"));
        };
        self.sandbox.meter.begin(&self.sandbox.lua);
        let argument = self.score_table(scores).map_err(|error| self.engine_failure(&error))?;
        let line = || self.line_of("targets").or_else(|| self.line_of_function("targets"));
        let Value::Table(table) = self.call(function, Value::Table(argument))? else {
            return Err(self.shape(line(), "targets must return a table of numbers by symbol"));
        };
        let mut known: Vec<Symbol> = scores.iter().map(|(symbol, _)| *symbol).collect();
        known.sort_unstable();
        let named = |key: &str| key.parse::<Symbol>().ok().filter(|symbol| known.binary_search(symbol).is_ok());
        let mut targets = BTreeMap::new();
        for (key, weight) in self.numbers(&table, "targets", scores.len().max(WEIGHTS_MOST))? {
            let Some(symbol) = named(&key) else {
                let message = format!("targets returned '{}', which is not among the scores", text::quoted(&key));
                return Err(self.shape(line(), &message));
            };
            targets.insert(symbol, weight);
        }
        Ok(targets)
    }

    /// Calls `on_bar` and returns its opinion, if it has one.
    ///
    /// # Errors
    /// When the script has no such function, fails or hits a limit, or returns something else than numbers.
    pub fn on_bar(&self, bar: &BarView<'_>) -> Result<Option<BarSignal>, ScriptError> {
        self.refuse_stopped()?;
        let Some(entry) = &self.bar_entry else {
            return Err(self.shape(None, "the returned table has no function `on_bar`"));
        };
        self.sandbox.meter.begin(&self.sandbox.lua);
        let answer = entry.call(bar);
        let (kind, weight, score, message) = answer.map_err(|error| self.engine_failure(&error))?;
        self.refuse_stopped()?;
        match (kind, message) {
            (0, _) => Ok(weight.map(|weight| BarSignal { weight, score })),
            (1, message) => Err(self.runtime(&message.map(|text| text.to_string_lossy()).unwrap_or_default())),
            (_, message) => {
                let words = message.map(|text| text.to_string_lossy()).unwrap_or_default();
                Err(self.shape(self.line_of_function("on_bar"), &words))
            }
        }
    }

    fn score_table(&self, scores: &[(Symbol, f64)]) -> mlua::Result<Table> {
        let lua = &self.sandbox.lua;
        self.sandbox.meter.admit(lua)?;
        let mut named = self.named.borrow_mut();
        let are_same = |(known, _): &(Vec<Symbol>, Table)| known.iter().eq(scores.iter().map(|(symbol, _)| symbol));
        if !named.as_ref().is_some_and(are_same) {
            let texts = lua.create_sequence_from(scores.iter().map(|(symbol, _)| symbol.to_string()))?;
            *named = Some((scores.iter().map(|(symbol, _)| *symbol).collect(), texts));
        }
        let texts = named.as_ref().map(|(_, texts)| texts);
        let packed: Vec<u8> = scores.iter().flat_map(|(_, score)| score.to_le_bytes()).collect();
        self.sandbox.score_list.call((texts, lua.create_buffer(packed)?, scores.len()))
    }

    /// Calls a function of the script with one value, through the prelude.
    fn call(&self, function: &Function, argument: Value) -> Result<Value, ScriptError> {
        self.sandbox.meter.begin(&self.sandbox.lua);
        let answer = self.sandbox.called.call::<(u8, Value, Value)>((function, argument));
        let (kind, value, _) = answer.map_err(|error| self.engine_failure(&error))?;
        self.refuse_stopped()?;
        match (kind, value) {
            (0, value) => Ok(value),
            (_, Value::String(words)) => Err(self.runtime(&words.to_string_lossy())),
            (_, value) => Err(self.runtime(value.type_name())),
        }
    }

    /// Reads a table of numbers by text, without asking its metatable.
    fn numbers(&self, table: &Table, what: &str, most: usize) -> Result<Vec<(String, f64)>, ScriptError> {
        let line = || self.line_of(what).or_else(|| self.line_of_function(what));
        let mut numbers = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|error| self.engine_failure(&error))?;
            let Value::String(key) = key else {
                let message = format!("a key of {what} is of type {}, a text is expected", key.type_name());
                return Err(self.shape(line(), &message));
            };
            let Ok(key) = key.to_str().map(|text| text.to_owned()) else {
                return Err(self.shape(line(), &format!("a key of {what} is not UTF-8")));
            };
            let number = match value {
                Value::Integer(number) => number as f64,
                Value::Number(number) => number,
                other => {
                    let (key, found) = (text::quoted(&key), other.type_name());
                    let message = format!("{what}: the value of '{key}' is of type {found}, a number is expected");
                    return Err(self.shape(self.line_of(&key).or_else(line), &message));
                }
            };
            if numbers.len() == most {
                return Err(self.limit(line(), Limit::Output(most)));
            }
            numbers.push((key, number));
        }
        Ok(numbers)
    }

    fn line_of_function(&self, name: &str) -> Option<u32> {
        let function = self.exports.get(name)?;
        function.info().line_defined.and_then(|line| u32::try_from(line).ok())
    }

    /// Answers for a script that hit a limit before: it does not run again.
    fn refuse_stopped(&self) -> Result<(), ScriptError> {
        self.sandbox.meter.hit().map_or(Ok(()), |hit| Err(self.limit(hit.line, hit.limit)))
    }

    fn limit(&self, line: Option<u32>, limit: Limit) -> ScriptError {
        ScriptError::Limit { script: self.name.clone(), line, limit }
    }

    fn shape(&self, line: Option<u32>, message: &str) -> ScriptError {
        ScriptError::Shape { script: self.name.clone(), line, message: message.to_owned() }
    }

    fn runtime(&self, words: &str) -> ScriptError {
        let (line, message) = text::split_message(words, &self.name);
        let line = self.sandbox.meter.fault_line().or(line);
        ScriptError::Runtime { script: self.name.clone(), line, message }
    }

    fn parse_failure(&self, error: &mlua::Error) -> ScriptError {
        match error {
            mlua::Error::SyntaxError { message, .. } => {
                let (line, message) = text::split_message(message, &self.name);
                ScriptError::Parse { script: self.name.clone(), line, message }
            }
            error => self.engine_failure(error),
        }
    }

    /// Words what the engine itself reports: a limit, or memory that ran out while values went in or out.
    fn engine_failure(&self, error: &mlua::Error) -> ScriptError {
        if let Some(hit) = self.sandbox.meter.hit() {
            return self.limit(hit.line, hit.limit);
        }
        if matches!(error, mlua::Error::MemoryError(_)) {
            drop(self.sandbox.meter.stop(&self.sandbox.lua, Limit::Memory(self.sandbox.meter.memory_bytes())));
            return self.refuse_stopped().err().unwrap_or_else(|| self.runtime("not enough memory"));
        }
        self.runtime(&format!("{error}"))
    }
}
