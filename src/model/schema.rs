//! What a model expects of its input: the features by name and what is done to each before the model
//! sees it. It is fitted on training cells only and travels with the model.

use serde::{Deserialize, Serialize};

use super::{ModelError, Processor, Step};

/// One feature: a factor and its fitted processors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The factor's name.
    pub name: String,
    /// What is done to it, in order.
    pub steps: Vec<Step>,
}

impl Feature {
    /// Fits the processors of a column on its `training` cells, each on what the one before it left,
    /// and applies them to the whole column. A number that is not finite counts as missing.
    ///
    /// # Errors
    /// Says in words why a processor cannot be fitted; the column then holds what came before it.
    pub fn fit(
        name: &str,
        processors: &[Processor],
        column: &mut [f64],
        training: &[usize],
        (days, present): (usize, &[bool]),
    ) -> Result<Self, String> {
        let mut steps = Vec::with_capacity(processors.len());
        forget_infinite(column);
        for processor in processors {
            let step = processor.fit(training.iter().filter_map(|cell| column.get(*cell)).copied())?;
            step.apply(column, days, present);
            steps.push(step);
        }
        Ok(Self { name: name.into(), steps })
    }

    fn apply(&self, column: &mut [f64], days: usize, present: &[bool]) {
        forget_infinite(column);
        self.steps.iter().for_each(|step| step.apply(column, days, present));
    }
}

fn forget_infinite(column: &mut [f64]) {
    column.iter_mut().filter(|value| value.is_infinite()).for_each(|value| *value = f64::NAN);
}

/// The features of a model in column order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema {
    /// One for each column.
    pub features: Vec<Feature>,
}

impl Schema {
    /// Returns the features' names in column order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// Says which cells of raw columns hold any number at all: the others get no row and no score,
    /// whatever fills gaps.
    #[must_use]
    pub fn present(columns: &[&[f64]]) -> Vec<bool> {
        let cells = columns.iter().map(|column| column.len()).max().unwrap_or_default();
        let mut present = vec![false; cells];
        for column in columns {
            present.iter_mut().zip(*column).for_each(|(present, value)| *present |= value.is_finite());
        }
        present
    }

    /// Does to raw columns, one a feature, what was done in training; each is laid out as cells of
    /// symbols x `days` days.
    pub fn process(&self, columns: &mut [Vec<f64>], days: usize) {
        let present = Self::present(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let features = columns.iter_mut().zip(&self.features);
        features.for_each(|(column, feature)| feature.apply(column, days, &present));
    }

    /// Checks that there is a feature, each once, and that all are processed alike and in range.
    ///
    /// # Errors
    /// Names the first feature that is not sound.
    pub fn check(&self) -> Result<(), ModelError> {
        let Some(first) = self.features.first() else {
            return Err(ModelError::Invalid("it has no features".into()));
        };
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
            return Err(ModelError::Invalid(format!("feature '{name}' occurs twice")));
        }
        for feature in &self.features {
            let kinds = |of: &Feature| of.steps.iter().map(std::mem::discriminant).collect::<Vec<_>>();
            if kinds(feature) != kinds(first) {
                return Err(ModelError::Invalid(format!("'{}' is not processed as the others", feature.name)));
            }
            if !feature.steps.iter().all(Step::check) {
                return Err(ModelError::Invalid(format!("a processor of '{}' is out of range", feature.name)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Feature, Schema};
    use crate::model::{FillWith, Processor};

    #[test]
    fn processors_are_fitted_on_training_cells_and_each_on_what_the_one_before_left() {
        // Two symbols x three days; the last day is not trained on and holds a planted outlier.
        let processors = [Processor::WinsoriseQuantile { tail: 0.0 }, Processor::ZscoreTrain];
        let fit = |planted: f64| {
            let mut column = vec![1.0, 2.0, planted, 3.0, 4.0, -planted];
            let feature = Feature::fit("F", &processors, &mut column, &[0, 1, 3, 4], (3, &[true; 6]));
            (feature.expect("fitted"), column)
        };
        let (feature, column) = fit(1e6);
        assert_eq!(feature, fit(0.5).0, "the outlier leaked into what was fitted");
        assert_eq!((column[2], column[5]), (column[4], column[0]), "it was cut to the training range");
        let schema = Schema { features: vec![feature] };
        let mut again = [vec![1.0, 2.0, 1e6, 3.0, 4.0, -1e6]];
        schema.process(&mut again, 3);
        assert_eq!(again[0], column, "scoring does what training did");
    }

    #[test]
    fn cell_without_any_number_is_not_filled() {
        let fill = [Processor::Fill { with: FillWith::Zero }];
        let feature = |name: &str| Feature::fit(name, &fill, &mut [1.0], &[0], (1, &[true])).expect("fitted");
        let schema = Schema { features: vec![feature("a"), feature("b")] };
        let mut columns = [vec![1.0, f64::INFINITY], vec![f64::NAN, f64::NAN]];
        schema.process(&mut columns, 1);
        assert_eq!((columns[0][0], columns[1][0]), (1.0, 0.0));
        assert!(columns[0][1].is_nan() && columns[1][1].is_nan());
    }
}
