//! Learners and their saved form: the only room that names `linfa` and `forust`. It knows numbers and
//! names of columns, not markets, and reads or writes no file.

mod boosted_trees;
mod elastic_net;
mod error;
mod learner;
mod processor;
mod saved;
mod schema;
mod tree;

pub use boosted_trees::BoostedTreesParams;
pub use elastic_net::ElasticNetParams;
pub use error::ModelError;
pub use learner::{Effort, Learner, TrainingRows};
pub use processor::{FillWith, Processor, Step};
pub use saved::{Form, MODEL_VERSION, Model};
pub use schema::{Feature, Schema};
pub use tree::{Tree, TreeNode};
