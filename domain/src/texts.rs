//! Texts that people write and others read: titles, names, messages.
//!
//! What is written may look as it likes and be in any script; it may not be nothing to look at, and it may not change what
//! stands around it. Whoever shows a text escapes it.

use thiserror::Error;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// How a text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    One,
    Many,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidText {
    #[error("this text has control characters")]
    Control,
    #[error("this text has characters that turn the direction of reading")]
    TurnsDirection,
    #[error("this text has more than {most_chars} characters")]
    TooLong { most_chars: usize },
    #[error("nothing of this text can be seen")]
    Invisible,
}

/// A text without the space around it; nothing when it is empty.
pub fn text(given: &str, most_chars: usize, lines: Lines) -> Result<Option<&str>, InvalidText> {
    let text = given.trim();
    if text.chars().any(|c| breaks(c, lines)) {
        return Err(InvalidText::Control);
    }
    if text.chars().any(turns_direction) {
        return Err(InvalidText::TurnsDirection);
    }
    if text.chars().count() > most_chars {
        return Err(InvalidText::TooLong { most_chars });
    }
    match text {
        "" => Ok(None),
        text if text.chars().any(is_visible) => Ok(Some(text)),
        _ => Err(InvalidText::Invisible),
    }
}

/// Control characters and ends of lines, where they do not belong.
fn breaks(c: char, lines: Lines) -> bool {
    match lines {
        Lines::One => c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        Lines::Many => c.is_control() && !matches!(c, '\n' | '\r' | '\t'),
    }
}

/// Embeddings, overrides and isolates (UAX #9): they reach beyond the text when they are not ended in it. Arabic and Hebrew
/// are read from the right without them.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Something stands there by itself: not a space, not a sign that only changes another one, and not one of the letters and
/// symbols that Unicode has for leaving a place empty.
fn is_visible(c: char) -> bool {
    let empty = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    !empty
        && matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter
                | GeneralCategoryGroup::Number
                | GeneralCategoryGroup::Punctuation
                | GeneralCategoryGroup::Symbol
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_taken_without_the_space_around_it() {
        for given in [
            "Les 30 ans d'Awa",
            "Ndiaye-Sène",
            "e\u{301}",
            "عيد ميلاد سعيد",
            "ابن\u{200f}!",
            "🎂",
            "👩\u{200d}👧\u{200d}👦 famille",
            "?",
        ] {
            assert_eq!(text(&format!(" {given}\u{a0}\n"), 100, Lines::One), Ok(Some(given)), "{given:?}");
        }
        assert_eq!(text("a\nb\tc", 100, Lines::Many), Ok(Some("a\nb\tc")));
        assert_eq!(text(" \t ", 100, Lines::One), Ok(None));
    }

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_refused() {
        for given in [
            "\u{200b}",
            "\u{200d}\u{200c}",
            "\u{feff}\u{2060}",
            "\u{ad}",
            "\u{301}\u{302}",
            "\u{fe0f}",
            "\u{3164}",
            "\u{2800} \u{115f}",
            "\u{e0041}",
            "\u{200e}\u{61c}",
        ] {
            assert_eq!(text(given, 100, Lines::Many), Err(InvalidText::Invisible), "{given:?}");
        }
    }

    #[test]
    fn a_text_that_turns_what_stands_around_it_is_refused() {
        for sign in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            let given = format!("Awa {sign}ayeidN");
            assert_eq!(text(&given, 100, Lines::Many), Err(InvalidText::TurnsDirection), "{sign:?}");
        }
    }

    #[test]
    fn a_line_stays_a_line_and_a_length_a_length() {
        for given in ["a\nb", "a\u{0}b", "a\u{2028}b", "a\u{85}b"] {
            assert_eq!(text(given, 100, Lines::One), Err(InvalidText::Control), "{given:?}");
        }
        assert_eq!(text("a\u{7f}b", 100, Lines::Many), Err(InvalidText::Control));
        assert_eq!(text("ééé", 3, Lines::One), Ok(Some("ééé")));
        assert_eq!(text("éééé", 3, Lines::One), Err(InvalidText::TooLong { most_chars: 3 }));
    }
}
