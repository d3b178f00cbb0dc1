//! Who asks, as far as the shape of the answer goes: the request's id and the language to answer in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use uuid::Uuid;
pub(crate) use wolo_domain::contacts::Language;

/// Carries an id through all that a request touches, theirs or ours.
pub(crate) const REQUEST_ID: &str = "x-request-id";

const LONGEST_ID: usize = 128;

#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) request_id: String,
    pub(crate) language: Language,
}

impl Asker {
    /// Who follows a page's link to the other language has named it in the address; a browser says nothing of that.
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        Self {
            request_id: given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned),
            language: named(uri).unwrap_or_else(|| preferred(headers)),
        }
    }
}

/// An id that may stand in a log line as it is.
fn is_sane(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

/// The language that the address names: `?lang=en`.
fn named(uri: &Uri) -> Option<Language> {
    let tag = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("lang="))?;
    Language::ALL.into_iter().find(|language| language.as_str() == tag)
}

/// The best of what is spoken here; French where nothing else is clearly wanted.
fn preferred(headers: &HeaderMap) -> Language {
    let wanted = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let (mut french, mut english, mut wolof) = (0, 0, 0);
    for part in wanted.flat_map(|list| list.split(',')).take(32) {
        let mut pieces = part.split(';');
        let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(1000, thousandths);
        match tag.split('-').next() {
            Some("fr") => french = french.max(quality),
            Some("wo") => wolof = wolof.max(quality),
            Some("en") => english = english.max(quality),
            _ => {}
        }
    }
    if wolof > french.max(english) {
        Language::Wolof
    } else if english > french.max(wolof) {
        Language::English
    } else {
        Language::French
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
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self::of(&parts.headers, &parts.uri)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(accepted: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
        preferred(&headers)
    }

    #[test]
    fn french_is_spoken_unless_something_else_is_preferred() {
        for accepted in [
            "",
            "fr",
            "fr-SN,en;q=0.8",
            "fr,wo;q=0.9",
            "wo,fr",
            "wo,en",
            "de",
            "*",
            "en;q=0",
            "en;q=x",
            "fr,en",
        ] {
            assert_eq!(language(accepted), Language::French, "{accepted}");
        }
        for accepted in ["en", "en-GB", "en, fr;q=0.9", "fr;q=0.2, en;q=0.25", "EN;q=1.0"] {
            assert_eq!(language(accepted), Language::English, "{accepted}");
        }
        for accepted in ["wo", "wo-SN", "wo;q=0.9, en;q=0.8", "wo, fr;q=0.9, en;q=0.8"] {
            assert_eq!(language(accepted), Language::Wolof, "{accepted}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Language::French);
    }

    #[test]
    fn who_names_a_language_in_the_address_gets_it() {
        let language =
            |address: &'static str| Asker::of(&HeaderMap::new(), &Uri::from_static(address)).language;
        assert_eq!(language("/p/abc?page=2&lang=en"), Language::English);
        for address in ["/p/abc", "/p/abc?lang=de", "/p/abc?slang=en", "/p/abc?lang="] {
            assert_eq!(language(address), Language::French, "{address}");
        }
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        for (given, kept) in
            [("abc-1", true), ("a b", false), ("", false), ("é", false), (&"x".repeat(129), false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, axum::http::HeaderValue::from_bytes(given.as_bytes()).unwrap());
            assert_eq!(Asker::of(&headers, &Uri::default()).request_id == given, kept, "{given}");
        }
    }
}
