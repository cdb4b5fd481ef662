//! What an account's worth at market means: levels that rise and fall, the halt, the kill switch, alerts.

use jiff::civil::DateTime;

use super::{
    AlertKind, Measure, RiskAlert, RiskBrain, RiskLevel, RiskScore,
    score::{Measures, level_of, share_of},
    words::Word,
};
use crate::{
    market::{Symbol, tick::cny},
    text::{Note, Speak},
    trading::Fen,
};

impl RiskBrain {
    /// Looks at the account at market: `gross` is all positions, `largest` the largest of them, in fen.
    /// Halts buys or trips the kill switch where a fall is beyond its limit. Returns an alert for each
    /// measure whose level changed.
    pub fn mark(&mut self, at: DateTime, nav: Fen, gross: Fen, largest: Option<(Symbol, Fen)>) -> Vec<RiskAlert> {
        if self.marked.replace((nav, gross, largest)) == Some((nav, gross, largest)) {
            return Vec::new();
        }
        let state = &mut self.state;
        (state.nav, state.gross, state.largest) = (nav, gross, largest);
        state.peak_intraday = state.peak_intraday.max(nav);
        state.peak_total = state.peak_total.max(nav);
        let measures = self.measures();
        let mut alerts = Vec::new();
        for (measure, value, warning, limit) in measures.all(&self.limits) {
            let before = self.state.levels.get(&measure).copied().unwrap_or_default();
            let level = level_of(value, warning, limit, before);
            // Words are made only where somebody reads them: a mark comes with every bar.
            let acts = value > limit && self.must_act(measure);
            if level == before && !acts {
                continue;
            }
            let mut message = self.message(measure, value, limit);
            if acts {
                message = self.act(at, measure, message);
            }
            self.state.levels.insert(measure, level);
            let symbol = largest.map(|(symbol, _)| symbol).filter(|_| measure == Measure::Concentration);
            alerts.push(self.alert(symbol, level, &message, at));
        }
        alerts
    }

    /// Says whether a measure beyond its limit calls for something that is not done yet.
    fn must_act(&self, measure: Measure) -> bool {
        match measure {
            Measure::DdIntraday => !self.state.is_halted,
            Measure::DdTotal => self.state.kill_switch.is_none(),
            _ => false,
        }
    }

    /// Does what a measure beyond its limit calls for and says so.
    fn act(&mut self, at: DateTime, measure: Measure, reason: Note) -> Note {
        match measure {
            Measure::DdIntraday => {
                self.state.is_halted = true;
                Note::new(Word::Halted, [&reason])
            }
            Measure::DdTotal => {
                self.trip(at, reason.to_string());
                Note::new(Word::Tripped, [&reason])
            }
            _ => reason,
        }
    }

    fn message(&self, measure: Measure, value: f64, limit: f64) -> Note {
        let money = |fen: Fen| format!("{:.2}", cny(fen));
        let (nav, percent, allowed) =
            (money(self.state.nav), format!("{:.2}", value * 100.0), format!("{:.2}", limit * 100.0));
        match measure {
            Measure::DdIntraday => {
                Note::new(Word::FallOfDay, [&nav, &percent, &money(self.state.peak_intraday), &allowed])
            }
            Measure::DdTotal => Note::new(Word::Fall, [&nav, &percent, &money(self.state.peak_total), &allowed]),
            Measure::Leverage => {
                let (share, limit) = (format!("{value:.4}"), format!("{limit:.4}"));
                Note::new(Word::Leverage, [&money(self.state.gross), &share, &nav, &limit])
            }
            Measure::Concentration => match self.state.largest {
                Some((symbol, _)) => Note::new(Word::Concentration, [&symbol as &dyn Speak, &percent, &nav, &allowed]),
                None => Note::new(Word::NoPosition, [&allowed]),
            },
            Measure::Score => Note::new(Word::Score, [&format!("{value:.4}"), &format!("{limit:.2}")]),
        }
    }

    pub(super) fn alert(&self, symbol: Option<Symbol>, level: RiskLevel, message: &Note, at: DateTime) -> RiskAlert {
        let kind = if symbol.is_some() { AlertKind::SymbolAlert } else { AlertKind::AccountAlert };
        let score = self.measures().score(&self.limits);
        let (account_id, message) = (self.account.clone(), message.to_string());
        RiskAlert { kind, account_id, symbol, level, score, message, at }
    }

    fn measures(&self) -> Measures {
        let state = &self.state;
        Measures {
            dd_intraday: self.dd_intraday(),
            dd_total: self.dd_total(),
            leverage: share_of(state.gross, state.nav),
            concentration: share_of(state.largest.map_or(0, |(_, value)| value), state.nav),
        }
    }

    /// Returns the account's score at the last mark.
    #[must_use]
    pub fn score(&self) -> RiskScore {
        let measures = self.measures();
        let worst = self.state.levels.values().copied().max().unwrap_or_default();
        RiskScore {
            account_id: self.account.clone(),
            score: measures.score(&self.limits),
            level: if self.state.kill_switch.is_some() { RiskLevel::Critical } else { worst },
            dd_intraday: measures.dd_intraday,
            dd_total: measures.dd_total,
            leverage: measures.leverage,
            concentration: measures.concentration,
        }
    }
}
