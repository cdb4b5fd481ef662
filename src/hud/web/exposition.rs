//! The page's own metrics as OpenMetrics text: the grade and the age of every fact, and how it is itself.

use std::fmt;

use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, text},
    metrics::MetricType,
    registry::Registry,
};

use super::board::Look;
use crate::hud::state::Grade;

/// Returns the text.
///
/// # Errors
/// When it cannot be put together, which no input brings about.
pub(super) fn open_metrics(look: &Look, listening: usize, now: Timestamp) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition::of(look, listening, now)));
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(page)
}

/// The labels of one grade of one fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GradeLabels {
    fact: String,
    grade: String,
}

/// The label of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FactLabel {
    fact: String,
}

#[derive(Debug)]
struct Exposition {
    grades: Vec<(&'static str, Grade)>,
    ages: Vec<(&'static str, f64)>,
    plain: [(&'static str, &'static str, f64); 4],
}

impl Exposition {
    fn of(look: &Look, listening: usize, now: Timestamp) -> Self {
        let age = |at: Timestamp| now.duration_since(at).as_secs_f64();
        let summaries = look.facts.summaries();
        Self {
            grades: summaries.iter().map(|(name, summary)| (*name, summary.grade)).collect(),
            ages: summaries.iter().filter_map(|(name, summary)| Some((*name, age(summary.at?)))).collect(),
            plain: [
                ("lighthunter_hud_look_age_seconds", "Age of the last look at the workspace", age(look.facts.at)),
                ("lighthunter_hud_look_seconds", "How long that look took", look.seconds),
                ("lighthunter_hud_listeners", "Listeners to events", listening as f64),
                ("lighthunter_hud_version", "Raised when the facts tell something new", look.version as f64),
            ],
        }
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut family = encoder.encode_descriptor(
            "lighthunter_fact_grade",
            "1 for the grade that a fact has, 0 for the others",
            None,
            MetricType::Gauge,
        )?;
        for (fact, own) in &self.grades {
            for grade in Grade::ALL {
                let labels = GradeLabels { fact: (*fact).into(), grade: grade.word().into() };
                family.encode_family(&labels)?.encode_gauge(&f64::from(u8::from(grade == *own)))?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "lighthunter_fact_age_seconds",
            "Age of what a fact tells",
            None,
            MetricType::Gauge,
        )?;
        for (fact, age) in &self.ages {
            family.encode_family(&FactLabel { fact: (*fact).into() })?.encode_gauge(age)?;
        }
        for (name, help, value) in &self.plain {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(value)?;
        }
        Ok(())
    }
}
