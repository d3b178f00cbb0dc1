//! How the text of files is set, between the places that are filled in.

use std::borrow::Cow;

use wolo_domain::contacts::Language;
use wolo_domain::typography::set;

/// The same text as it is printed. What stands in `{{ }}` and `{% %}` is left as it is.
pub(super) fn printed(text: &str, language: Language) -> String {
    let mut printed = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let end = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        let after = rest[at..].find(end).map_or(rest.len(), |length| at + length + end.len());
        printed.push_str(&set(&rest[..at], language));
        printed.push_str(&rest[at..after]);
        rest = &rest[after..];
    }
    printed.push_str(&set(rest, language));
    printed
}

/// The same text on one line: no control character, no end of a line, no two spaces in a row.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(breaks) && !text.contains("  ") {
        return Cow::Borrowed(text.trim_matches(' '));
    }
    let words = text.split(|c| c == ' ' || breaks(c)).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// The same text with so many characters at most; what is cut off leaves its mark.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_is_printed_with_the_spaces_that_do_not_break() {
        let typed = "C'est fait : « {{ pot if a != b else 'x' }} » est ouverte ! {% if x %}Oui ?{% endif %}";
        assert_eq!(
            printed(typed, Language::French),
            "C’est fait\u{a0}: «\u{202f}{{ pot if a != b else 'x' }}\u{202f}» est ouverte\u{202f}! \
             {% if x %}Oui\u{202f}?{% endif %}"
        );
        assert_eq!(printed("It's {{ x }} : no", Language::English), "It’s {{ x }} : no");
    }

    #[test]
    fn whatever_a_value_is_it_stays_on_its_line() {
        assert_eq!(one_line("Awa"), "Awa");
        assert_eq!(one_line(" Awa\r\nBcc: x@y.z\t\u{2028}  1\u{0}"), "Awa Bcc: x@y.z 1");
        assert_eq!(one_line("5\u{202f}000\u{a0}F"), "5\u{202f}000\u{a0}F");
        assert_eq!(one_line("\n\t"), "");
    }

    #[test]
    fn what_is_cut_off_leaves_a_mark() {
        assert_eq!(clipped("fête", 4), "fête");
        assert_eq!(clipped("fêtes", 4), "fêt…");
        assert_eq!(clipped("la fête", 4), "la…");
    }
}
