//! Every way in which a site breaks: no loss, no double, the right class, no storm of requests.

use std::time::Duration;

use lighthunter::{
    drill::upstream::Disturbance,
    source::files::{IntakeOptions, read_directory},
};

use super::Scene;

/// Twenty requests a second, two at once, and short waits.
const MEASURED: &str = r#""east": {"site": "eastmoney", "role": "primary", "enabled": true,
    "base_url": "URL", "max_qps": 20, "max_concurrent": 2, "timeout_sec": 1}"#;
const QUICK: &str = r#", "network": {"backoff_factor": 0.02, "max_retries": 2}"#;

fn scene() -> Scene {
    let scene = Scene::new(8, 10, "");
    scene.configure(MEASURED, QUICK);
    scene
}

fn missing(report: &serde_json::Value) -> usize {
    report["report"]["sources"][0]["missing"].as_array().map_or(0, Vec::len)
}

#[test]
fn what_passes_is_tried_again_and_nothing_is_lost_or_doubled() {
    for disturbance in [
        Disturbance::Status(503),
        Disturbance::TooMany(Some("0".into())),
        Disturbance::HalfThenReset,
        Disturbance::DuplicateAndDisordered,
    ] {
        let scene = scene();
        scene.upstream.disturb("kline", Some(2), disturbance.clone());
        let report = scene.collect(0, &["--kind", "daily"]);
        assert_eq!(missing(&report), 0, "{disturbance:?} {report}");
        scene.assert_whole("east");
        let log = scene.upstream.log();
        assert!(log.len() <= 8 + 2, "{disturbance:?}: {} requests for 8 pages", log.len());
        assert!(scene.upstream.most_within(Duration::from_millis(950)) <= 21, "{disturbance:?}");
    }
}

#[test]
fn what_does_not_pass_ends_with_15_keeps_what_came_and_is_made_good_later() {
    for disturbance in [
        Disturbance::Status(403),
        Disturbance::TooMany(None),
        Disturbance::LoginPage,
        Disturbance::HalfThenReset,
        Disturbance::GzipBomb(64),
        Disturbance::Drip(Duration::from_millis(200)),
    ] {
        let scene = scene();
        let symbols = scene.symbols();
        let broken = format!("{:06}", symbols[2].code());
        scene.upstream.disturb(&broken, None, disturbance.clone());
        let report = scene.collect(15, &["--kind", "daily"]);
        let lost = missing(&report);
        assert!((1..=8).contains(&lost), "{disturbance:?} {report}");
        let reason = report["report"]["sources"][0]["missing"][0]["reason"].as_str().expect("a reason");
        assert!(!reason.is_empty());
        let asked = scene.upstream.log().len();
        assert!(asked <= 8 + 3 * 5, "{disturbance:?}: a storm of {asked} requests");
        assert!(scene.upstream.most_within(Duration::from_millis(950)) <= 21, "{disturbance:?}");
        let kept = scene.source_bars();
        assert!(kept.iter().all(|row| row.bar.symbol != symbols[2]), "{disturbance:?}");

        scene.upstream.calm();
        scene.upstream.clear_log();
        scene.collect(0, &["--kind", "daily"]);
        assert_eq!(scene.upstream.log().len(), lost, "{disturbance:?}: only what was missing");
        scene.assert_whole("east");
    }
}

#[test]
fn a_site_that_is_down_is_given_up_and_the_rest_is_named() {
    let scene = scene();
    scene.upstream.close_port();
    let report = scene.collect(15, &["--kind", "daily"]);
    assert_eq!(missing(&report), 8, "{report}");
    scene.upstream.open_port().expect("the port is free");
    scene.collect(0, &["--kind", "daily"]);
    scene.assert_whole("east");
}

#[test]
fn all_forbidden_is_no_storm_and_the_night_says_so() {
    let mut scene = scene();
    // The site knows what the workspace holds.
    let delivered = scene.room.path("data/raw/market");
    scene.market = read_directory(&delivered, &IntakeOptions::default()).expect("read").data;
    scene.upstream.replace_market(scene.market.clone());
    scene.configure(&MEASURED.replace("20", "500"), QUICK);
    scene.room.run_to(0, &["night-ops", "--mode", "data", "-q"]);
    let symbols = scene.symbols().len();
    assert!(scene.upstream.log().len() >= symbols / 2, "the night collects from an enabled source");
    scene.upstream.clear_log();
    scene.upstream.disturb("", None, Disturbance::Status(403));
    let report = scene.collect(15, &["--kind", "daily", "--again"]);
    assert_eq!(missing(&report), symbols);
    let asked = scene.upstream.log().len();
    assert!(asked <= 8, "{asked} requests for {symbols} pages");
    scene.room.run_to(0, &["night-ops", "--mode", "data", "-q"]);
}
