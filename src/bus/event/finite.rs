//! Serializes numbers and refuses those that JSON cannot say: a NaN sent as null would be read as "unknown".

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Serialize as _, Serializer, ser::Error as _};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(super) fn number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() {
        serializer.serialize_f64(*number)
    } else {
        Err(S::Error::custom(format_args!("{number} has no JSON form")))
    }
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(super) fn optional<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(known) => self::number(known, serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn values<S: Serializer>(numbers: &BTreeMap<Cow<'_, str>, f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match numbers.iter().find(|(_, number)| !number.is_finite()) {
        Some((key, number)) => Err(S::Error::custom(format_args!("{key} is {number}, which has no JSON form"))),
        None => numbers.serialize(serializer),
    }
}
