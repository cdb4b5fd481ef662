//! How a quote site is to break, as text: one line an order, for a site that runs in a process of its own.

use std::{str::FromStr, time::Duration};

use super::{Disturbance, Upstream};

/// What a site is told to do until it is told otherwise.
///
/// Each line is `closed`, or `TIMES PART HOW [VALUE]`: how many requests (`*` is all), the text that their path and
/// query hold (`*` is any), and one of `fine`, `status N`, `agent TEXT`, `too-many [AFTER]`, `half`, `drip MILLISECONDS`,
/// `login`, `redirect URL`, `bomb MEBIBYTES`, `twice`, `adjusted`, `body TEXT`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Orders {
    is_closed: bool,
    rules: Vec<(Option<u32>, String, Disturbance)>,
}

impl FromStr for Orders {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut orders = Self::default();
        for (number, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}: '{line}'", number + 1);
            match line.trim() {
                "" => {}
                "closed" => orders.is_closed = true,
                line => orders.rules.push(rule(line).ok_or_else(|| wrong("not TIMES PART HOW [VALUE]"))?),
            }
        }
        Ok(orders)
    }
}

fn rule(line: &str) -> Option<(Option<u32>, String, Disturbance)> {
    let (times, rest) = line.split_once(' ')?;
    let times = if times == "*" { None } else { Some(times.parse().ok()?) };
    let (part, rest) = rest.trim_start().split_once(' ')?;
    let part = if part == "*" { "" } else { part };
    let (how, value) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let how = match (how, value) {
        ("status", status) => Disturbance::Status(status.parse().ok()?),
        ("agent", text) if !text.is_empty() => Disturbance::ForbidUserAgent(text.into()),
        ("too-many", "") => Disturbance::TooMany(None),
        ("too-many", after) => Disturbance::TooMany(Some(after.into())),
        ("fine", "") => Disturbance::Undisturbed,
        ("half", "") => Disturbance::HalfThenReset,
        ("drip", milliseconds) => Disturbance::Drip(Duration::from_millis(milliseconds.parse().ok()?)),
        ("login", "") => Disturbance::LoginPage,
        ("redirect", to) if !to.is_empty() => Disturbance::Redirect(to.into()),
        ("bomb", mebibytes) => Disturbance::GzipBomb(mebibytes.parse().ok()?),
        ("twice", "") => Disturbance::DuplicateAndDisordered,
        ("adjusted", "") => Disturbance::SubtractiveAdjustment,
        ("body", text) => Disturbance::Body(text.into()),
        _ => return None,
    };
    Some((times, part.to_owned(), how))
}

impl Upstream {
    /// Breaks as ordered from now on, and in no other way.
    ///
    /// # Errors
    /// When the port cannot be opened again.
    pub fn obey(&self, orders: &Orders) -> std::io::Result<()> {
        self.calm();
        for (times, part, how) in &orders.rules {
            self.disturb(part, *times, how.clone());
        }
        if orders.is_closed {
            self.close_port();
            return Ok(());
        }
        self.open_port()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Disturbance, Orders};

    #[test]
    fn every_order_is_understood_and_nothing_else() {
        let orders: Orders =
            "closed\n2 kline status 503\n* * drip 20\n\n1 600000 body {\"rc\": 1}\n".parse().expect("orders");
        assert!(orders.is_closed);
        let expected = [
            (Some(2), "kline".to_owned(), Disturbance::Status(503)),
            (None, String::new(), Disturbance::Drip(Duration::from_millis(20))),
            (Some(1), "600000".to_owned(), Disturbance::Body("{\"rc\": 1}".into())),
        ];
        assert_eq!(orders.rules, expected);
        for wrong in ["kline", "x kline half", "* kline status", "* kline fly", "* kline half 3", "-1 * login"] {
            let error = wrong.parse::<Orders>().expect_err(wrong);
            assert!(error.starts_with("line 1: "), "{error}");
        }
    }
}
