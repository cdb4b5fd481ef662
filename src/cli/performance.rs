//! `lighthunter performance`: the metrics of any series of daily returns.

use std::path::PathBuf;

use clap::Args;

use super::session::Session;
use crate::{
    exit::{AnyFailure, Exit},
    metric::Convention,
    research::performance::{read_returns, series_metrics},
};

/// Measure series of daily returns from a file; needs no workspace
#[derive(Debug, Args)]
pub(super) struct PerformanceArgs {
    /// A CSV file, plain or gzip, with the columns series, i (the day's number) and ret
    #[arg(value_name = "RETURNS.csv")]
    returns: PathBuf,
    /// Trading days a year, to annualise with
    #[arg(long, value_name = "N", default_value_t = 244, value_parser = clap::value_parser!(u32).range(1..=366))]
    days_per_year: u32,
    /// The risk-free rate a year, such as 0.02
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate, allow_negative_numbers = true)]
    risk_free: f64,
    /// The series to measure the others against
    #[arg(long, value_name = "SERIES")]
    benchmark: Option<String>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: Option<f64> = text.parse().ok().filter(|rate: &f64| rate.abs() < 1.0);
    rate.ok_or_else(|| "expected a number above -1 and below 1".into())
}

pub(super) fn run(session: &Session, args: &PerformanceArgs) -> Result<Exit, AnyFailure> {
    let convention = Convention { days_per_year: f64::from(args.days_per_year), risk_free: args.risk_free };
    let series = read_returns(&args.returns)?;
    let measured = series_metrics(&series, args.benchmark.as_deref(), &convention)?;
    let console = session.console;
    for (name, metrics) in &measured {
        console.line(format!("{name}: {} days", series.get(name).map_or(0, |of| of.returns.len())));
        for (metric, value) in metrics {
            let shown = value.map_or_else(|| "not defined".to_owned(), |value| value.to_string());
            console.line(format!("  {metric:<16} {shown}"));
        }
    }
    console.document(&measured);
    Ok(Exit::Done)
}
