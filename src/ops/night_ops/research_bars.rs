//! The daily bars that research sees, for commands beside NightOps.

use jiff::civil::Date;

use super::{Night, NightOpsOptions};
use crate::{
    exit::AnyFailure,
    market::{DailyBar, SecurityHistory},
    ops::station::Station,
};

/// Returns the stored daily bars up to a trading date as NightOps hands them to research: repaired, without the days
/// that it leaves out, and with what is known of their securities. Where no date is asked for it is the newest completed session that they reach.
///
/// # Errors
/// When the date is no session that has ended, or the stores or their bars are not sound.
pub fn research_bars(
    station: &Station,
    as_of: Option<Date>,
    component: &'static str,
) -> Result<(Vec<DailyBar>, SecurityHistory), AnyFailure> {
    let options = NightOpsOptions { as_of, ..NightOpsOptions::default() };
    let mut night = Night::begin(station, &options, component);
    night.settle_as_of()?;
    if night.raw_bars()?.is_empty() {
        return Ok((Vec::new(), SecurityHistory::default()));
    }
    let (bars, plan) = (night.repaired_bars()?, night.repair_plan()?);
    let excluded = plan.excluded_days();
    let kept = bars.iter().filter(|bar| !excluded.contains(&(bar.date, bar.symbol))).cloned().collect();
    Ok((kept, (*night.history()?).clone()))
}
