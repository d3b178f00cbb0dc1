//! Amounts, days and counts in words, as filters of the templates.

use minijinja::{Environment, Error, ErrorKind};
use wolo_domain::contacts::Language;
use wolo_domain::{dakar, typography};

pub(super) fn add_to(pieces: &mut Environment<'static>, language: Language) {
    pieces.add_filter("francs", typography::francs);
    pieces.add_filter("day", move |written: &str| {
        let day =
            written.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, "this is not a day"))?;
        Ok::<_, Error>(dakar::in_words(day, language))
    });
    pieces.add_filter("counted", move |count: i64, one: &str, many: &str, none: Option<&str>| match none {
        Some(none) if count == 0 => none.to_owned(),
        _ => typography::counted(count, one, many, language),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(language: Language, piece: &str) -> String {
        let mut pieces = Environment::new();
        add_to(&mut pieces, language);
        pieces.render_str(piece, ()).unwrap()
    }

    #[test]
    fn amounts_stand_in_groups_of_three() {
        let written = |amount: i64| filled(Language::French, &format!("{{{{ {amount} | francs }}}}"));
        assert_eq!(written(100), "100\u{a0}F\u{a0}CFA");
        assert_eq!(written(5_000), "5\u{202f}000\u{a0}F\u{a0}CFA");
        assert_eq!(written(1_250_000), "1\u{202f}250\u{202f}000\u{a0}F\u{a0}CFA");
    }

    #[test]
    fn days_are_written_in_words() {
        let written = |language, day: &str| filled(language, &format!("{{{{ '{day}' | day }}}}"));
        assert_eq!(written(Language::French, "2026-12-12"), "12\u{a0}décembre");
        assert_eq!(written(Language::French, "2027-02-01"), "1er\u{a0}février");
        assert_eq!(written(Language::English, "2026-08-01"), "1\u{a0}August");
    }

    #[test]
    fn one_is_one_and_nought_is_as_the_language_has_it() {
        let written = |language, count: i64, rest: &str| {
            filled(language, &format!("{{{{ {count} | counted('gift', 'gifts'{rest}) }}}}"))
        };
        assert_eq!(written(Language::English, 1, ""), "1\u{a0}gift");
        assert_eq!(written(Language::English, 0, ""), "0\u{a0}gifts");
        assert_eq!(written(Language::French, 0, ""), "0\u{a0}gift");
        assert_eq!(written(Language::French, 1_200, ""), "1\u{202f}200\u{a0}gifts");
        assert_eq!(written(Language::English, 0, ", 'no gift'"), "no gift");
    }
}
