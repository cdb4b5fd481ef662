//! The pipeline from outside: nights and simulations on a small simulated market and on the real bars.

mod day_ops;
mod failure;
mod increment;
mod matrix;
mod models;
mod night;
mod real_data;
mod simulation;
mod source_repair;
mod tasks;
mod threads;
mod walk_forward;
mod wrong_research;
