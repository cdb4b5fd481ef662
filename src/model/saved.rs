//! A fitted model and its saved form. Numbers are written so that they read back bit for bit.

use serde::{Deserialize, Serialize};

use super::{Learner, ModelError, Schema, Tree};

/// The version of the saved form.
pub const MODEL_VERSION: u32 = 2;

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Version of the saved form.
    pub version: u32,
    /// The learner and its parameters.
    pub learner: Learner,
    /// The label that it predicts, in the label's own unit.
    pub label: String,
    /// Training rows.
    pub rows: usize,
    /// The features and what is done to them first.
    pub features: Schema,
    /// What it learned.
    pub form: Form,
}

/// What a model learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// Intercept + sum of coefficient x processed feature.
    Linear {
        /// Prediction where every processed feature is 0.
        intercept: f64,
        /// One for each feature.
        coefficients: Vec<f64>,
    },
    /// Base + sum of what the trees say.
    Trees {
        /// Prediction before any tree.
        base: f64,
        /// In the order in which they were learned.
        trees: Vec<Tree>,
    },
}

impl Model {
    /// Predicts the label of one row of processed features in schema order; NaN where the row has a wrong
    /// width, for a linear model where a feature is missing, for trees where all are.
    #[must_use]
    pub fn predict(&self, row: &[f64]) -> f64 {
        if row.len() != self.features.features.len() {
            return f64::NAN;
        }
        // A fixed order of sums: the same row gives the same bits anywhere.
        match &self.form {
            Form::Linear { intercept, coefficients } => {
                row.iter().zip(coefficients).fold(*intercept, |sum, (value, coefficient)| sum + coefficient * value)
            }
            Form::Trees { .. } if row.iter().all(|value| value.is_nan()) => f64::NAN,
            Form::Trees { base, trees } => trees.iter().fold(*base, |sum, tree| sum + tree.predict(row)),
        }
    }

    /// Returns the saved form.
    ///
    /// # Errors
    /// When the model does not make sense.
    pub fn to_json(&self) -> Result<String, ModelError> {
        self.check()?;
        // Trees are thousands of numbers, which nobody reads line by line.
        let mut text = match self.form {
            Form::Linear { .. } => serde_json::to_string_pretty(self)?,
            Form::Trees { .. } => serde_json::to_string(self)?,
        };
        text.push('\n');
        Ok(text)
    }

    /// Reads the saved form.
    ///
    /// # Errors
    /// When the bytes are not a model, its version is another, or it does not make sense.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        let value: serde_json::Value = serde_json::from_slice(bytes)?;
        // The version comes first: another version may have other fields.
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(MODEL_VERSION) => {}
            Some(got) => return Err(ModelError::Version { got, known: MODEL_VERSION }),
            None => return Err(ModelError::Invalid("it has no version".into())),
        }
        let model: Self = serde_json::from_value(value)?;
        model.check()?;
        Ok(model)
    }

    /// Checks that the model makes sense: of the learner's form, all numbers finite, not constant.
    ///
    /// # Errors
    /// Says what does not.
    pub fn check(&self) -> Result<(), ModelError> {
        self.features.check()?;
        let invalid = |what: String| Err(ModelError::Invalid(what));
        let features = self.features.features.len();
        match (&self.learner, &self.form) {
            (Learner::ElasticNet(_), Form::Linear { intercept, coefficients }) => {
                if coefficients.len() != features {
                    return invalid(format!("{} coefficients for {features} features", coefficients.len()));
                }
                if !intercept.is_finite() || coefficients.iter().any(|value| !value.is_finite()) {
                    return invalid("a coefficient is not a finite number".into());
                }
                if coefficients.iter().all(|value| *value == 0.0) {
                    return invalid("every coefficient is zero".into());
                }
                Ok(())
            }
            (Learner::BoostedTrees(_), Form::Trees { base, trees }) => {
                if !base.is_finite() || trees.iter().all(Tree::is_constant) {
                    return invalid("its trees say one number of everything".into());
                }
                trees.iter().try_for_each(|tree| tree.check(features))
            }
            (learner, _) => invalid(format!("{} does not make this form of model", learner.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, MODEL_VERSION, Model};
    use crate::{
        exit::{Exit, Failure},
        model::{
            BoostedTreesParams, Feature, Learner, Schema, Step, Tree,
            TreeNode::{Leaf, Split},
        },
    };

    fn linear() -> Model {
        let feature = |name: &str, mean: f64| Feature {
            name: name.into(),
            steps: vec![
                Step::Clip { lower: -1.0 / 3.0, upper: 0.1 + 0.2 },
                Step::Zscore { mean, deviation: std::f64::consts::PI / 100.0 },
            ],
        };
        Model {
            version: MODEL_VERSION,
            learner: Learner::default(),
            label: "L".into(),
            rows: 10,
            features: Schema { features: vec![feature("a", 1e-17), feature("b", 0.1)] },
            form: Form::Linear { intercept: 1.0 / 7.0, coefficients: vec![5e-324, -1.0 / 3.0] },
        }
    }

    fn trees() -> Model {
        let tree = Tree { nodes: vec![Split(1, 0.1 + 0.2, 1, 2, 2), Leaf(-1.0 / 3.0), Leaf(5e-324)] };
        Model {
            learner: Learner::BoostedTrees(BoostedTreesParams::default()),
            form: Form::Trees { base: 2.0, trees: vec![tree] },
            ..linear()
        }
    }

    #[test]
    fn saved_model_predicts_the_same_bits() {
        for model in [linear(), trees()] {
            let text = model.to_json().expect("saved");
            let read = Model::from_json(text.as_bytes()).expect("read");
            assert_eq!(read, model);
            assert_eq!(read.to_json().expect("saved again"), text);
            assert_eq!(read.predict(&[0.01, 0.2]).to_bits(), model.predict(&[0.01, 0.2]).to_bits());
        }
    }

    #[test]
    fn missing_feature_is_the_form_s_business() {
        assert!(linear().predict(&[f64::NAN, 0.1]).is_nan());
        assert_eq!(trees().predict(&[f64::NAN, 0.1]), 2.0 - 1.0 / 3.0);
        assert_eq!(trees().predict(&[0.1, f64::NAN]), 2.0, "a missing number takes its branch");
        assert!(trees().predict(&[f64::NAN, f64::NAN]).is_nan(), "nothing is known");
        assert!(linear().predict(&[0.1]).is_nan() && trees().predict(&[0.1]).is_nan(), "a wrong width");
    }

    #[test]
    fn damaged_forms_are_refused() {
        let class = |model: &Model, from: &str, to: &str| {
            let text = model.to_json().expect("saved");
            assert!(text.contains(from), "{from}");
            Model::from_json(text.replacen(from, to, 1).as_bytes()).expect_err(to).exit()
        };
        let (line, tree) = (linear(), trees());
        for model in [&line, &tree] {
            let text = model.to_json().expect("saved");
            for cut in 0..text.trim_end().len() {
                assert!(Model::from_json(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
            }
        }
        assert_eq!(class(&line, "\"version\": 2", "\"version\": 3"), Exit::Config);
        assert_eq!(class(&line, "\"version\": 2", "\"v\": 2"), Exit::Corrupt);
        assert_eq!(class(&line, "\"name\": \"b\"", "\"name\": \"a\""), Exit::Corrupt);
        assert_eq!(class(&line, "\"intercept\"", "\"interceptor\""), Exit::Corrupt);
        assert_eq!(class(&line, "5e-324,", ""), Exit::Corrupt);
        assert_eq!(class(&line, "\"elastic_net\"", "\"boosted_trees\""), Exit::Corrupt);
        assert_eq!(class(&tree, "[1,0.30000000000000004,1,2,2]", "[2,0.30000000000000004,1,2,2]"), Exit::Corrupt);
        assert_eq!(class(&tree, "1,2,2]", "0,2,2]"), Exit::Corrupt, "a loop");
        assert_eq!(class(&tree, "1,2,2]", "1,2,3]"), Exit::Corrupt, "a node outside");
        assert_eq!(class(&tree, "5e-324", "null"), Exit::Corrupt);
    }
}
