//! Random orders break no rule and lose no fen; a restart at any point changes nothing.
//!
//! `cargo test` sends 100,000; `LIGHTHUNTER_STORM_ORDERS=1000000 cargo test --lib storm` sends a million,
//! as `cargo bench` does with the optimised build.

use crate as lighthunter;

#[path = "storm/mod.rs"]
mod storm;

use storm::Storm;

fn orders() -> usize {
    std::env::var("LIGHTHUNTER_STORM_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

#[test]
fn random_orders_break_no_rule_and_lose_no_fen() {
    let after = Storm { orders: orders(), seed: 1, restarts: false }.rage();
    assert_eq!(after.violations, 0, "{}", after.first.join("\n"));
    assert!(after.fills > after.orders / 10 && after.refused > after.orders / 10, "{after:?}");
}

#[test]
fn a_restart_at_any_point_changes_no_execution() {
    for seed in 2..5 {
        let storm = Storm { orders: 4_000, seed, restarts: false };
        let (straight, restarted) = (storm.rage(), Storm { restarts: true, ..storm }.rage());
        assert_eq!(restarted.violations, 0, "{}", restarted.first.join("\n"));
        assert_eq!(restarted.fingerprint, straight.fingerprint, "{seed}");
        assert_ne!(straight.fingerprint, Storm { seed: seed + 1, ..storm }.rage().fingerprint);
    }
}
