//! The mixed versions: each of data, model, config and code old or new. Each of the sixteen states runs
//! right or refuses with an error that says what to do.

use super::commit;
use crate::room::Room;

/// The exit codes of a refusal that a person can act on.
const REFUSALS: [i32; 4] = [10, 12, 14, 17];

const LAYERS: [&str; 4] = ["data", "model", "config", "code"];

#[test]
fn every_mixed_state_runs_right_or_refuses_with_a_clear_error() {
    let as_of = Room::nighted().report().date;
    let room = Room::fresh();
    // The old night sees a week less.
    let earlier = as_of.saturating_sub(jiff::Span::new().days(7)).to_string();
    room.run_to(0, &["night-ops", "-q", "--as-of", &earlier]);
    room.run_to(0, &["baseline", "create", "old", "-q"]);
    commit(&room, "config/system_config.json", "\"risk_free_rate\": 0.0", "\"risk_free_rate\": 0.01");
    commit(&room, "strategy/portfolio.luau", "u1 = 0.4", "u1 = 0.3");
    room.run_to(0, &["night-ops", "-q"]);
    room.run_to(0, &["baseline", "create", "new", "-q"]);
    let (mut ran, mut digests) = (0, std::collections::BTreeSet::new());
    // Each state is one layer away from the one before it.
    let mut state = [false; 4];
    for number in 0_u32..16 {
        let gray = number ^ (number >> 1);
        for (layer, is_old) in state.iter_mut().enumerate() {
            let wanted = gray & (1 << layer) != 0;
            if *is_old != wanted {
                let to = if wanted { "old" } else { "new" };
                room.run_to(0, &["rollback", "--to", to, "--only", LAYERS[layer], "-q"]);
                *is_old = wanted;
            }
        }
        let done = room.run(&["backtest", "-q", "--json"]);
        let words = format!("{state:?} (old: {LAYERS:?}): {}\n{}", done.code, done.stderr);
        if done.code == 0 {
            ran += 1;
            digests.insert(done.json()["digest"].to_string());
        } else {
            assert!(REFUSALS.contains(&done.code), "{words}");
            assert!(done.stderr.contains("error: ") && done.stderr.contains("hint: "), "{words}");
        }
        room.assert_clean();
    }
    assert!(ran >= 8, "only {ran} of 16 states run");
    assert!(digests.len() >= 4, "the layers have no effect: {digests:?}");
}
