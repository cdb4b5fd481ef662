//! Which pages to ask for: what is wanted, less what is in, cut to what the site gives at once. Pure.

use jiff::civil::Date;

use crate::{
    market::{Calendar, CalendarError, Symbol},
    source::web::{Adjustment, DataKind, Request, Site},
    store::Coverage,
};

/// What is wanted of one source.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The site.
    pub site: Site,
    /// The kind of rows.
    pub kind: DataKind,
    /// The symbols.
    pub symbols: &'a [Symbol],
    /// The first date.
    pub first: Date,
    /// The last date; its session must be over.
    pub last: Date,
}

/// Returns the requests that bring what is wanted and not in, by symbol, then date. Dates without a session are
/// not asked for.
///
/// # Errors
/// When a date lies outside the calendar.
pub fn requests(wish: &Wish<'_>, coverage: &Coverage) -> Result<Vec<Request>, CalendarError> {
    let calendar = Calendar::builtin();
    let mut requests = Vec::new();
    for symbol in wish.symbols {
        let covered = coverage.get(&symbol.to_string()).map_or(&[] as &[_], Vec::as_slice);
        for (first, last) in missing(wish.first, wish.last, covered) {
            let sessions = calendar.sessions(first..=last)?;
            let most = wish.site.sessions_max().unwrap_or(usize::MAX).max(1);
            for (part, chunk) in sessions.chunks(most).enumerate() {
                // From the first day that is missing, not its first session: spans that are in then touch.
                let from = if part == 0 { first } else { chunk.first().copied().unwrap_or(first) };
                let is_last = (part + 1) * most >= sessions.len();
                let to = if is_last { last } else { chunk.last().copied().unwrap_or(last) };
                requests.push(Request {
                    kind: wish.kind,
                    symbols: vec![*symbol],
                    first: from,
                    last: to,
                    adjustment: Adjustment::Raw,
                });
            }
        }
    }
    Ok(requests)
}

/// Returns the spans of `first..=last` that no covered span holds; the covered ones are in order.
fn missing(first: Date, last: Date, covered: &[(Date, Date)]) -> Vec<(Date, Date)> {
    let mut spans = Vec::new();
    let mut from = Some(first);
    for (begin, end) in covered {
        let Some(start) = from.filter(|start| *start <= last) else { break };
        if *begin > start
            && let Ok(before) = begin.yesterday()
        {
            spans.push((start, before.min(last)));
        }
        if *end >= start {
            from = end.tomorrow().ok();
        }
    }
    if let Some(start) = from.filter(|start| *start <= last) {
        spans.push((start, last));
    }
    spans.retain(|(from, to)| from <= to);
    spans
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{Wish, missing, requests};
    use crate::{
        source::web::{DataKind, Site},
        store::Coverage,
    };

    fn day(day: i8) -> Date {
        date(2025, 1, day)
    }

    #[test]
    fn what_is_in_is_not_missing() {
        type Days = &'static [(i8, i8)];
        let cases: [(Days, Days); 7] = [
            (&[], &[(2, 20)]),
            (&[(1, 31)], &[]),
            (&[(2, 20)], &[]),
            (&[(1, 5)], &[(6, 20)]),
            (&[(15, 31)], &[(2, 14)]),
            (&[(5, 6), (10, 12)], &[(2, 4), (7, 9), (13, 20)]),
            (&[(21, 25)], &[(2, 20)]),
        ];
        let spans = |pairs: &[(i8, i8)]| pairs.iter().map(|(a, b)| (day(*a), day(*b))).collect::<Vec<_>>();
        for (covered, expected) in cases {
            assert_eq!(missing(day(2), day(20), &spans(covered)), spans(expected), "{covered:?}");
        }
    }

    #[test]
    fn pages_are_cut_to_what_the_site_gives_and_leave_no_day_out() {
        let symbols = ["600000.SH".parse().expect("a symbol")];
        let (first, last) = (date(2020, 1, 1), date(2025, 1, 5));
        let wish = |site| Wish { site, kind: DataKind::Daily, symbols: &symbols, first, last };
        assert_eq!(requests(&wish(Site::Eastmoney), &Coverage::new()).expect("planned").len(), 1);
        let cut = requests(&wish(Site::Tencent), &Coverage::new()).expect("planned");
        assert_eq!(cut.len(), 2, "{cut:?}");
        assert_eq!((cut[0].first, cut[1].last), (first, last));
        let calendar = crate::market::Calendar::builtin();
        let sessions = |from, to| calendar.sessions(from..=to).expect("known").len();
        let asked: usize = cut.iter().map(|page| sessions(page.first, page.last)).sum();
        assert_eq!(asked, sessions(first, last));
        assert!(cut.iter().all(|page| sessions(page.first, page.last) <= 640));
        let weekend = Wish { first: day(4), last: day(5), ..wish(Site::Eastmoney) };
        assert!(requests(&weekend, &Coverage::new()).expect("planned").is_empty());
    }
}
