//! The table of a room's sentences: both languages side by side, so that a sentence which lacks one, or
//! whose values do not stand in both, does not compile.

use super::Language;

/// A table of sentences: one enumeration a room, made by [`phrases!`].
pub trait Phrases: Copy {
    /// Every sentence, by its code and its words in each language.
    const TABLE: &'static [(&'static str, [&'static str; 2])];

    /// Returns the name of the sentence in the table, for programs.
    fn code(self) -> &'static str;

    /// Returns the words, with `{}` or `{0}` where values stand.
    fn words(self, language: Language) -> &'static str;
}

/// Makes the sentences of one table.
macro_rules! phrases {
    ($(#[$about:meta])* $visible:vis enum $table:ident { $($name:ident => $english:literal, $chinese:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visible enum $table { $($name,)* }

        // A value that one language has no place for would be lost in it.
        const _: () = {
            $(assert!(
                $crate::text::places($english) == $crate::text::places($chinese),
                concat!("values of ", stringify!($name))
            );)*
        };

        impl $table {
            /// Returns the words, with `{}` where values stand.
            #[must_use]
            $visible const fn say(self, language: $crate::text::Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, $crate::text::Language::English) => $english,
                    (Self::$name, $crate::text::Language::Chinese) => $chinese,)*
                }
            }
        }

        impl $crate::text::Phrases for $table {
            const TABLE: &'static [(&'static str, [&'static str; 2])] =
                &[$((stringify!($name), [$english, $chinese]),)*];

            fn code(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            fn words(self, language: $crate::text::Language) -> &'static str {
                self.say(language)
            }
        }
    };
}
pub(crate) use phrases;

/// Counts the places of values in a sentence.
#[must_use]
pub(crate) const fn places(words: &str) -> usize {
    let (mut rest, mut count) = (words.as_bytes(), 0);
    while let [first, tail @ ..] = rest {
        if *first == b'{' {
            count += 1;
        }
        rest = tail;
    }
    count
}

/// Holds a table to what every table must be: English in ASCII, Chinese in Chinese but for `signs`, and no
/// sentence twice.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_sound<P: Phrases>(signs: &[&str]) {
    let mut seen = std::collections::BTreeSet::new();
    for (code, [english, chinese]) in P::TABLE {
        assert!(!english.is_empty() && english.is_ascii(), "{code}: {english}");
        let is_chinese = chinese.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
        assert!(is_chinese || signs.contains(code), "{code}: {chinese}");
        assert!(seen.insert(english), "{code}: '{english}' is there twice and has two translations to keep");
    }
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_are_counted_by_their_braces() {
        assert_eq!(["", "none", "{} of {}", "{1} of {0}: {2}"].map(places), [0, 0, 2, 3]);
    }
}
