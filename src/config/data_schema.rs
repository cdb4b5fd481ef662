//! `config/data_schema.json`: the tables that come in, their fields, and what each source calls them.

use std::collections::BTreeMap;

use super::{
    node::{Node, Value},
    section::{Bounds, Findings, Section},
};

/// The tables that come in, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataSchema {
    /// Tables by name, such as `daily_bar`.
    pub entities: BTreeMap<String, Entity>,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// The fields that name a row.
    pub key: Vec<String>,
    /// Fields with their types, in column order.
    pub fields: Vec<(String, FieldType)>,
    /// What the values of a number field must satisfy, by field.
    pub rules: BTreeMap<String, ValueRule>,
    /// What each source calls the fields.
    pub sources: BTreeMap<String, EntitySource>,
}

/// What the values of a field must satisfy; a bound that is none bounds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ValueRule {
    /// Greater.
    pub gt: Option<f64>,
    /// Greater or equal.
    pub ge: Option<f64>,
    /// Less.
    pub lt: Option<f64>,
    /// Less or equal.
    pub le: Option<f64>,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// A text.
    Text,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment.
    Timestamp,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// What one source calls the fields of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitySource {
    /// The source's field of the time.
    pub time_field: Option<String>,
    /// The source's endpoint.
    pub endpoint: Option<String>,
    /// The source's name of a field, by our name.
    pub field_mapping: BTreeMap<String, String>,
}

const TYPES: [(&str, FieldType); 7] = [
    ("text", FieldType::Text),
    ("date", FieldType::Date),
    ("time", FieldType::Time),
    ("timestamp", FieldType::Timestamp),
    ("integer", FieldType::Integer),
    ("number", FieldType::Number),
    ("boolean", FieldType::Boolean),
];

impl DataSchema {
    pub(super) fn read(tree: &Node, findings: &mut Findings) -> Self {
        Section::root(tree, findings, |s| {
            let entities = s.named("entities", |_, s| read_entity(s));
            if entities.is_empty() {
                s.mistake("entities", "is empty, allowed: at least one table");
            }
            Self { entities: entities.into_iter().collect() }
        })
    }
}

fn read_entity(s: &mut Section<'_>) -> Entity {
    let key = s.texts("key");
    let fields: Vec<(String, FieldType)> = s.section("canonical_fields", |s| {
        s.keys().into_iter().map(|field| (field.clone(), s.choice(&field, &TYPES, FieldType::Text))).collect()
    });
    let is_field = |name: &str| fields.iter().any(|(field, _)| field == name);
    if key.is_empty() {
        s.mistake("key", "is empty, allowed: at least one field");
    }
    for part in key.iter().filter(|part| !is_field(part)) {
        s.mistake("key", format!("{part} is not one of canonical_fields"));
    }
    let rules = read_rules(s, &fields);
    let sources = s.named("sources", |_, s| {
        let source = read_source(s);
        for field in source.field_mapping.keys().filter(|field| !is_field(field)) {
            s.mistake("field_mapping", format!("{field} is not one of canonical_fields"));
        }
        source
    });
    Entity { key, fields, rules, sources: sources.into_iter().collect() }
}

/// Reads the rules of the fields; an entity without any has none.
fn read_rules(s: &mut Section<'_>, fields: &[(String, FieldType)]) -> BTreeMap<String, ValueRule> {
    if !s.has("rules") {
        return BTreeMap::new();
    }
    let is_number = |name: &str| {
        let kind = fields.iter().find(|(field, _)| field == name).map(|(_, kind)| kind);
        matches!(kind, Some(FieldType::Number | FieldType::Integer))
    };
    let rules = s.named("rules", |field, s| {
        if !is_number(field) {
            s.mistake("", format!("{field} is not a number or integer of canonical_fields"));
        }
        let any = Bounds::between(-f64::MAX, f64::MAX);
        let mut bound = |key| s.optional(key, |s, key| s.number(key, any));
        let rule = ValueRule { gt: bound("gt"), ge: bound("ge"), lt: bound("lt"), le: bound("le") };
        let (low, high) = (rule.gt.or(rule.ge), rule.lt.or(rule.le));
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            s.mistake("", "leaves no value: its lower bound is above its upper one");
        }
        rule
    });
    rules.into_iter().collect()
}

fn read_source(s: &mut Section<'_>) -> EntitySource {
    EntitySource {
        time_field: s.optional("time_field", Section::text),
        endpoint: s.optional("endpoint", Section::text),
        field_mapping: s
            .section("field_mapping", |s| s.keys().into_iter().map(|field| (field.clone(), s.text(&field))).collect()),
    }
}

impl Section<'_> {
    /// Returns the keys of an object whose keys the user chooses, in file order.
    pub(super) fn keys(&mut self) -> Vec<String> {
        self.own_entries().iter().map(|entry| entry.key.clone()).collect()
    }

    /// Returns an object of free JSON values.
    pub(super) fn values(&mut self, key: &str) -> BTreeMap<String, serde_json::Value> {
        let Some(node) = self.require(key, "an object of keys and values") else { return BTreeMap::new() };
        if matches!(node.value, Value::Map(_)) {
            node.entries().iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
        } else {
            self.mistake(key, format!("wrong type, allowed: an object of keys and values, got {}", node.shown()));
            BTreeMap::new()
        }
    }
}
