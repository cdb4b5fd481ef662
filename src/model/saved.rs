//! A fitted model and its saved form. Numbers are written so that they read back bit for bit.

use serde::{Deserialize, Serialize};

use super::{Learner, ModelError, Schema};

/// The version of the saved form.
pub const MODEL_VERSION: u32 = 1;

/// A fitted model: intercept + sum of coefficient x scaled feature.
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
    /// Prediction where every scaled feature is 0.
    pub intercept: f64,
    /// One for each feature.
    pub coefficients: Vec<f64>,
    /// The features and their scaling.
    pub features: Schema,
}

impl Model {
    /// Predicts the label of one row of raw features in schema order; NaN where one is missing or the
    /// row has a wrong width.
    #[must_use]
    pub fn predict(&self, raw: &[f64]) -> f64 {
        if raw.len() != self.coefficients.len() {
            return f64::NAN;
        }
        let terms = raw.iter().zip(&self.features.features).zip(&self.coefficients);
        // A fixed order of sums: the same row gives the same bits anywhere.
        terms.fold(self.intercept, |sum, ((value, feature), coefficient)| sum + coefficient * feature.scale(*value))
    }

    /// Returns the saved form.
    ///
    /// # Errors
    /// When the model does not make sense.
    pub fn to_json(&self) -> Result<String, ModelError> {
        self.check()?;
        let mut text = serde_json::to_string_pretty(self)?;
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

    /// Checks that the model makes sense: a coefficient for each feature, all finite, not all zero.
    ///
    /// # Errors
    /// Says what does not.
    pub fn check(&self) -> Result<(), ModelError> {
        self.features.check()?;
        let (coefficients, features) = (self.coefficients.len(), self.features.features.len());
        if coefficients != features {
            return Err(ModelError::Invalid(format!("{coefficients} coefficients for {features} features")));
        }
        if !self.intercept.is_finite() || self.coefficients.iter().any(|value| !value.is_finite()) {
            return Err(ModelError::Invalid("a coefficient is not a finite number".into()));
        }
        if self.coefficients.iter().all(|value| *value == 0.0) {
            return Err(ModelError::Invalid("every coefficient is zero".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MODEL_VERSION, Model};
    use crate::{
        exit::{Exit, Failure},
        model::{Learner, Scaling, Schema},
    };

    fn model() -> Model {
        let feature = |name: &str, mean: f64| Scaling {
            name: name.into(),
            lower: -1.0 / 3.0,
            upper: 0.1 + 0.2,
            mean,
            deviation: std::f64::consts::PI / 100.0,
        };
        Model {
            version: MODEL_VERSION,
            learner: Learner::default(),
            label: "L".into(),
            rows: 10,
            intercept: 1.0 / 7.0,
            coefficients: vec![5e-324, -1.0 / 3.0],
            features: Schema { features: vec![feature("a", 1e-17), feature("b", 0.1)] },
        }
    }

    #[test]
    fn saved_model_predicts_the_same_bits() {
        let model = model();
        let read = Model::from_json(model.to_json().expect("saved").as_bytes()).expect("read");
        assert_eq!(read, model);
        assert_eq!(read.predict(&[0.01, 0.2]).to_bits(), model.predict(&[0.01, 0.2]).to_bits());
    }

    #[test]
    fn missing_feature_has_no_prediction() {
        assert!(model().predict(&[f64::NAN, 0.1]).is_nan());
        assert!(model().predict(&[0.1]).is_nan());
    }

    #[test]
    fn damaged_forms_are_refused() {
        let text = model().to_json().expect("saved");
        for cut in 0..text.trim_end().len() {
            assert!(Model::from_json(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
        let class = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Model::from_json(text.replacen(from, to, 1).as_bytes()).expect_err(to).exit()
        };
        assert_eq!(class("\"version\": 1", "\"version\": 2"), Exit::Config);
        assert_eq!(class("\"version\": 1", "\"v\": 1"), Exit::Corrupt);
        assert_eq!(class("\"name\": \"b\"", "\"name\": \"a\""), Exit::Corrupt);
        assert_eq!(class("\"intercept\"", "\"interceptor\""), Exit::Corrupt);
        assert_eq!(class("5e-324,", ""), Exit::Corrupt);
    }
}
