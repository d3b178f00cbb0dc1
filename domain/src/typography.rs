//! How text is set for people: what is written with the keys of a keyboard is read with the spaces and signs of print, and numbers
//! stand in groups of three. Messages and pages print alike.

use crate::contacts::Language;

/// Before `;`, `!` and `?`, inside `«` and `»`, and between groups of digits.
const NARROW: &str = "\u{202f}";
/// Before `:`.
const WIDE: &str = "\u{a0}";

/// The same text as it is printed.
pub fn set(text: &str, language: Language) -> String {
    let text = text.replace('\'', "’");
    match language {
        Language::English => text,
        // Wolof is printed as French is.
        Language::French | Language::Wolof => text
            .replace(" ;", &format!("{NARROW};"))
            .replace(" !", &format!("{NARROW}!"))
            .replace(" ?", &format!("{NARROW}?"))
            .replace(" :", &format!("{WIDE}:"))
            .replace("« ", &format!("«{NARROW}"))
            .replace(" »", &format!("{NARROW}»")),
    }
}

/// `5 000`: groups of three, as French writes them; in Senegal English does too.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(NARROW);
        }
        text.push(digit);
    }
    text
}

/// `5 000 F CFA`.
pub fn francs(amount: i64) -> String {
    format!("{}{WIDE}F{WIDE}CFA", grouped(amount))
}

/// `1 cadeau`, `2 cadeaux`. In French nought is one as well: *0 cadeau*.
pub fn counted(count: i64, one: &str, many: &str, language: Language) -> String {
    let is_one = match language {
        Language::English => count == 1,
        Language::French | Language::Wolof => matches!(count, 0 | 1),
    };
    let word = if is_one { one } else { many };
    format!("{}{WIDE}{word}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_is_printed_with_the_spaces_that_do_not_break() {
        let typed = "C'est fait : « Awa » est ouverte !";
        let printed = "C’est fait\u{a0}: «\u{202f}Awa\u{202f}» est ouverte\u{202f}!";
        assert_eq!(set(typed, Language::French), printed);
        assert_eq!(set("It's : no", Language::English), "It’s : no");
    }

    #[test]
    fn amounts_stand_in_groups_of_three() {
        assert_eq!(francs(100), "100\u{a0}F\u{a0}CFA");
        assert_eq!(francs(-1_250_000), "-1\u{202f}250\u{202f}000\u{a0}F\u{a0}CFA");
    }
}
