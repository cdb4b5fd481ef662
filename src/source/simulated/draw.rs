//! The draws of one stream. Only arithmetic that gives the same number on every machine: no logarithms,
//! powers or exponentials of our own, and every price is rounded to the tick.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::seed::Seed;

/// A stream of random draws.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: Seed, stream: &str) -> Self {
        Self(seed.stream(&format!("simulated/{stream}")))
    }

    /// Draws from 0 up to 1.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Draws from `low` up to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Draws a whole number from `low` to `high`, both possible.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// Draws from the standard normal distribution.
    pub(super) fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// Draws with variance near 1 and fat tails: one draw in sixteen is two and a half times as wide.
    pub(super) fn fat_normal(&mut self) -> f64 {
        let scale = if self.chance(1.0 / 16.0) { 2.25 } else { 0.9 };
        scale * self.normal()
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }
}
