//! The words that people read, in English and Chinese. Pure data: knows no page, no terminal and no clock.
//!
//! Each room that speaks has a table of its own, made by [`phrases!`].

mod glossary;
mod language;
mod note;
mod phrase;
mod phrases;
mod recall;

pub use glossary::Glossary;
pub use language::{Language, NotALanguage};
pub use note::{Note, Speak};
pub use phrase::Phrase;
pub use phrases::Phrases;
#[cfg(test)]
pub(crate) use phrases::assert_sound;
pub(crate) use phrases::{phrases, places};
pub(crate) use recall::recall;
