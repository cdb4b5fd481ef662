//! The pipeline from outside: nights on a small simulated market, and one on the real bars.

mod failure;
mod night;
mod real_data;
