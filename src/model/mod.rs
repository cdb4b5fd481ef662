//! Learners and their saved form: the only room that names `linfa`. It knows numbers and names of
//! columns, not markets, and reads or writes no file.

mod error;
mod learner;
mod saved;
mod schema;

pub use error::ModelError;
pub use learner::{ElasticNetParams, Learner};
pub use saved::{MODEL_VERSION, Model};
pub use schema::{Scaling, Schema};
