//! Reading a body as strictly as a provider does that knows its fields.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

/// What is wrong with a body, and where: `personalizations[0].to`, or nothing for the whole.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) kind: FlawKind,
    pub(crate) place: String,
    pub(crate) words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawKind {
    NotJson,
    Missing,
    Unknown,
    Wrong,
}

/// Reads JSON into something that denies what it does not know.
pub(crate) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Flaw> {
    let not_json =
        |words: &str| Flaw { kind: FlawKind::NotJson, place: String::new(), words: words.to_owned() };
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(not_json("the content type is not application/json"));
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body)).map_err(|error| {
        let words = error.inner().to_string();
        if !error.inner().is_data() {
            return not_json(&words);
        }
        // serde has no other way of telling these apart than its words.
        let kind = if words.starts_with("missing field") {
            FlawKind::Missing
        } else if words.starts_with("unknown field") {
            FlawKind::Unknown
        } else {
            FlawKind::Wrong
        };
        let place = error.path().to_string();
        Flaw { kind, place: if place == "." { String::new() } else { place }, words }
    })
}
