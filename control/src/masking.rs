//! What may be seen of what processes carry, by whoever looks at it in the engine's pages or on a terminal.
//!
//! Three measures. [`hide_secrets`] takes away what opens a door: nobody needs that to understand a process. [`hide_people`] leaves
//! what tells how a process went and says nothing of anybody. [`leave_structure`] leaves the names of fields and opaque ids. None of
//! them guesses that a text is harmless by its looks: what is not known to be is hidden.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};
use uuid::Uuid;
use wolo_domain::notices::Kind;
use wolo_domain::pots::HoldReason;

/// What stands where something was.
pub const HIDDEN: &str = "•••";

/// Fields that hold what lets somebody in.
const SECRETS: [&str; 5] = ["token", "link", "secret", "sealed", "slug"];
/// Fields that hold a word of ours: where something stands, or what came of it.
const WORDS: [&str; 16] = [
    "stage",
    "status",
    "kind",
    "what",
    "outcome",
    "answer",
    "channel",
    "language",
    "visibility",
    "decision",
    "verdict",
    "end",
    "refusal",
    "code",
    "provider",
    "is",
];
/// Beginnings of the names of fields that tell when somebody was born.
const BORN: [&str; 3] = ["birth_date", "born", "comes_of_age"];

/// Takes away what opens a door.
pub fn hide_secrets(value: &mut Value) {
    each(value, "", &mut |key, leaf| {
        if leaf.is_string() && SECRETS.contains(&key) {
            *leaf = HIDDEN.into();
        }
    });
}

/// Leaves ids, times, numbers and words of ours.
pub fn hide_people(value: &mut Value) {
    each(value, "", &mut |key, leaf| {
        let Value::String(text) = &*leaf else { return };
        let born = BORN.iter().any(|beginning| key.starts_with(beginning));
        let known = is_id(text) || WORDS.contains(&key) || text.parse::<HoldReason>().is_ok();
        if born || SECRETS.contains(&key) || !(known || is_time(text)) {
            *leaf = HIDDEN.into();
        }
    });
}

/// Leaves the names of fields, ids, and what is true or false.
pub fn leave_structure(value: &mut Value) {
    each(value, "", &mut |key, leaf| {
        let opaque = match &*leaf {
            Value::String(text) => !SECRETS.contains(&key) && is_id(text),
            Value::Number(_) => false,
            _ => true,
        };
        if !opaque {
            *leaf = HIDDEN.into();
        }
    });
}

/// Every leaf, with the name of the field that it stands in. A name of a field that is none of ours is hidden as well: in a map
/// it is somebody's word.
fn each(value: &mut Value, key: &str, hide: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(fields) => {
            let named = std::mem::take(fields);
            let brings_a_code = brings_a_code(&named);
            for (number, (name, mut inner)) in named.into_iter().enumerate() {
                let key = if brings_a_code && name == "code" { "secret" } else { &name };
                each(&mut inner, key, hide);
                let ours = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    || is_id(&name)
                    || is_time(&name);
                fields.insert(if ours { name } else { format!("{HIDDEN}{number}") }, inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, key, hide)),
        leaf => hide(key, leaf),
    }
}

/// Whether this is what a message says that brings somebody a code to come in with. Elsewhere a code is a provider's word for why not.
fn brings_a_code(fields: &Map<String, Value>) -> bool {
    let kind = fields.get("says").and_then(Value::as_str).and_then(|says| says.parse::<Kind>().ok());
    kind.is_some_and(Kind::at_most_once)
}

/// An opaque id: `pot_` and 32 digits, also with what it is an order or a process of, or a UUID.
pub(crate) fn is_id(text: &str) -> bool {
    let id =
        text.split_once('/').filter(|(kind, _)| kind.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    let id = id.map_or(text, |(_, id)| id);
    let id = match id.split_once('.') {
        Some((id, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => id,
        _ => id,
    };
    let typed = id.split_once('_').is_some_and(|(prefix, digits)| {
        (2..=5).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_lowercase())
            && digits.len() == 32
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    typed || (id.len() == 36 && Uuid::try_parse(id).is_ok())
}

fn is_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok() || text.parse::<NaiveDate>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wolo_domain::notices::Says;

    use super::*;

    const POT: &str = "pot_0193a5c2f0f07c3ab1d2e3f405162738";

    fn carried() -> Value {
        json!({
            "pot": POT, "process": format!("payout/{POT}"), "order": format!("{POT}.1"), "amount": 5000,
            "stage": "open", "reason": "consent", "note": "Awa called", "title": "awa",
            "donor": { "name": "Fatou", "phone": "+221771234567" }, "opens_at": "2026-12-01T00:00:00Z",
            "birth_date": "2012-05-17", "slug": "abcdef", "link": "https://wolo.example/g/x",
            "ways": ["sms", POT], "done": true, "none": null, "by_name": { "Fatou Sow": 1 },
        })
    }

    #[test]
    fn what_opens_a_door_is_taken_away_from_everybody() {
        let mut value = carried();
        hide_secrets(&mut value);
        assert_eq!((&value["slug"], &value["link"]), (&json!(HIDDEN), &json!(HIDDEN)));
        assert_eq!((&value["donor"]["name"], &value["amount"]), (&json!("Fatou"), &json!(5000)));
    }

    #[test]
    fn no_message_shows_its_code_or_its_link() {
        let measures: [fn(&mut Value); 3] = [hide_secrets, hide_people, leave_structure];
        for says in Kind::ALL.into_iter().flat_map(Says::samples) {
            for hide in measures {
                let mut message = json!({ "message": { "says": &says } });
                hide(&mut message);
                let shown = message.to_string();
                assert!(!shown.contains("482913") && !shown.contains("https://"), "{shown}");
            }
        }
        let mut refused = json!({ "outcome": "refused", "code": "131026" });
        hide_people(&mut refused);
        assert_eq!(refused["code"], "131026");
    }

    #[test]
    fn a_story_tells_how_it_went_and_nothing_of_anybody() {
        let mut value = carried();
        hide_people(&mut value);
        for kept in ["pot", "process", "order", "amount", "stage", "reason", "opens_at", "done"] {
            assert_eq!(value[kept], carried()[kept], "{kept}");
        }
        for hidden in ["note", "title", "birth_date", "slug", "link"] {
            assert_eq!(value[hidden], HIDDEN, "{hidden}");
        }
        assert_eq!(value["donor"], json!({ "name": HIDDEN, "phone": HIDDEN }));
        assert_eq!(value["ways"], json!([HIDDEN, POT]));
        assert!(!value.to_string().contains("Fatou"), "{value}");
        for bare in ["awa", "+221771234567", "Awa Ndiaye"] {
            let mut value = json!(bare);
            hide_people(&mut value);
            assert_eq!(value, HIDDEN);
        }
    }

    #[test]
    fn support_sees_fields_and_ids() {
        let mut value = carried();
        leave_structure(&mut value);
        for kept in ["pot", "process", "order", "done", "none"] {
            assert_eq!(value[kept], carried()[kept], "{kept}");
        }
        for hidden in ["amount", "stage", "reason", "note", "title", "opens_at", "birth_date", "slug"] {
            assert_eq!(value[hidden], HIDDEN, "{hidden}");
        }
        assert_eq!(value["donor"], json!({ "name": HIDDEN, "phone": HIDDEN }));
        assert!(!value.to_string().contains("Fatou"), "{value}");
    }

    #[test]
    fn an_id_is_known_by_its_whole_form() {
        for (text, id) in [
            (POT, true),
            ("0193a5c2-f0f0-7c3a-b1d2-e3f405162738", true),
            ("pot_0193", false),
            ("awa_0193a5c2f0f07c3ab1d2e3f40516273x", false),
            ("Awa/pot_0193a5c2f0f07c3ab1d2e3f405162738", false),
            ("0193a5c2f0f07c3ab1d2e3f405162738", false),
        ] {
            assert_eq!(is_id(text), id, "{text}");
        }
    }
}
