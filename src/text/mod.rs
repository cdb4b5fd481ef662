//! The words that people read, in English and Chinese. Pure data: knows no page, no terminal and no clock.

mod language;
mod note;
mod phrase;

pub use language::{Language, NotALanguage};
pub use note::Note;
pub use phrase::Phrase;
