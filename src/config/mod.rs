//! The workspace's config: loads files into typed settings and reports every mistake at once.
//!
//! [`load`] reads `system_config.json` with its layers, [`load_all`] every config file, [`check`] every
//! overlay too; [`shipped`] is the template's own, without a workspace; [`migrate`] translates the original's
//! file. Never writes a file that it reads, except [`write_pointer`], which is asked to.

mod bounds;
mod configuration;
mod data_schema;
mod difference;
mod document;
mod experiment_matrix;
mod factor_spec;
mod hurt;
mod job;
mod json;
mod label_spec;
mod layer;
mod legacy;
mod load;
mod migrate;
mod mistake;
mod node;
mod pointer;
mod pointer_span;
mod scalar;
mod section;
pub mod settings;
pub mod template;
mod yaml;

pub use configuration::{CheckReport, Configuration, check, factor_sets, load_all, shipped};
pub use data_schema::{DataSchema, Entity, EntitySource, FieldType, ValueRule};
pub use difference::{Difference, compare_files};
pub use experiment_matrix::{ExperimentMatrix, MatrixExperiment, Sweep};
pub use factor_spec::{FactorExpression, FactorSet, FactorSpec};
pub use hurt::{Hurt, Hurts, hurt_all};
pub use job::{
    CatchUp, JOB_COMMANDS, Job, Jobs, OWN_PROGRAM, REQUIRED_JOBS, Schedule, TRADE_DATE, own_command, program_file,
};
pub use label_spec::{Family, Label, LabelKind, LabelSpec, Task};
pub use layer::Origin;
pub use load::{LoadOptions, Loaded, load};
pub use migrate::{Defect, DefectKind, Migration, migrate};
pub use mistake::{ConfigErrors, Mistake, Warning};
pub use pointer::{PointerError, replace_pointer, replace_pointer_by_format, write_pointer};
pub use settings::Settings;

#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod tests;
