//! What a guardian agrees to, word for word, in the languages in which it is written.
//!
//! A text that somebody has agreed to is never changed: other words are another id, and the old one stays here, so that what was
//! agreed to can be shown for ever.

use aws_lc_rs::digest::{SHA256, digest};

use crate::contacts::Language;

/// One version of the text, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentText {
    pub id: &'static str,
    pub language: Language,
    /// As it is shown: paragraphs, and before some a title that begins with `# `.
    pub words: &'static str,
}

/// Every version that there ever was, the newest last.
const TEXTS: [ConsentText; 2] = [
    ConsentText {
        id: "consent-1",
        language: Language::French,
        words: include_str!("texts/consent-1.fr.txt"),
    },
    ConsentText {
        id: "consent-1",
        language: Language::English,
        words: include_str!("texts/consent-1.en.txt"),
    },
];

const CURRENT: &str = "consent-1";

impl ConsentText {
    /// What is shown today to somebody who reads a language. Wolof falls back to French.
    pub fn current(language: Language) -> Self {
        let written = match language {
            Language::English => Language::English,
            Language::French | Language::Wolof => Language::French,
        };
        Self::find(CURRENT, written).unwrap_or(TEXTS[0])
    }

    /// A version in the language in which it was shown.
    pub fn find(id: &str, language: Language) -> Option<Self> {
        TEXTS.into_iter().find(|text| text.id == id && text.language == language)
    }

    /// SHA-256 of the words as they are shown, in hexadecimal digits.
    pub fn hash(&self) -> String {
        hex::encode(digest(&SHA256, self.words.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_agreed_to_is_never_changed() {
        let hashes: Vec<_> =
            TEXTS.iter().map(|text| (text.id, text.language.as_str(), text.hash())).collect();
        let known = [
            ("consent-1", "fr", "9974324b9d5a523b2c4e1b9e7283fc0269cac1a2fc8d326b355af646d04c4474"),
            ("consent-1", "en", "a4538559b4c1c5e0b0cf653ead50fb3759bb07e37b73d4aea85190ae41a6bb94"),
        ];
        assert_eq!(hashes, known.map(|(id, language, hash)| (id, language, hash.to_owned())));
    }

    #[test]
    fn every_language_has_a_text_and_wolof_falls_back_to_french() {
        let read = [Language::French, Language::English, Language::Wolof].map(ConsentText::current);
        assert_eq!(read.map(|text| text.language), [Language::French, Language::English, Language::French]);
        assert!(read.iter().all(|text| text.id == CURRENT));
    }

    #[test]
    fn a_text_is_short_lines_of_plain_words() {
        for text in TEXTS {
            assert!(text.words.starts_with("# ") && text.words.ends_with(".\n"), "{}", text.language);
            assert!(!text.words.contains(['\r', '\t', '<', '{']), "{}", text.language);
            let titles = text.words.lines().filter(|line| line.starts_with("# ")).count();
            assert_eq!(titles, 8, "both say the same in the same order");
        }
    }
}
