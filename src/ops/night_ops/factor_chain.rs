//! Adjustment factors that were not delivered: derived from the whole stored history of a symbol, after repairs and
//! without what they leave out, so that neither the first date that research uses nor a wrong bar shifts a factor.
//! Opens nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use super::night::Night;
use crate::{
    data::{
        guardian::{self, Known},
        repair::{self, Provenance, RepairPlan},
    },
    exit::AnyFailure,
    market::{Calendar, CorporateAction, DailyBar, Symbol, adjust::derive_factors},
    store::Query,
};

/// Stored bars by date, then symbol, with a factor each; and of which of them it was derived.
#[derive(Clone)]
pub(super) struct StoredBars {
    pub(super) bars: Arc<Vec<DailyBar>>,
    /// One a bar; empty where all were delivered.
    derived: Arc<Vec<bool>>,
}

impl StoredBars {
    /// Derives what was not delivered from the bars themselves.
    fn of(mut bars: Vec<DailyBar>, actions: &[CorporateAction]) -> Self {
        let is_whole = bars.iter().all(|bar| !bar.adj_factor.is_nan());
        let derived = if is_whole { Vec::new() } else { bars.iter().map(|bar| bar.adj_factor.is_nan()).collect() };
        derive_factors(&mut bars, actions);
        Self { bars: Arc::new(bars), derived: Arc::new(derived) }
    }

    /// Says whether every factor was delivered.
    pub(super) fn is_delivered(&self) -> bool {
        self.derived.is_empty()
    }

    /// Returns the bars from a date on, with the factors that they have here.
    fn from(&self, start: Date) -> Self {
        let first = self.bars.partition_point(|bar| bar.date < start);
        let bars = self.bars.get(first..).unwrap_or_default().to_vec();
        let derived = self.derived.get(first..).unwrap_or_default().to_vec();
        Self { bars: Arc::new(bars), derived: Arc::new(derived) }
    }

    /// Derives the factors of repaired bars again. A bar that is left out keeps the factor before it, and nothing
    /// follows from its close; a row that a repair puts in has the factor of the bar before it.
    fn derive_again(
        &self,
        repaired: &mut [DailyBar],
        excluded: &BTreeSet<(Date, Symbol)>,
        actions: &[CorporateAction],
    ) {
        let mut stored = self.bars.iter().zip(&*self.derived).peekable();
        let mut chain = Vec::with_capacity(self.bars.len());
        for bar in &*repaired {
            let Some((_, derived)) = stored.next_if(|(own, _)| key(own) == key(bar)) else { continue };
            let mut link = bar.clone();
            if *derived {
                link.adj_factor = f64::NAN;
            }
            if excluded.contains(&key(bar)) {
                // No price of it can be.
                link.close = f64::NAN;
            }
            chain.push(link);
        }
        derive_factors(&mut chain, actions);
        let mut links = chain.iter().zip(&*self.derived).peekable();
        let mut last: BTreeMap<Symbol, (f64, bool)> = BTreeMap::new();
        for bar in repaired {
            if let Some((link, derived)) = links.next_if(|(link, _)| key(link) == key(bar)) {
                bar.adj_factor = link.adj_factor;
                last.insert(bar.symbol, (link.adj_factor, *derived));
            } else if let Some((factor, true)) = last.get(&bar.symbol) {
                bar.adj_factor = *factor;
            }
        }
    }

    /// Gives repaired bars the factors of the same bars in `whole`, where these were derived; a row that a repair
    /// puts in has the factor of the bar before it.
    fn take_over(&self, repaired: &mut [DailyBar], whole: &[DailyBar]) {
        let mut stored = self.bars.iter().zip(&*self.derived).peekable();
        let mut last: BTreeMap<Symbol, (f64, bool)> = BTreeMap::new();
        for bar in repaired {
            if let Some((_, derived)) = stored.next_if(|(own, _)| key(own) == key(bar)) {
                let same = whole.binary_search_by_key(&key(bar), key).ok().and_then(|place| whole.get(place));
                if let (true, Some(same)) = (*derived, same) {
                    bar.adj_factor = same.adj_factor;
                }
                last.insert(bar.symbol, (bar.adj_factor, *derived));
            } else if let Some((factor, true)) = last.get(&bar.symbol) {
                bar.adj_factor = *factor;
            }
        }
    }
}

const fn key(bar: &DailyBar) -> (Date, Symbol) {
    (bar.date, bar.symbol)
}

impl Night<'_> {
    /// Returns the stored daily bars up to the trading date, unrepaired.
    pub(super) fn raw_bars(&mut self) -> Result<Arc<Vec<DailyBar>>, AnyFailure> {
        Ok(self.stored_bars()?.bars)
    }

    /// As [`Night::raw_bars`], with what is known of their factors.
    pub(super) fn stored_bars(&mut self) -> Result<StoredBars, AnyFailure> {
        if let Some(stored) = &self.products.raw {
            return Ok(stored.clone());
        }
        let stored = self.read_bars(&[])?;
        Ok(self.products.raw.insert(stored).clone())
    }

    /// Reads the daily bars of the dates that research uses, with some changes. Where a factor of theirs was not
    /// delivered it is the one that follows from all bars that are stored.
    pub(super) fn read_bars(&mut self, changes: &[Provenance]) -> Result<StoredBars, AnyFailure> {
        let query = Query { from: self.options.start, ..Query::up_to(self.as_of()) };
        let mut bars = self.stores()?.daily_as_delivered(&query)?;
        match self.options.start {
            Some(start) if bars.iter().any(|bar| bar.adj_factor.is_nan()) => Ok(self.read_whole(changes)?.from(start)),
            _ => {
                repair::put(&mut bars, changes);
                Ok(StoredBars::of(bars, &self.actions()?))
            }
        }
    }

    fn read_whole(&mut self, changes: &[Provenance]) -> Result<StoredBars, AnyFailure> {
        let (as_of, actions) = (self.as_of(), self.actions()?);
        let mut bars = self.stores()?.daily_as_delivered(&Query::up_to(as_of))?;
        repair::put(&mut bars, changes);
        Ok(StoredBars::of(bars, &actions))
    }

    /// Derives the factors of the repaired bars of this night again, from all bars that are stored.
    pub(super) fn derive_repaired(
        &mut self,
        stored: &StoredBars,
        repaired: &mut [DailyBar],
        plan: &RepairPlan,
    ) -> Result<(), AnyFailure> {
        let actions = self.actions()?;
        if self.options.start.is_none() {
            stored.derive_again(repaired, &plan.excluded_days(), &actions);
            return Ok(());
        }
        // The bars before the first date are repaired for this alone: whether they are sound enough to learn from
        // is not asked.
        let changes = self.source_plan()?;
        let (whole, history, thresholds) = (self.read_whole(&changes)?, self.history()?, self.thresholds());
        let known = Known { actions: &actions, history: &history };
        let report = guardian::examine(&whole.bars, known, Calendar::builtin(), &thresholds)?;
        let plan = repair::plan(&whole.bars, &report, known, Calendar::builtin(), &thresholds)?;
        let mut all = whole.bars.to_vec();
        repair::apply(&mut all, &plan)?;
        whole.derive_again(&mut all, &plan.excluded_days(), &actions);
        stored.take_over(repaired, &all);
        Ok(())
    }
}

#[cfg(test)]
#[path = "factor_chain_tests.rs"]
mod tests;
