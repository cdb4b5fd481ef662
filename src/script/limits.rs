//! What a script may use. Operations and seconds count anew at every call; memory is what the script
//! holds in all.

/// A single step may allocate this much and no more: it bounds the longest text and the largest table (some
/// ten thousand entries), and with them the work that one instruction can hide from the meter.
pub(super) const STEP_BYTES: usize = 512 * 1024;

/// The bounds of one script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScriptLimits {
    /// Calls, returns, loop turns and steps of pattern matching, per call of the script.
    pub operations: u64,
    /// Bytes that the script's virtual machine may hold, its libraries (about 100 KiB) included.
    pub memory_bytes: usize,
    /// Seconds of wall-clock time, per call of the script.
    pub seconds: f64,
}

impl Default for ScriptLimits {
    /// A call ends within a second: bars arrive by the minute, and a night has thousands of calls.
    fn default() -> Self {
        Self { operations: 5_000_000, memory_bytes: 32 * 1024 * 1024, seconds: 1.0 }
    }
}
