//! Measures by calendar period: years of returns, months of coefficients. A year's figures come from
//! the year's own days; averages of figures that were annualised elsewhere are never made.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Convention, drawdown, measure, moments::mean, sharpe, total_return};

/// The figures of one calendar year of daily returns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct YearReturns {
    /// The year.
    pub year: i16,
    /// Days of the year that are in the series.
    pub days: usize,
    /// prod(1 + r) - 1 over those days; not annualised, so that a part of a year reads as what it is.
    pub total: Option<f64>,
    /// std(r, ddof 1) x sqrt(N).
    pub volatility: Option<f64>,
    /// mean(r - rf) / std(r - rf, ddof 1) x sqrt(N).
    pub sharpe: Option<f64>,
    /// Deepest fall within the year, from the capital at its start on; zero or negative.
    pub max_drawdown: Option<f64>,
    /// Days with a gain over days with a gain or a loss.
    pub win_rate: Option<f64>,
}

/// Returns the figures of each calendar year, ascending. `dates` and `returns` run in step; a longer
/// one is cut. The years' totals compound to the total of the series.
#[must_use]
pub fn yearly(dates: &[Date], returns: &[f64], convention: &Convention) -> Vec<YearReturns> {
    let mut years: BTreeMap<i16, Vec<f64>> = BTreeMap::new();
    for (date, value) in dates.iter().zip(returns) {
        years.entry(date.year()).or_default().push(*value);
    }
    let of_year = |(year, returns): (&i16, &Vec<f64>)| {
        let all = measure(returns, convention);
        YearReturns {
            year: *year,
            days: returns.len(),
            total: total_return(returns),
            volatility: all.volatility,
            sharpe: sharpe(returns, convention),
            max_drawdown: drawdown(returns).map(|(depth, _)| depth),
            win_rate: all.win_rate,
        }
    };
    years.iter().map(of_year).collect()
}

/// The return of one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MonthReturn {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// Days of the month that are in the series.
    pub days: usize,
    /// prod(1 + r) - 1 over those days.
    pub total: Option<f64>,
}

/// Returns the return of each calendar month, ascending. `dates` and `returns` run in step; a longer one
/// is cut. The months' totals compound to the total of the series.
#[must_use]
pub fn monthly(dates: &[Date], returns: &[f64]) -> Vec<MonthReturn> {
    let mut months: BTreeMap<(i16, i8), Vec<f64>> = BTreeMap::new();
    for (date, value) in dates.iter().zip(returns) {
        months.entry((date.year(), date.month())).or_default().push(*value);
    }
    let of_month = |((year, month), returns): (&(i16, i8), &Vec<f64>)| MonthReturn {
        year: *year,
        month: *month,
        days: returns.len(),
        total: total_return(returns),
    };
    months.iter().map(of_month).collect()
}

/// The mean of a daily figure over one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MonthMean {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// Days on which the figure is defined.
    pub days: usize,
    /// Their mean; none where there is no such day.
    pub mean: Option<f64>,
}

/// Returns the mean of a daily figure, such as the IC, by calendar month, ascending. A month in which
/// the figure is never defined is there with no mean.
#[must_use]
pub fn monthly_mean(dates: &[Date], values: &[Option<f64>]) -> Vec<MonthMean> {
    let mut months: BTreeMap<(i16, i8), Vec<f64>> = BTreeMap::new();
    for (date, value) in dates.iter().zip(values) {
        months.entry((date.year(), date.month())).or_default().extend(*value);
    }
    let of_month = |((year, month), values): (&(i16, i8), &Vec<f64>)| MonthMean {
        year: *year,
        month: *month,
        days: values.len(),
        mean: mean(values),
    };
    months.iter().map(of_month).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Convention, monthly, monthly_mean, yearly};
    use crate::metric::{sharpe, total_return};

    #[test]
    fn years_compound_to_the_whole() {
        let dates = [date(2019, 12, 30), date(2019, 12, 31), date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6)];
        let returns = [-0.2, 0.1, -0.1, 0.05, 0.2];
        let years = yearly(&dates, &returns, &Convention::default());
        let whole = years.iter().fold(1.0, |wealth, year| wealth * (1.0 + year.total.expect("a total"))) - 1.0;
        assert!((whole - total_return(&returns).expect("a total")).abs() < 1e-15);
        assert_eq!(years.iter().map(|year| (year.year, year.days)).collect::<Vec<_>>(), [(2019, 2), (2020, 3)]);
        // The first day of each year counts in its drawdown, and days of another year never do.
        let falls: Vec<f64> = years.iter().map(|year| year.max_drawdown.expect("a fall")).collect();
        assert!((falls[0] + 0.2).abs() < 1e-15 && (falls[1] + 0.1).abs() < 1e-15, "{falls:?}");
        assert_eq!(years[1].sharpe, sharpe(&returns[2..], &Convention::default()));
    }

    #[test]
    fn year_s_figures_are_of_its_days_not_means_of_annualised_parts() {
        // Nine days of +1 % annualise to more than 1,000 %; the year's return is what was earned.
        let dates: Vec<_> = (1..10).map(|day| date(2024, 1, day)).collect();
        let year = yearly(&dates, &[0.01; 9], &Convention::default())[0];
        assert!((year.total.expect("a total") - (1.01_f64.powi(9) - 1.0)).abs() < 1e-12);
        assert_eq!(year.sharpe, None, "no spread, no Sharpe ratio");
    }

    #[test]
    fn months_compound_to_the_whole_and_to_their_years() {
        let dates = [date(2019, 12, 30), date(2019, 12, 31), date(2020, 1, 2), date(2020, 3, 3), date(2020, 3, 6)];
        let returns = [-0.2, 0.1, f64::NAN, 0.05, 0.2];
        let months = monthly(&dates, &returns);
        let shown: Vec<_> = months.iter().map(|month| (month.year, month.month, month.days)).collect();
        assert_eq!(shown, [(2019, 12, 2), (2020, 1, 1), (2020, 3, 2)], "a month without a day is not there");
        let growth = |year: i16| {
            let own = months.iter().filter(|month| month.year == year);
            own.fold(1.0, |wealth, month| wealth * (1.0 + month.total.expect("a total"))) - 1.0
        };
        for year in yearly(&dates, &returns, &Convention::default()) {
            assert!((growth(year.year) - year.total.expect("a total")).abs() < 1e-15, "{}", year.year);
        }
        assert_eq!(months[1].total, Some(0.0), "a missing return earned nothing");
    }

    #[test]
    fn months_leave_out_days_without_a_figure() {
        let dates = [date(2020, 1, 2), date(2020, 1, 3), date(2020, 2, 3), date(2021, 1, 4)];
        let months = monthly_mean(&dates, &[Some(0.1), Some(0.3), None, Some(-0.1)]);
        let shown: Vec<_> = months.iter().map(|month| (month.year, month.month, month.days, month.mean)).collect();
        assert_eq!(shown, [(2020, 1, 2, Some(0.2)), (2020, 2, 0, None), (2021, 1, 1, Some(-0.1))]);
    }
}
