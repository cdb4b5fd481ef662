//! How a quote site breaks, and when: plans that are used up request by request.

use std::time::Duration;

/// One way to answer badly.
#[derive(Debug, Clone, PartialEq)]
pub enum Disturbance {
    /// A status without a body: 403, 500, 503.
    Status(u16),
    /// 403 to every user agent that contains this text; others are answered.
    ForbidUserAgent(String),
    /// 429, with `Retry-After` where it is given: seconds or an HTTP date.
    TooMany(Option<String>),
    /// Half of the body, then a reset.
    HalfThenReset,
    /// One byte of the body each time this passes.
    Drip(Duration),
    /// A login page with status 200.
    LoginPage,
    /// None: the answer is as it should be, before a plan that comes later.
    Undisturbed,
    /// This text as JSON with status 200.
    Body(String),
    /// A redirect to this address.
    Redirect(String),
    /// A small body that unfolds into so many mebibytes.
    GzipBomb(u32),
    /// Every third row of a list twice, and the second half before the first.
    DuplicateAndDisordered,
    /// The rows' prices less 0.23 CNY, as subtractive adjustment does, where raw ones were asked for.
    SubtractiveAdjustment,
}

/// What is planned for the requests to come.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    part: String,
    times: Option<u32>,
    disturbance: Disturbance,
}

impl Plan {
    pub(super) fn add(&mut self, part: &str, times: Option<u32>, disturbance: Disturbance) {
        self.0.push(Rule { part: part.to_owned(), times, disturbance });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the disturbance of a request, and uses it up.
    pub(super) fn next(&mut self, target: &str, user_agent: &str) -> Option<Disturbance> {
        let applies = |rule: &&mut Rule| match &rule.disturbance {
            Disturbance::ForbidUserAgent(text) => user_agent.contains(text.as_str()),
            _ => true,
        };
        let fits = |rule: &&mut Rule| rule.times != Some(0) && target.contains(&rule.part);
        let rule = self.0.iter_mut().filter(fits).find(applies)?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.disturbance.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Disturbance, Plan};

    #[test]
    fn plans_are_used_up_in_order_and_by_path() {
        let mut plan = Plan::default();
        plan.add("/a", Some(2), Disturbance::Status(503));
        plan.add("", None, Disturbance::ForbidUserAgent("bad".into()));
        let mut next = |target, agent| plan.next(target, agent);
        assert_eq!(next("/a", "good"), Some(Disturbance::Status(503)));
        assert_eq!(next("/b", "good"), None);
        assert_eq!(next("/a", "bad"), Some(Disturbance::Status(503)));
        assert_eq!(next("/a", "good"), None);
        assert_eq!(next("/a", "so bad"), Some(Disturbance::ForbidUserAgent("bad".into())));
    }
}
