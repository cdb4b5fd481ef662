//! The pipeline from outside: nights and simulations on a small simulated market and on the real bars.

mod day_ops;
mod failure;
mod matrix;
mod models;
mod night;
mod real_data;
mod simulation;
mod walk_forward;
