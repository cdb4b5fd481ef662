//! The drill: environment, target, faults, signals, proof, journal, runner.
