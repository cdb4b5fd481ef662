//! The workspace's config: loads files into typed settings and reports every mistake at once.

mod factor_spec;
mod label_spec;

pub use factor_spec::{FactorSet, FactorSpec};
pub use label_spec::{Family, Label, LabelKind, LabelSpec, Task};
