//! Events about the system itself: errors, queues, signs of life.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertLevel {
    /// Good to know.
    Info,
    /// Look soon.
    Warning,
    /// Act now.
    Critical,
}

/// An error of a component, on topic `log.error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEvent<'a> {
    /// The component, such as `night_ops`.
    pub component: Cow<'a, str>,
    /// The error in words.
    pub message: Cow<'a, str>,
    /// `error`.
    pub level: Cow<'a, str>,
    /// When it happened.
    pub ts: Timestamp,
}

/// The forwarder's queues, on topic `metrics.bus.queue` and on the monitor endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueEvent<'a> {
    /// Where publishers connect.
    pub endpoint: Cow<'a, str>,
    /// Messages of this process that wait for the forwarder.
    pub in_queue: u64,
    /// Messages that went out to subscribers since the line before.
    pub out_queue: u64,
    /// Messages dropped since the start: malformed, oversized, replayed, or for a full queue.
    pub dropped: u64,
}

/// A publisher's sign of life, on topic `sys.heartbeat`: what it has sent so far.
///
/// A subscriber that was paused learns from `seqs` how many it missed, even if nothing else follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatEvent<'a> {
    /// The component: the publisher's name without what tells its runs apart.
    pub component: Cow<'a, str>,
    /// Its process.
    pub pid: u32,
    /// When.
    pub ts: Timestamp,
    /// The number of its last message per topic, without this one.
    pub seqs: BTreeMap<Cow<'a, str>, u64>,
    /// How many it dropped because its queue was full; they have numbers, so a subscriber sees a gap.
    pub dropped: u64,
    /// Whether it says goodbye: no message follows, so silence is no fault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
}
