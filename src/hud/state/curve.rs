//! The curve of an experiment's worth, from its `equity.csv`: a backtest's has a line a session, a
//! simulation's one an account and step.

use std::{fs, io, path::Path};

use serde::Serialize;

/// More points than a page has pixels show nothing.
const POINTS_MAX: usize = 400;
/// A larger file is none of ours, bytes.
const BYTES_MAX: u64 = 64 << 20;

/// A point of a curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The date or the instant, as the file has it.
    pub at: String,
    /// The net asset value, CNY.
    pub nav: f64,
}

/// Reads a curve; of a file with several accounts the first one's.
pub(super) fn read(path: &Path) -> io::Result<Vec<Point>> {
    if fs::metadata(path)?.len() > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a curve"));
    }
    parse(&fs::read_to_string(path)?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no columns `nav` and `date` or `at`"))
}

fn parse(text: &str) -> Option<Vec<Point>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next()?.split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (at, nav, account) = (column("date").or_else(|| column("at"))?, column("nav")?, column("account"));
    let mut first_account: Option<String> = None;
    let mut points = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if let Some(account) = account.and_then(|column| cells.get(column))
            && *first_account.get_or_insert_with(|| (*account).to_owned()) != **account
        {
            continue;
        }
        // A line that is being written ends early; the next look sees it whole.
        if let (Some(at), Some(Ok(nav))) = (cells.get(at), cells.get(nav).map(|nav| nav.parse::<f64>())) {
            points.push(Point { at: (*at).to_owned(), nav });
        }
    }
    Some(thinned(points))
}

/// Keeps at most `POINTS_MAX` points, the first and the last among them.
pub(super) fn thinned(points: Vec<Point>) -> Vec<Point> {
    let stride = points.len().div_ceil(POINTS_MAX).max(1);
    let last = points.len().saturating_sub(1);
    let kept = |(at, _): &(usize, Point)| at % stride == 0 || *at == last;
    points.into_iter().enumerate().filter(kept).map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn both_forms_are_read_and_a_torn_line_is_left_out() {
        let backtest = parse("date,nav,cash\n2025-01-02,100.5,1\n2025-01-03,99,1\n2025-01-06,").expect("columns");
        assert_eq!(backtest.iter().map(|point| point.nav).collect::<Vec<_>>(), [100.5, 99.0]);
        let replay = parse("at,account,nav\n09:31,a,1\n09:31,b,7\n09:32,a,2\n").expect("columns");
        assert_eq!(replay.iter().map(|point| point.nav).collect::<Vec<_>>(), [1.0, 2.0]);
        assert!(parse("a,b\n1,2\n").is_none());
        assert!(parse("").is_none());
    }

    #[test]
    fn a_long_curve_keeps_its_ends() {
        let text: String = (0..10_000).map(|number| format!("d{number},{number}\n")).collect::<Vec<_>>().concat();
        let points = parse(&format!("date,nav\n{text}")).expect("columns");
        assert!(points.len() <= 402);
        assert_eq!((points[0].nav, points.last().map(|point| point.nav)), (0.0, Some(9_999.0)));
    }
}
