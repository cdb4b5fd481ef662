//! Baselines, fingerprints and rollbacks of a workspace, and the proof that a rollback held.
