//! Each way in which a site breaks, by the engine against a real server on this machine: the right class, no
//! more requests than the rate allows, and a breaker that opens and lets trials pass.

use std::time::Duration;

use super::{BreakerState, Engine, EngineOptions, Fault, NetError, Request, Response, SitePolicy, UserAgentTurn};
use crate::{
    clock::{Clock, pause},
    drill::upstream::{Disturbance, Upstream},
    exit::{Exit, Failure},
    market::{DailyBar, MarketData},
    seed::Seed,
};

const SITE: &str = "site";
const KLINE: &str = "/api/qt/stock/kline/get";

/// A server with 120 sessions of one symbol: a body of some kilobytes, sent compressed.
fn upstream() -> Upstream {
    let first = jiff::civil::date(2025, 1, 1);
    let day = |number: i32| DailyBar {
        date: first + jiff::Span::new().days(number),
        symbol: "600519.SH".parse().expect("a symbol"),
        open: 10.0,
        high: 11.0,
        low: 9.5,
        close: 10.5 + f64::from(number) / 100.0,
        volume: Some(10_000),
        amount: Some(100_000.0),
        preclose: Some(10.0),
        adj_factor: 1.0,
        suspended: false,
        source: "test".into(),
    };
    Upstream::start(MarketData { daily: (0..120).map(day).collect(), ..MarketData::default() }).expect("a port")
}

/// A quick policy: hundreds of requests a second, waits of milliseconds.
fn policy(upstream: &Upstream) -> SitePolicy {
    let mut policy = SitePolicy { max_qps: 200.0, max_concurrent: 4, ..SitePolicy::at(upstream.base_url()) };
    policy.timeout = Duration::from_secs(2);
    policy.retry.backoff_factor = Duration::from_millis(10);
    policy.breaker.cooldown = Duration::from_secs(1);
    policy
}

fn engine(policy: SitePolicy) -> Engine {
    let options = EngineOptions { sites: [(SITE.to_owned(), policy)].into(), ..EngineOptions::default() };
    Engine::new(&options, Clock::system(), Seed(7)).expect("an engine")
}

fn request() -> Request {
    Request::new(SITE, KLINE).query("secid", "1.600519").query("klt", "101").query("fqt", "0")
}

fn lines(answer: &Response) -> usize {
    let document: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    document["data"]["klines"].as_array().expect("lines").len()
}

fn fault(result: Result<Response, NetError>) -> (Fault, u32) {
    match result {
        Err(NetError::Failed { fault, attempts, .. }) => (fault, attempts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_is_whole_and_counted() {
    let upstream = upstream();
    let engine = engine(policy(&upstream));
    let answer = engine.get(&request().referer("http://from.here/")).expect("an answer");
    assert_eq!((answer.status, answer.attempts, lines(&answer)), (200, 1, 120));
    assert_eq!(answer.content_type.as_deref(), Some("application/json; charset=utf-8"));
    let asked = &upstream.log()[0];
    assert_eq!((asked.referer.as_str(), asked.status), ("http://from.here/", 200));
    assert_eq!(asked.user_agent, concat!("LightHunter/", env!("CARGO_PKG_VERSION")));
    let counters = &engine.counters()[SITE];
    assert_eq!((counters.requests_total, counters.answers_total, counters.retries_total), (1, 1, 0));
    assert_eq!(counters.bytes_total, answer.body.len() as u64);
    assert_eq!(counters.outcomes, [("2xx".to_owned(), 1)].into());
    assert!(counters.last_answer_at.is_some_and(|at| at <= answer.received_at));
}

#[test]
fn what_may_pass_is_tried_again_until_it_passed() {
    let upstream = upstream();
    for disturbance in [
        Disturbance::Status(503),
        Disturbance::Status(500),
        Disturbance::HalfThenReset,
        Disturbance::TooMany(None),
        Disturbance::Drip(Duration::from_millis(100)),
    ] {
        upstream.disturb(KLINE, Some(1), disturbance.clone());
        let engine = engine(policy(&upstream));
        let answer = engine.get(&request()).unwrap_or_else(|error| panic!("{disturbance:?}: {error}"));
        assert_eq!((answer.attempts, lines(&answer)), (2, 120), "{disturbance:?}");
        assert_eq!(engine.counters()[SITE].retries_total, 1);
    }
}

#[test]
fn every_fault_ends_bounded_and_in_the_class_upstream() {
    let upstream = upstream();
    // The fault, its name in the counts, and the attempts that it is worth.
    let cases: [(Disturbance, &str, u32); 9] = [
        (Disturbance::Status(403), "4xx", 1),
        (Disturbance::TooMany(None), "4xx", 3),
        (Disturbance::Status(404), "4xx", 1),
        (Disturbance::Status(502), "5xx", 3),
        (Disturbance::HalfThenReset, "broken", 3),
        (Disturbance::Drip(Duration::from_millis(50)), "timeout", 3),
        (Disturbance::LoginPage, "page", 1),
        (Disturbance::GzipBomb(64), "too_large", 1),
        (Disturbance::Redirect("http://passport.example/login".into()), "3xx", 1),
    ];
    for (disturbance, name, attempts) in cases {
        upstream.calm();
        upstream.clear_log();
        upstream.disturb("", None, disturbance.clone());
        let mut policy = policy(&upstream);
        policy.retry.max_retries = 2;
        // A slow drip alone needs it short; a bomb is not quickly made on a busy machine.
        let drips = matches!(disturbance, Disturbance::Drip(_));
        policy.timeout = if drips { Duration::from_millis(300) } else { Duration::from_secs(30) };
        let engine = engine(policy);
        let error = engine.get(&request()).expect_err("disturbed");
        assert_eq!(error.exit(), Exit::Upstream, "{error}");
        assert!(error.remedy().is_some() && error.to_string().contains(&upstream.base_url()), "{error}");
        assert_eq!(upstream.log().len(), attempts as usize, "{disturbance:?}: {error}");
        let counters = &engine.counters()[SITE];
        assert_eq!(counters.outcomes, [(name.to_owned(), u64::from(attempts))].into(), "{disturbance:?}: {error}");
        assert_eq!((counters.answers_total, counters.bytes_total), (0, 0));
    }
}

#[test]
fn a_bomb_is_refused_before_it_has_unfolded() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::GzipBomb(64));
    let engine = engine(SitePolicy { max_body_bytes: 1 << 20, timeout: Duration::from_mins(1), ..policy(&upstream) });
    assert!(matches!(fault(engine.get(&request())), (Fault::TooLarge(limit), 1) if limit == 1 << 20));
}

#[test]
fn an_outage_is_refused_connections_and_ends_with_them() {
    let upstream = upstream();
    upstream.close_port();
    let engine = engine(policy(&upstream));
    let (met, attempts) = fault(engine.get(&request()));
    assert!(matches!(met, Fault::Unreachable(_)), "{met}");
    assert_eq!(attempts, 4, "one and three retries");
    upstream.open_port().expect("the same port");
    assert_eq!(lines(&engine.get(&request()).expect("up again")), 120);
}

#[test]
fn retries_of_many_callers_stay_within_the_rate() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Status(503));
    let mut policy = policy(&upstream);
    (policy.max_qps, policy.max_concurrent, policy.breaker.enabled) = (20.0, 8, false);
    let engine = engine(policy);
    let ended: Vec<bool> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| engine.get(&request()).is_err())).collect();
        callers.into_iter().map(|caller| caller.join().expect("ended")).collect()
    });
    assert_eq!(ended, [true; 8]);
    assert_eq!(upstream.log().len(), 32, "eight callers, one attempt and three retries each");
    let most = upstream.most_within(Duration::from_millis(500));
    assert!(most <= 12, "{most} requests within half a second at 20 a second");
}

#[test]
fn retry_after_holds_up_everyone_and_a_long_one_is_left_alone() {
    let upstream = upstream();
    upstream.disturb("", Some(1), Disturbance::TooMany(Some("1".into())));
    let engine = engine(policy(&upstream));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| engine.get(&request()).expect("after a second").attempts);
        while upstream.log().is_empty() {
            pause(Duration::from_millis(1));
        }
        pause(Duration::from_millis(50));
        assert_eq!(engine.get(&request()).expect("after a second too").attempts, 1);
        assert_eq!(first.join().expect("ended"), 2);
    });
    let times: Vec<f64> = upstream.log().iter().map(|asked| asked.at_seconds).collect();
    assert!(times[1] - times[0] >= 0.99 && times[2] - times[0] >= 0.99, "{times:?}");
    assert!(engine.counters()[SITE].retry_wait_seconds >= 0.9);

    upstream.disturb("", Some(1), Disturbance::TooMany(Some("3600".into())));
    let asked = upstream.log().len();
    assert!(matches!(fault(engine.get(&request())), (Fault::Banned { status: 429, retry_after_sec: Some(3600) }, 1)));
    match engine.get(&request()) {
        Err(NetError::CircuitOpen { seconds, reason, .. }) => assert!(seconds > 3590, "{seconds}: {reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(upstream.log().len(), asked + 1, "the hour is respected");
}

#[test]
fn breaker_opens_on_straight_bans_half_opens_and_closes() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Status(403));
    let mut policy = policy(&upstream);
    (policy.breaker.max_straight_bans, policy.breaker.half_open_max_calls) = (3, 2);
    let engine = engine(policy);
    let state = || engine.counters()[SITE].breaker_state;
    for _ in 0..20 {
        assert_eq!(engine.get(&request()).expect_err("banned").exit(), Exit::Upstream);
    }
    assert_eq!(upstream.log().len(), 3, "19 straight bans were sent in the original");
    let counters = &engine.counters()[SITE];
    assert_eq!((counters.bans_total, counters.breaker_refused_total, counters.breaker_opened_total), (3, 17, 1));
    assert_eq!(counters.breaker_state, BreakerState::Open);

    pause(Duration::from_millis(1050));
    assert_eq!(state(), BreakerState::HalfOpen);
    assert!(engine.get(&request()).is_err(), "a trial, banned again");
    assert_eq!((upstream.log().len(), state()), (4, BreakerState::Open));

    upstream.calm();
    pause(Duration::from_millis(1050));
    assert!(engine.get(&request()).is_ok() && state() == BreakerState::HalfOpen, "one of two trials passed");
    assert!(engine.get(&request()).is_ok() && state() == BreakerState::Closed);
    assert_eq!(engine.counters()[SITE].breaker_opened_total, 2);
}

#[test]
fn breaker_that_opens_ends_the_retries_under_way() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Status(500));
    let mut policy = policy(&upstream);
    (policy.retry.max_retries, policy.breaker.min_requests) = (10, 3);
    let (met, attempts) = fault(engine(policy).get(&request()));
    assert!(matches!(met, Fault::Status { status: 500, .. }), "the fault is told, not the breaker: {met}");
    assert_eq!((attempts, upstream.log().len()), (3, 3));
}

#[test]
fn a_callers_deadline_is_the_callers_limit() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Drip(Duration::from_millis(50)));
    let engine = engine(policy(&upstream));
    let error = engine.get(&request().deadline(Duration::from_millis(150))).expect_err("too slow");
    assert!(matches!(error, NetError::Deadline { limit_ms: 150, .. }), "{error}");
    assert_eq!(error.exit(), Exit::Limit);
}

#[test]
fn redirects_within_the_site_are_followed_and_a_ring_of_them_ends() {
    let upstream = upstream();
    let engine = engine(policy(&upstream));
    upstream.disturb("/moved", Some(1), Disturbance::Redirect(format!("{KLINE}?secid=1.600519&klt=101")));
    assert_eq!(lines(&engine.get(&Request::new(SITE, "/moved")).expect("followed")), 120);
    upstream.disturb("/ring", None, Disturbance::Redirect("/ring".into()));
    upstream.clear_log();
    assert!(matches!(fault(engine.get(&Request::new(SITE, "/ring"))), (Fault::Redirect(_), 1)));
    assert_eq!(upstream.log().len(), 4);
}

#[test]
fn user_agents_are_chosen_by_the_strategy() {
    let upstream = upstream();
    let pool: Vec<String> = (0..4).map(|number| format!("agent-{number}")).collect();
    let used = |turn| {
        upstream.clear_log();
        let sites = [(SITE.to_owned(), policy(&upstream))].into();
        let options = EngineOptions { user_agents: pool.clone(), user_agent_turn: turn, sites, ..Default::default() };
        let engine = Engine::new(&options, Clock::system(), Seed(7)).expect("an engine");
        for _ in 0..24 {
            assert!(engine.get(&request()).is_ok());
        }
        let agents: Vec<String> = upstream.log().into_iter().map(|asked| asked.user_agent).collect();
        assert!(agents.iter().all(|agent| pool.contains(agent)), "{agents:?}");
        agents.into_iter().collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(used(UserAgentTurn::Session), 1);
    assert!(used(UserAgentTurn::Request) > 1, "the original drew one a request, whatever was asked for");
}

#[test]
fn a_retry_takes_the_next_base_url() {
    let (dead, upstream) = (upstream(), upstream());
    dead.close_port();
    let mut policy = policy(&upstream);
    policy.base_urls.insert(0, dead.base_url());
    let answer = engine(policy).get(&request()).expect("by the second");
    assert_eq!(answer.attempts, 2);
    assert!(answer.url.starts_with(&upstream.base_url()), "{}", answer.url);
}

#[test]
fn what_the_config_must_mend_is_no_failure_of_the_site() {
    let upstream = upstream();
    let off = SitePolicy { enabled: false, ..policy(&upstream) };
    let engine = engine(off);
    for (asked, says) in [(request(), "enabled"), (Request::new("other", KLINE), "there are: site")] {
        let error = engine.get(&asked).expect_err("refused");
        assert!(error.exit() == Exit::Config && error.to_string().contains(says), "{error}");
    }
    assert!(upstream.log().is_empty());
    for wrong in [
        SitePolicy { base_urls: Vec::new(), ..policy(&upstream) },
        SitePolicy::at("ftp://a"),
        SitePolicy { max_qps: 0.0, ..policy(&upstream) },
        SitePolicy { proxies: vec!["gopher://a:1".into()], ..policy(&upstream) },
    ] {
        let options = EngineOptions { sites: [(SITE.to_owned(), wrong)].into(), ..EngineOptions::default() };
        let error = Engine::new(&options, Clock::system(), Seed(7)).expect_err("refused");
        assert_eq!(error.exit(), Exit::Config, "{error}");
    }
}

#[test]
fn a_cause_is_named_and_only_what_may_pass_is_asked_again() {
    let upstream = upstream();
    let port = upstream.port();
    let unknown = format!("http://{}.invalid", "n".repeat(60));
    // Where, what is named, its name in the counts, and the attempts that it is worth.
    let cases = [
        (unknown.as_str(), "cannot be resolved", "unresolved", 3),
        (&format!("https://127.0.0.1:{port}"), "no trusted TLS connection", "tls", 1),
        ("http://127.0.0.1:1", "cannot be reached", "unreachable", 3),
    ];
    for (url, says, name, attempts) in cases {
        let mut policy = SitePolicy { base_urls: vec![url.to_owned()], ..policy(&upstream) };
        (policy.retry.max_retries, policy.timeout) = (2, Duration::from_secs(20));
        let engine = engine(policy);
        let error = engine.get(&request()).expect_err("nobody there");
        assert!(error.to_string().contains(says) && error.exit() == Exit::Upstream, "{error}");
        let counters = &engine.counters()[SITE];
        assert_eq!(counters.outcomes, [(name.to_owned(), attempts)].into(), "{error}");
        assert!(!error.to_string().contains("secid"), "a query is not shown: {error}");
    }
}

#[test]
fn refused_credentials_are_not_tried_again() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Status(401));
    let mut policy = policy(&upstream);
    policy.retry.status_codes.push(401);
    let engine = engine(policy);
    let error = engine.get(&request().query("token", "canary-401")).expect_err("refused");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("credentials")), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    for _ in 0..5 {
        match engine.get(&request()) {
            Err(NetError::CircuitOpen { reason, .. }) => assert!(reason.contains("401"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(upstream.log().len(), 1, "one refusal is enough");
}

#[test]
fn an_open_breaker_outlives_its_engine_for_the_same_way_of_asking() {
    let upstream = upstream();
    upstream.disturb("", None, Disturbance::Status(403));
    let mut policy = policy(&upstream);
    policy.breaker.cooldown = Duration::from_mins(3);
    let first = engine(policy.clone());
    for _ in 0..6 {
        assert!(first.get(&request()).is_err());
    }
    let before = first.counters();
    assert_eq!(before[SITE].breaker_state, BreakerState::Open);
    // As it comes back from the monitor's state.
    let before = serde_json::from_str(&serde_json::to_string(&before).expect("JSON")).expect("comes back");
    upstream.calm();
    upstream.clear_log();
    let second = engine(policy.clone());
    second.resume(&before);
    assert!(matches!(second.get(&request()), Err(NetError::CircuitOpen { seconds: 170..=180, .. })));
    assert!(upstream.log().is_empty());
    let counters = &second.counters()[SITE];
    assert_eq!((counters.breaker_state, counters.breaker_opened_total), (BreakerState::Open, 0));

    policy.max_qps /= 2.0;
    let other = engine(policy.clone());
    other.resume(&before);
    assert!(other.get(&request()).is_ok(), "asked in another way");

    policy.max_qps *= 2.0;
    let mut over = before;
    if let Some(site) = over.get_mut(SITE) {
        site.breaker_open_until = Some(Clock::system().now());
    }
    let third = engine(policy);
    third.resume(&over);
    assert!(third.get(&request()).is_ok(), "its time is over");
}
