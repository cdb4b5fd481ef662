//! What the order of a score earned: returns by quantile, the long-short spread, and how much of the
//! top group changes from day to day.
//!
//! Panels are S x D numbers, symbol after symbol, as in `prediction`. A pair counts when both numbers
//! are finite.

use super::{
    cross_section,
    moments::{finite, mean, ratio},
};

/// What the extremes of one day's scores earned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DaySpread {
    /// (mean label of the best trunc(share x n) - mean label of the worst as many) / 2, as in
    /// `calc_long_short_return` of Qlib 0.9.7; not defined where that number is 0.
    pub long_short: Option<f64>,
    /// Mean label of all n pairs: what holding everything earned.
    pub long_mean: Option<f64>,
}

/// Returns the spread of one day, with `share` of the pairs at each end, such as 0.2. Among equal
/// scores the one that comes first is taken, at both ends.
#[must_use]
pub fn day_spread(scores: &[f64], labels: &[f64], share: f64) -> DaySpread {
    let pairs = pairs(scores, labels);
    let count = (share * pairs.len() as f64) as usize;
    let mut ordered = pairs.clone();
    ordered.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let worst = mean_label(ordered.get(..count).unwrap_or_default());
    // A stable sort of its own, so that ties go by order of appearance at this end too.
    ordered.clone_from(&pairs);
    ordered.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let best = mean_label(ordered.get(..count).unwrap_or_default());
    let long_short = best.zip(worst).and_then(|(best, worst)| finite((best - worst) / 2.0));
    DaySpread { long_short, long_mean: mean_label(&pairs) }
}

/// Returns each day's mean label of each group, one series of `days` a group: the pairs of a day, ordered
/// by score, are cut into `groups` of as equal size as possible, lowest scores first. A day with fewer
/// pairs than groups has none; ties go by order of appearance.
#[must_use]
pub fn quantile_days(scores: &[f64], labels: &[f64], days: usize, groups: usize) -> Vec<Vec<Option<f64>>> {
    let mut of_groups: Vec<Vec<Option<f64>>> = vec![Vec::with_capacity(days); groups];
    for day in 0..days {
        let mut pairs = pairs(&of_day(scores, day, days), &of_day(labels, day, days));
        pairs.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let enough = pairs.len() >= groups;
        for (group, means) in of_groups.iter_mut().enumerate() {
            let (start, end) = (group * pairs.len() / groups, (group + 1) * pairs.len() / groups);
            means.push(mean_label(pairs.get(start..end).unwrap_or_default()).filter(|_| enough));
        }
    }
    of_groups
}

/// Returns the mean over days of each group's mean label; the groups are those of [`quantile_days`].
#[must_use]
pub fn quantile_returns(scores: &[f64], labels: &[f64], days: usize, groups: usize) -> Vec<Option<f64>> {
    quantile_means(&quantile_days(scores, labels, days, groups))
}

/// Returns the mean of each group's days, as [`quantile_days`] gives them; days without one do not count.
#[must_use]
pub fn quantile_means(of_groups: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let of_group = |days: &Vec<Option<f64>>| mean(&days.iter().flatten().copied().collect::<Vec<f64>>());
    of_groups.iter().map(of_group).collect()
}

/// Returns how steadily the quantiles rise: the Spearman correlation of their number and their mean, 1
/// where each earned more than the one below. Not defined where a mean is missing or all are equal.
#[must_use]
pub fn monotonicity(means: &[Option<f64>]) -> Option<f64> {
    let means: Vec<f64> = means.iter().copied().collect::<Option<_>>()?;
    let numbers: Vec<f64> = (0..means.len()).map(|number| number as f64).collect();
    cross_section(&numbers, &means).rank_ic
}

/// Returns the mean over days of the share of the top group that was not in it on the last day that
/// had one; the group is the best trunc(share x n) by score. Not defined before the second such day.
#[must_use]
pub fn top_turnover(scores: &[f64], days: usize, share: f64) -> Option<f64> {
    let mut before: Vec<usize> = Vec::new();
    let mut changes = Vec::new();
    for day in 0..days {
        let of_day = of_day(scores, day, days);
        let mut names: Vec<(usize, f64)> =
            of_day.into_iter().enumerate().filter(|(_, score)| score.is_finite()).collect();
        names.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        names.truncate((share * names.len() as f64) as usize);
        let mut top: Vec<usize> = names.into_iter().map(|(name, _)| name).collect();
        top.sort_unstable();
        if top.is_empty() {
            continue;
        }
        if !before.is_empty() {
            let new = top.iter().filter(|name| before.binary_search(name).is_err()).count();
            changes.extend(ratio(new as f64, top.len() as f64));
        }
        before = top;
    }
    mean(&changes)
}

fn of_day(panel: &[f64], day: usize, days: usize) -> Vec<f64> {
    panel.iter().skip(day).step_by(days.max(1)).copied().collect()
}

/// Returns the pairs that count; -0 and 0 are made the same score.
fn pairs(scores: &[f64], labels: &[f64]) -> Vec<(f64, f64)> {
    let both = scores.iter().zip(labels).filter(|(score, label)| score.is_finite() && label.is_finite());
    both.map(|(score, label)| (score + 0.0, *label)).collect()
}

fn mean_label(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(&pairs.iter().map(|(_, label)| *label).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::{DaySpread, day_spread, monotonicity, quantile_days, quantile_means, quantile_returns, top_turnover};

    #[test]
    fn spread_takes_the_extremes_and_leaves_out_what_is_missing() {
        let scores = [5.0, 1.0, 3.0, f64::NAN, 4.0, 2.0];
        let labels = [0.5, 0.1, 0.3, 9.0, 0.4, 0.2];
        let day = day_spread(&scores, &labels, 0.2);
        assert!((day.long_short.expect("defined") - 0.2).abs() < 1e-15, "{day:?}");
        assert!((day.long_mean.expect("defined") - 0.3).abs() < 1e-15, "{day:?}");
        assert_eq!(day_spread(&scores[..4], &labels[..4], 0.2).long_short, None, "a fifth of three is none");
        assert_eq!(day_spread(&[], &[], 0.2), DaySpread::default());
    }

    #[test]
    fn ties_go_by_order_of_appearance_at_both_ends() {
        let day = day_spread(&[1.0, 1.0, -0.0, 0.0], &[0.1, 0.2, 0.3, 0.4], 0.25);
        assert!((day.long_short.expect("defined") + 0.1).abs() < 1e-15, "best 0.1, worst 0.3: {day:?}");
    }

    #[test]
    fn quantiles_are_means_of_days() {
        // Four symbols, two days; on the second the order of labels is the reverse of the scores'.
        let scores = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
        let labels = [0.1, 0.4, 0.2, 0.3, 0.3, 0.2, 0.5, 0.1];
        let returns = quantile_returns(&scores, &labels, 2, 2);
        let expected = [f64::midpoint(0.15, 0.35), f64::midpoint(0.4, 0.15)];
        assert!(returns.iter().zip(expected).all(|(own, expected)| (own.expect("one") - expected).abs() < 1e-15));
        assert_eq!(quantile_returns(&scores, &labels, 2, 5), [None; 5], "fewer pairs than groups");
    }

    #[test]
    fn quantile_days_keep_their_place_and_are_missing_where_pairs_are_few() {
        // Two symbols; on the second day one has no score.
        let days = quantile_days(&[2.0, f64::NAN, 1.0, 1.0], &[0.2, 0.5, 0.1, 0.4], 2, 2);
        assert_eq!(days, [[Some(0.1), None], [Some(0.2), None]]);
        assert_eq!(quantile_means(&days), [Some(0.1), Some(0.2)]);
    }

    #[test]
    fn monotonicity_is_one_only_where_every_quantile_earned_more() {
        assert_eq!(monotonicity(&[-0.1, 0.0, 0.1, 0.2, 0.9].map(Some)), Some(1.0));
        assert_eq!(monotonicity(&[0.9, 0.2, 0.1].map(Some)), Some(-1.0));
        let mixed = monotonicity(&[0.1, 0.3, 0.2].map(Some)).expect("defined");
        assert!((mixed - 0.5).abs() < 1e-12, "{mixed}");
        assert_eq!(monotonicity(&[Some(0.1), None, Some(0.2)]), None);
        assert_eq!(monotonicity(&[Some(0.1), Some(0.1)]), None, "all equal");
    }

    #[test]
    fn turnover_of_the_top_counts_newcomers() {
        // Four symbols, three days; the top two are {0, 1}, {0, 2}, {0, 2}.
        let scores = [4.0, 4.0, 4.0, 3.0, 1.0, 1.0, 2.0, 3.0, 3.0, 1.0, 2.0, 0.0];
        assert_eq!(top_turnover(&scores, 3, 0.5), Some(0.25));
        assert_eq!(top_turnover(&[1.0, 2.0], 1, 1.0), None, "one day");
        assert_eq!(top_turnover(&scores, 3, 0.1), None, "a tenth of four is none");
    }
}
