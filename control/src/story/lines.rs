//! One line of a story, and the words for what it carries and for how long something took.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use temporalio_common::protos::ENCODING_PAYLOAD_KEY;
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};

use crate::masking;

/// More of what something carries is not said in a line.
const CHARS: usize = 200;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub at: Option<DateTime<Utc>>,
    /// What kind of thing, in one word.
    pub what: &'static str,
    /// In plain words.
    pub words: String,
    /// What it carried, without people; null where there was nothing.
    pub carried: Value,
}

/// What payloads carry: one as it is, several as a list.
pub(super) fn carried(payloads: Option<&Payloads>) -> Value {
    let mut all: Vec<Value> = payloads.into_iter().flat_map(|all| &all.payloads).map(value).collect();
    match all.len() {
        0 => Value::Null,
        1 => all.swap_remove(0),
        _ => Value::Array(all),
    }
}

/// The same of what a step or a process came to: an answer of one word, such as `closed`, is a word of ours.
pub(super) fn answer(payloads: Option<&Payloads>) -> Value {
    let word = payloads.and_then(|all| serde_json::from_slice::<String>(&all.payloads.first()?.data).ok());
    match word.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
        Some(word) => word.into(),
        None => carried(payloads),
    }
}

fn value(payload: &Payload) -> Value {
    let encoding = payload.metadata.get(ENCODING_PAYLOAD_KEY).map_or(&b""[..], Vec::as_slice);
    match encoding {
        b"binary/null" => Value::Null,
        b"json/plain" => match serde_json::from_slice(&payload.data) {
            Ok(mut value) => {
                masking::hide_people(&mut value);
                value
            }
            Err(_) => "(not readable)".into(),
        },
        b"binary/encrypted" => "(encrypted with a key that is not here)".into(),
        _ => format!("({} bytes)", payload.data.len()).into(),
    }
}

/// The words of ours that stand beside an event.
pub(super) fn summary(payload: &Payload) -> Option<String> {
    serde_json::from_slice::<String>(&payload.data).ok().filter(|words| !words.is_empty())
}

/// A value in one phrase: names and values, without quotes and what is nothing.
pub(super) fn phrase(value: &Value) -> String {
    let all = plain(value);
    match all.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &all[..end]),
        None => all,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let told = fields.map(|(name, value)| match value {
                Value::Object(inner) if !inner.is_empty() => format!("{name} ({})", plain(value)),
                _ => format!("{name} {}", plain(value)).trim_end().to_owned(),
            });
            told.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// How long something took: `0.2 s`, `3 min 5 s`, `10 d 2 h`.
pub(super) fn lasting(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let two = |big: i64, unit: &str, small: i64, smaller: &str| {
        if small == 0 { format!("{big} {unit}") } else { format!("{big} {unit} {small} {smaller}") }
    };
    match () {
        () if days > 0 => two(days, "d", hours, "h"),
        () if hours > 0 => two(hours, "h", minutes, "min"),
        () if minutes > 0 => two(minutes, "min", seconds % 60, "s"),
        () if seconds >= 10 => format!("{seconds} s"),
        () => {
            let tenths = (time.num_milliseconds().max(0) + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_has_its_two_largest_parts() {
        for (millis, words) in [
            (0, "0.0 s"),
            (240, "0.2 s"),
            (9_960, "10.0 s"),
            (61_000, "1 min 1 s"),
            (7_200_000, "2 h"),
            (90_061_000, "1 d 1 h"),
        ] {
            assert_eq!(lasting(TimeDelta::milliseconds(millis)), words);
        }
    }

    #[test]
    fn a_value_is_one_phrase() {
        let value = json!({ "stage": "open", "held": null, "totals": { "given": 500 }, "days": [1, 2] });
        assert_eq!(phrase(&value), "days [1, 2], stage open, totals (given 500)");
        assert_eq!(phrase(&json!("x".repeat(300))).chars().count(), 201);
    }
}
