//! What stands in the form of a pot's page: as it was typed, as a gift, and what is wrong with it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use uuid::Uuid;

use crate::asker::Language;
use crate::body::raw;
use crate::idempotency::Key;
use crate::payments::Gift;
use crate::problem::{Code, Problem, Words, Wrong};

/// The form as it is shown.
#[derive(Default, Serialize)]
pub(super) struct Filled {
    /// Of the gift that this form gives, however often it is sent.
    pub(super) key: String,
    amount: String,
    name: String,
    phone: String,
    message: String,
    anonymous: bool,
    pub(super) fault: Option<String>,
    faults: Faults,
}

/// Nothing was decided now. It may have been before, under the same key: somebody who paid, went back and pressed once more.
const NOT_DONE: [Code; 3] = [Code::NotYet, Code::EngineUnavailable, Code::StoreUnavailable];

/// What is wrong, by field.
#[derive(Default, Serialize)]
struct Faults {
    amount: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    message: Option<String>,
}

/// What was answered instead of a gift: a problem's document, read again, because a kept answer has this form.
#[derive(Deserialize)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    field: String,
    message: String,
}

impl Filled {
    /// A form that nobody has filled in yet.
    pub(super) fn empty() -> Self {
        Self { key: Uuid::new_v4().to_string(), ..Self::default() }
    }

    pub(super) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Problem> {
        let mut filled = Self::default();
        for (name, value) in form_urlencoded::parse(&raw(body)?) {
            match &*name {
                "key" => filled.key = value.into_owned(),
                "amount" => filled.amount = value.into_owned(),
                "name" => filled.name = value.into_owned(),
                "phone" => filled.phone = value.into_owned(),
                // A browser writes the end of a line as two characters, and counts one.
                "message" => filled.message = value.replace("\r\n", "\n"),
                "anonymous" => filled.anonymous = true,
                // What a browser or its extensions add is nothing to us.
                _ => {}
            }
        }
        Ok(filled)
    }

    /// The key under which this form was shown. One that was not made here is as good, and one that is none is a new one.
    pub(super) fn key(&self) -> Key {
        Key::read(&self.key).unwrap_or_else(|_| Key::fresh())
    }

    pub(super) fn gift(&self, pot: &str) -> Result<Gift, Problem> {
        let amount = francs(&self.amount).ok_or_else(|| {
            let words = Words::new(
                "écrivez un montant en francs, comme 5 000",
                "write an amount in francs, like 5 000",
            );
            Problem::invalid(vec![Wrong { field: "amount".to_owned(), words }])
        })?;
        Ok(Gift {
            pot: pot.to_owned(),
            amount,
            name: Some(self.name.clone()),
            phone: Some(self.phone.clone()),
            message: Some(self.message.clone()),
            anonymous: self.anonymous,
        })
    }

    /// The same form, with what is wrong at its fields. What may still become a gift keeps its key; a no is of another gift than
    /// the one that is asked for next.
    pub(super) fn refused(mut self, refusal: Refusal, language: Language) -> Self {
        for Fault { field, message } in refusal.errors {
            let place = match &*field {
                "amount" => &mut self.faults.amount,
                "name" => &mut self.faults.name,
                "phone" => &mut self.faults.phone,
                "message" => &mut self.faults.message,
                _ => continue,
            };
            place.get_or_insert(sentence(&message));
        }
        let Faults { amount, name, phone, message } = &self.faults;
        let pointed = [amount, name, phone, message].into_iter().any(Option::is_some);
        if refusal.code == Code::KeyReused.as_str() {
            let words = Words::new(
                "Ce formulaire a déjà servi. Si vous voulez offrir un autre cadeau, appuyez encore une fois.",
                "This form was used before. If you want to give another present, press once more.",
            );
            self.fault = Some(words.read(language).to_owned());
        } else if !pointed && NOT_DONE.iter().any(|code| refusal.code == code.as_str()) {
            // What a program is told of its key means nothing to somebody with a button.
            let words = Words::new(
                "La page de paiement n'est pas encore prête. Appuyez encore une fois dans un moment : c'est le \
                 même cadeau, il ne sera pas payé deux fois.",
                "The page for paying is not ready yet. Press once more in a moment: it is the same present, and \
                 it will not be paid for twice.",
            );
            self.fault = Some(words.read(language).to_owned());
        } else if !pointed {
            self.fault = Some(sentence(&refusal.detail));
        }
        let undecided = refusal.status >= 500
            || refusal.status == StatusCode::TOO_MANY_REQUESTS.as_u16()
            || refusal.code == Code::KeyInFlight.as_str();
        if !undecided {
            self.key = Self::empty().key;
        }
        self
    }
}

/// `5000`, `5 000`, `5.000 F CFA`: as people write whole francs.
fn francs(typed: &str) -> Option<i64> {
    let typed = typed.trim().to_lowercase();
    let number = ["f cfa", "fcfa", "cfa", "xof", "f"]
        .iter()
        .find_map(|unit| typed.strip_suffix(unit))
        .unwrap_or(&typed);
    let digits: String =
        number.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | ',' | '\'')).collect();
    // Where something stands behind the thousands, it would be a part of a franc.
    let parts = number.rsplit(['.', ',']).next().map_or(0, |last| last.trim().len());
    let has_parts = number.contains(['.', ',']) && parts != 3;
    if has_parts || !digits.bytes().all(|byte| byte.is_ascii_digit()) { None } else { digits.parse().ok() }
}

/// What stands at a field begins a sentence on a page.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (typed, read) in [
            ("5000", Some(5_000)),
            (" 5 000 ", Some(5_000)),
            ("5\u{202f}000 F CFA", Some(5_000)),
            ("5.000 FCFA", Some(5_000)),
            ("1,000,000", Some(1_000_000)),
            ("500f", Some(500)),
            ("", None),
            ("F", None),
            ("cinq mille", None),
            ("12.5", None),
            ("12,50", None),
            ("-500", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(francs(typed), read, "{typed}");
        }
    }

    #[test]
    fn whoever_has_to_wait_reads_nothing_of_keys_and_that_no_press_pays_twice() {
        for code in NOT_DONE {
            let waits = Refusal {
                status: 503,
                code: code.as_str().to_owned(),
                detail: "même clé".to_owned(),
                errors: Vec::new(),
            };
            let form = Filled { key: "k".to_owned(), ..Filled::default() }.refused(waits, Language::French);
            assert!(form.fault.unwrap().contains("il ne sera pas payé deux fois"));
            assert_eq!(form.key, "k");
        }
    }

    #[test]
    fn what_is_wrong_stands_at_its_field_and_begins_a_sentence() {
        let refusal = |status, code: &str, field: &str| Refusal {
            status,
            code: code.to_owned(),
            detail: "Non.".to_owned(),
            errors: vec![Fault { field: field.to_owned(), message: "trop peu".to_owned() }],
        };
        let form = || Filled { key: "k".to_owned(), ..Filled::default() };
        let at = form().refused(refusal(422, "request_invalid", "amount"), Language::French);
        assert_eq!((at.faults.amount.as_deref(), at.fault.as_deref()), (Some("Trop peu."), None));
        assert_ne!(at.key, "k");
        // What belongs to no field stands above all of them.
        let above = form().refused(refusal(422, "own_pot", "pot"), Language::French);
        assert_eq!(above.fault.as_deref(), Some("Non."));
        // The gift may be on its way: the same press is the same gift.
        assert_eq!(form().refused(refusal(503, "not_yet", ""), Language::French).key, "k");
    }
}
