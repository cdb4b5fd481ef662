//! Damaged messages: what the quick scan believes, the full parser believes too, and neither panics.

use super::{
    ErrorEvent, MarketBar1mEvent,
    envelope::{Envelope, beginning, marked_snapshot, scan_rest},
};
use crate::seed::fuzz::{corpus, fuzz};

#[test]
fn damaged_payloads_never_panic() {
    fuzz("frames", 0.20, corpus("frames"), |input| {
        let (scanned, parsed) = (Envelope::scan(input), Envelope::parse(input));
        if scanned.is_none() && parsed.is_err() {
            return;
        }
        let _ = (beginning(input), scan_rest(input), marked_snapshot(input));
        let _ = serde_json::from_slice::<ErrorEvent<'_>>(input);
        let _ = serde_json::from_slice::<MarketBar1mEvent<'_>>(input);
    });
}
