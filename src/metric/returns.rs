//! Measures of a series of daily simple returns. The first day counts, and drawdown is measured
//! from the initial capital of 1.
//!
//! The conventions are those of empyrical 0.7.1 with 244 days a year: a missing return (NaN) is a
//! day that earned nothing, and is left out of means and deviations.

use super::moments::{deviation, finite, mean, ratio};

/// What a measure needs to know besides the returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convention {
    /// Trading days a year, N.
    pub days_per_year: f64,
    /// Risk-free rate a year; a day's rate is rate / N.
    pub risk_free: f64,
}

impl Default for Convention {
    fn default() -> Self {
        Self { days_per_year: 244.0, risk_free: 0.0 }
    }
}

impl Convention {
    fn daily_risk_free(&self) -> f64 {
        self.risk_free / self.days_per_year
    }
}

/// The measures of one series of returns.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReturnMetrics {
    /// See [`total_return`].
    pub total: Option<f64>,
    /// See [`annual_return`].
    pub annual: Option<f64>,
    /// See [`volatility`].
    pub volatility: Option<f64>,
    /// See [`sharpe`].
    pub sharpe: Option<f64>,
    /// See [`sortino`].
    pub sortino: Option<f64>,
    /// See [`calmar`].
    pub calmar: Option<f64>,
    /// Deepest fall from the running peak, zero or negative; see [`drawdown`].
    pub max_drawdown: Option<f64>,
    /// Longest run of days below the running peak; see [`drawdown`].
    pub max_drawdown_days: Option<f64>,
    /// Days with a gain over days with a gain or a loss.
    pub win_rate: Option<f64>,
    /// Mean return of the days with a gain.
    pub avg_win: Option<f64>,
    /// Mean return of the days with a loss; negative.
    pub avg_loss: Option<f64>,
    /// Sum of gains over the absolute sum of losses.
    pub profit_factor: Option<f64>,
}

/// Returns all measures of `returns`; none is defined when a return is infinite.
#[must_use]
pub fn measure(returns: &[f64], convention: &Convention) -> ReturnMetrics {
    if returns.iter().any(|value| value.is_infinite()) {
        return ReturnMetrics::default();
    }
    let of_sign =
        |sign: f64| -> Vec<f64> { returns.iter().copied().filter(|value| value * sign > 0.0).collect::<Vec<_>>() };
    let (wins, losses) = (of_sign(1.0), of_sign(-1.0));
    let fall = drawdown(returns);
    ReturnMetrics {
        total: total_return(returns),
        annual: annual_return(returns, convention),
        volatility: volatility(returns, convention),
        sharpe: sharpe(returns, convention),
        sortino: sortino(returns, convention),
        calmar: calmar(returns, convention),
        max_drawdown: fall.map(|(depth, _)| depth),
        max_drawdown_days: fall.map(|(_, days)| days as f64),
        win_rate: ratio(wins.len() as f64, (wins.len() + losses.len()) as f64),
        avg_win: mean(&wins),
        avg_loss: mean(&losses),
        // The sum of nothing is -0, which would read as a loss.
        profit_factor: ratio(wins.iter().sum::<f64>() + 0.0, -losses.iter().sum::<f64>()),
    }
}

/// Returns prod(1 + r) - 1.
#[must_use]
pub fn total_return(returns: &[f64]) -> Option<f64> {
    if returns.is_empty() { None } else { finite(growth(returns) - 1.0) }
}

/// Returns prod(1 + r)^(N / n) - 1, where n counts every day. Not defined when more than all was
/// lost.
#[must_use]
pub fn annual_return(returns: &[f64], convention: &Convention) -> Option<f64> {
    if returns.is_empty() {
        return None;
    }
    let wealth = growth(returns);
    if wealth < 0.0 { None } else { finite(wealth.powf(convention.days_per_year / returns.len() as f64) - 1.0) }
}

fn growth(returns: &[f64]) -> f64 {
    returns.iter().filter(|value| !value.is_nan()).fold(1.0, |wealth, value| wealth * (1.0 + value))
}

/// Returns std(r, ddof 1) x sqrt(N).
#[must_use]
pub fn volatility(returns: &[f64], convention: &Convention) -> Option<f64> {
    finite(deviation(returns)? * convention.days_per_year.sqrt())
}

/// Returns mean(r - rf) / std(r - rf, ddof 1) x sqrt(N), with rf of a day.
#[must_use]
pub fn sharpe(returns: &[f64], convention: &Convention) -> Option<f64> {
    let excess = excess(returns, convention);
    Some(ratio(mean(&excess)?, deviation(&excess)?)? * convention.days_per_year.sqrt()).and_then(finite)
}

/// Returns mean(r - rf) x N / (sqrt(mean(min(r - rf, 0)^2)) x sqrt(N)); the mean of the squares is
/// over all days, not only those with a loss. Needs two days, as the Sharpe ratio does.
#[must_use]
pub fn sortino(returns: &[f64], convention: &Convention) -> Option<f64> {
    let excess = excess(returns, convention);
    deviation(&excess)?;
    // f64::min would turn a missing return into 0.
    let squares: Vec<f64> =
        excess.iter().map(|value| if value.is_nan() { f64::NAN } else { value.min(0.0).powi(2) }).collect();
    Some(ratio(mean(&excess)?, mean(&squares)?.sqrt())? * convention.days_per_year.sqrt()).and_then(finite)
}

fn excess(returns: &[f64], convention: &Convention) -> Vec<f64> {
    let risk_free = convention.daily_risk_free();
    returns.iter().map(|value| value - risk_free).collect()
}

/// Returns annual return / |maximum drawdown|; not defined without a drawdown.
#[must_use]
pub fn calmar(returns: &[f64], convention: &Convention) -> Option<f64> {
    ratio(annual_return(returns, convention)?, drawdown(returns)?.0.abs())
}

/// Returns the deepest fall min(W / max(1, W so far) - 1), zero or negative, where W is the wealth
/// from an initial capital of 1, and the longest run of days on which W is below its peak so far.
#[must_use]
pub fn drawdown(returns: &[f64]) -> Option<(f64, usize)> {
    if returns.is_empty() {
        return None;
    }
    let (mut wealth, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    let (mut run, mut longest) = (0, 0);
    for value in returns.iter().map(|value| if value.is_nan() { 0.0 } else { *value }) {
        wealth *= 1.0 + value;
        peak = peak.max(wealth);
        deepest = deepest.min(wealth / peak - 1.0);
        run = if wealth < peak { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    finite(deepest).map(|depth| (depth, longest))
}

/// The measures of returns against those of a benchmark.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Benchmarked {
    /// (1 + mean((r - rf) - beta (b - rf)))^N - 1.
    pub alpha: Option<f64>,
    /// cov(r, b) / var(b), both with divisor n - 1.
    pub beta: Option<f64>,
    /// mean(r - b) / std(r - b, ddof 1) x sqrt(N).
    pub information_ratio: Option<f64>,
}

/// Returns the measures against a benchmark, over the days on which both have a return. The two
/// series run day by day in step; a longer one is cut.
#[must_use]
pub fn benchmarked(returns: &[f64], benchmark: &[f64], convention: &Convention) -> Benchmarked {
    let pairs = returns.iter().zip(benchmark).filter(|(own, other)| own.is_finite() && other.is_finite());
    let (own, other): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let beta = slope(&own, &other);
    let active: Vec<f64> = own.iter().zip(&other).map(|(own, other)| own - other).collect();
    let information_ratio = mean(&active)
        .zip(deviation(&active))
        .and_then(|(mean, deviation)| ratio(mean, deviation))
        .map(|daily| daily * convention.days_per_year.sqrt());
    Benchmarked { alpha: beta.and_then(|beta| alpha(&own, &other, beta, convention)), beta, information_ratio }
}

fn slope(own: &[f64], other: &[f64]) -> Option<f64> {
    if deviation(other)? == 0.0 {
        return None;
    }
    let (own_mean, other_mean) = (mean(own)?, mean(other)?);
    let products = own.iter().zip(other).map(|(own, other)| (own - own_mean) * (other - other_mean)).sum();
    ratio(products, other.iter().map(|other| (other - other_mean).powi(2)).sum())
}

fn alpha(own: &[f64], other: &[f64], beta: f64, convention: &Convention) -> Option<f64> {
    let risk_free = convention.daily_risk_free();
    let residuals: Vec<f64> =
        own.iter().zip(other).map(|(own, other)| (own - risk_free) - beta * (other - risk_free)).collect();
    finite((1.0 + mean(&residuals)?).powf(convention.days_per_year) - 1.0)
}

#[cfg(test)]
#[path = "returns_tests.rs"]
mod tests;
