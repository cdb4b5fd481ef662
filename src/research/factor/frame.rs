//! The factor frame: the columns of a factor set over a panel.

use std::{collections::BTreeMap, ops::Range};

use jiff::civil::Date;

use super::{
    AlignedPanel, Availability, ExpressionSet, KERNELS, Kernel, Series, UNAVAILABLE, Window, availability, chain,
    definitions, threads_available,
};
use crate::{
    config::FactorSet,
    digest::Digest,
    market::{DailyPanel, Symbol},
    research::ResearchError,
};

/// Factor columns over S symbols x D sessions, laid out as in [`DailyPanel`].
#[derive(Debug, Clone)]
pub struct FactorFrame {
    /// Names of the columns, in the set's order.
    pub names: Vec<String>,
    /// S x D numbers a column; NaN where the symbol did not trade or the window is incomplete.
    pub columns: Vec<Vec<f64>>,
    /// The window that the rolling factors were computed with.
    pub window: Window,
    /// The symbols, ascending; S of them.
    pub symbols: Vec<Symbol>,
    /// The sessions, ascending; D of them.
    pub dates: Vec<Date>,
    /// What each column means, by name: see [`definitions`].
    pub definitions: BTreeMap<String, Digest>,
    /// How much of each factor there is, in the set's order; those that cannot be computed at all
    /// are listed here with the reason and have no column.
    pub availability: Vec<Availability>,
}

impl FactorFrame {
    /// Returns the digest of names, window, sessions and numbers; a symbol without a number counts as absent.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let head = chain::head(&self.names, self.window);
        self.chain_from(head).last().copied().unwrap_or(head)
    }

    /// Returns the column of a factor.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        let at = self.names.iter().position(|own| own == name)?;
        self.columns.get(at).map(Vec::as_slice)
    }
}

/// Computes a factor set.
///
/// # Errors
/// When the window is shorter than 2 sessions, `big_down` is not a fall, the set is empty or names a
/// factor twice, a name is unknown, or an expression is wrong or looks forward.
pub fn compute(set: &FactorSet, panel: &DailyPanel) -> Result<FactorFrame, ResearchError> {
    compute_with(set, panel, threads_available())
}

/// As [`compute`], on so many threads; they change no number.
///
/// # Errors
/// As [`compute`].
pub fn compute_with(set: &FactorSet, panel: &DailyPanel, threads: usize) -> Result<FactorFrame, ResearchError> {
    compute_from(set, panel, 0, threads)
}

/// Computes a factor set for the sessions of a panel from its session `first` on, on so many threads; the
/// numbers are those that [`compute`] gives for them, bit for bit.
///
/// # Errors
/// As [`compute`].
pub fn compute_from(
    set: &FactorSet,
    panel: &DailyPanel,
    first: usize,
    threads: usize,
) -> Result<FactorFrame, ResearchError> {
    compute_telling(set, panel, first, threads, &|_, _| {})
}

/// As [`compute_from`]; `progress` hears how many factors of how many are done. Expressions are computed together,
/// symbol after symbol, and count as done by the share of symbols.
///
/// # Errors
/// As [`compute`].
pub fn compute_telling(
    set: &FactorSet,
    panel: &DailyPanel,
    first: usize,
    threads: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<FactorFrame, ResearchError> {
    let (window, kernels) = check(set)?;
    let total = kernels.len() + set.expressions.len();
    let first = first.min(panel.dates().len());
    // A set of expressions alone needs no series.
    let symbols = if kernels.is_empty() { 0 } else { panel.symbols().len() };
    let series: Vec<Vec<Series>> = (0..symbols).map(|symbol| Series::of(panel, symbol)).collect();
    let days = first..panel.dates().len();
    let built_in = kernels.iter().enumerate().map(|(at, kernel)| {
        let values = column(kernel, &series, &days, window);
        progress(at + 1, total);
        values
    });
    let mut columns: Vec<Vec<f64>> = built_in.collect();
    let mut names: Vec<String> = kernels.iter().map(|kernel| kernel.name.to_owned()).collect();
    let mut asked = set.factors.clone();
    if !set.expressions.is_empty() {
        let told = |done: usize, symbols: usize| {
            progress(kernels.len() + set.expressions.len() * done / symbols.max(1), total);
        };
        let computed = expressions(set, panel, first, threads, &told)?;
        asked.extend(computed.0.clone());
        names.extend(computed.0);
        columns.extend(computed.1);
    }
    let traded: Vec<bool> =
        (0..panel.symbols().len()).flat_map(|symbol| days.clone().map(move |day| panel.trades(symbol, day))).collect();
    let availability = availability(&asked, &names, &columns, &traded);
    let (symbols, dates) = (panel.symbols().to_vec(), panel.dates().get(days).unwrap_or_default().to_vec());
    Ok(FactorFrame { names, columns, window, symbols, dates, definitions: definitions(set)?, availability })
}

/// Computes the expressions of a set, without its labels, in the layout of the panel from its session `first` on.
fn expressions(
    set: &FactorSet,
    panel: &DailyPanel,
    first: usize,
    threads: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(Vec<String>, Vec<Vec<f64>>), ResearchError> {
    let read = ExpressionSet::read(set, &[])?;
    read.check_forward()?;
    let read = read.without_labels();
    let dates = panel.dates().get(first..).unwrap_or_default();
    let aligned = AlignedPanel::from_daily_since(panel, first, read.lookback());
    // Windows count the sessions of the calendar, of which the panel may lack some.
    let unwanted = |from: &Date| aligned.sessions().partition_point(|date| date < from);
    let wanted = aligned.sessions().len() - dates.first().map_or(aligned.sessions().len(), unwanted);
    let computed = read.compute_telling(&aligned, Some(wanted), threads, progress)?;
    let by_text: BTreeMap<String, usize> =
        panel.symbols().iter().enumerate().map(|(at, symbol)| (symbol.to_string(), at)).collect();
    let symbols: Vec<Option<usize>> = aligned.codes().iter().map(|code| by_text.get(&**code).copied()).collect();
    let day = |date: &Date| dates.binary_search(date).ok();
    let on: Vec<Option<usize>> = aligned.sessions().iter().map(day).collect();
    let cell = |(symbol, session): &(usize, usize)| {
        let (symbol, day) = (symbols.get(*symbol).copied()??, on.get(*session).copied()??);
        panel.trades(symbol, first + day).then(|| symbol * dates.len() + day)
    };
    let cells: Vec<Option<usize>> = computed.keys.iter().map(cell).collect();
    let laid_out = |values: &Vec<f64>| {
        let mut column = vec![f64::NAN; panel.symbols().len() * dates.len()];
        for (cell, value) in cells.iter().zip(values).filter(|(_, value)| value.is_finite()) {
            if let Some(place) = cell.and_then(|cell| column.get_mut(cell)) {
                *place = *value;
            }
        }
        column
    };
    Ok((computed.names, computed.columns.iter().map(laid_out).collect()))
}

fn column(kernel: &Kernel, series: &[Vec<Series>], days: &Range<usize>, window: Window) -> Vec<f64> {
    let mut column = vec![f64::NAN; series.len() * days.len()];
    if days.is_empty() {
        return column;
    }
    for (cells, stretches) in column.chunks_exact_mut(days.len()).zip(series) {
        for stretch in stretches {
            let unwanted = stretch.days.partition_point(|day| *day < days.start);
            for (i, day) in stretch.days.iter().enumerate().skip(unwanted) {
                if let Some(cell) = cells.get_mut(*day - days.start) {
                    let value = (kernel.at)(stretch, i, window);
                    *cell = if value.is_finite() { value } else { f64::NAN };
                }
            }
        }
    }
    column
}

/// Checks what a set says of built-in factors and returns their window and kernels.
pub(super) fn check(set: &FactorSet) -> Result<(Window, Vec<&'static Kernel>), ResearchError> {
    Ok((window(set)?, kernels(set)?))
}

fn window(set: &FactorSet) -> Result<Window, ResearchError> {
    if !(2..=250).contains(&set.lookback) {
        return Err(ResearchError::setting("factor_set.lookback", set.lookback, "2 to 250 sessions"));
    }
    if !(set.big_down > -1.0 && set.big_down < 0.0) {
        return Err(ResearchError::setting("factor_set.big_down", set.big_down, "a return between -1 and 0"));
    }
    Ok(Window { lookback: set.lookback, big_down: set.big_down })
}

/// Returns the kernels of a set's factors that can be computed.
fn kernels(set: &FactorSet) -> Result<Vec<&'static Kernel>, ResearchError> {
    if set.factors.is_empty() && set.expressions.is_empty() {
        return Err(ResearchError::setting("factor_set.factors", "empty", "at least one factor"));
    }
    let mut kernels = Vec::new();
    for (at, name) in set.factors.iter().enumerate() {
        if set.factors.iter().take(at).any(|earlier| earlier == name) {
            return Err(ResearchError::setting("factor_set.factors", format!("{name} twice"), "each factor once"));
        }
        if let Some(kernel) = KERNELS.iter().find(|kernel| kernel.name == name) {
            kernels.push(kernel);
        } else if !UNAVAILABLE.iter().any(|(known, _)| known == name) {
            return Err(ResearchError::unknown("factor", name, KERNELS.iter().map(|kernel| kernel.name)));
        }
    }
    Ok(kernels)
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
