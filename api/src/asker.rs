//! Who asks, as far as the shape of the answer goes: the request's id and the language to answer in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use uuid::Uuid;

/// Carries an id through all that a request touches, theirs or ours.
pub(crate) const REQUEST_ID: &str = "x-request-id";

const LONGEST_ID: usize = 128;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    French,
    English,
}

#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) request_id: String,
    pub(crate) language: Language,
}

impl Asker {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        Self {
            request_id: given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned),
            language: Language::of(headers),
        }
    }
}

/// An id that may stand in a log line as it is.
fn is_sane(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

impl Language {
    /// As headers and pages name it.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The best of what is spoken here; French where nothing else is clearly wanted.
    fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let (mut french, mut english) = (0, 0);
        for part in wanted.flat_map(|list| list.split(',')).take(32) {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let quality = pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(1000, thousandths);
            match tag.split('-').next() {
                // Who reads Wolof here reads French.
                Some("fr" | "wo") => french = french.max(quality),
                Some("en") => english = english.max(quality),
                _ => {}
            }
        }
        if english > french { Self::English } else { Self::French }
    }
}

/// `0.8` as 800; what cannot be read counts as nothing.
fn thousandths(quality: &str) -> u32 {
    let (whole, part) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(part)) => (whole.min(1) * 1000 + part).min(1000),
        _ => 0,
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(accepted: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
        Language::of(&headers)
    }

    #[test]
    fn french_is_spoken_unless_english_is_preferred() {
        for accepted in
            ["", "fr", "fr-SN,en;q=0.8", "wo", "wo;q=0.9, en;q=0.8", "de", "*", "en;q=0", "en;q=x", "fr,en"]
        {
            assert_eq!(language(accepted), Language::French, "{accepted}");
        }
        for accepted in ["en", "en-GB", "en, fr;q=0.9", "fr;q=0.2, en;q=0.25", "EN;q=1.0"] {
            assert_eq!(language(accepted), Language::English, "{accepted}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::French);
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        for (given, kept) in
            [("abc-1", true), ("a b", false), ("", false), ("é", false), (&"x".repeat(129), false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, axum::http::HeaderValue::from_bytes(given.as_bytes()).unwrap());
            assert_eq!(Asker::of(&headers).request_id == given, kept, "{given}");
        }
    }
}
