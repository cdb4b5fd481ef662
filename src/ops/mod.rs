//! Operations: NightOps, regression, doctor, and what they share (log, metrics).
