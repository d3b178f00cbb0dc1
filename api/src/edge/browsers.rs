//! What other people's web pages may do with us: ask from a browser, where the settings name them. They send none of our forms.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use crate::admin::NAMESPACE;
use crate::asker::REQUEST_ID;
use crate::limits::{LIMIT, POLICY};
use crate::problem::{Code, Problem};

/// How long a browser remembers what it was allowed.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Where payloads are decrypted: for the engine's web pages, and for no other page in the world.
const CODECS: [&str; 2] = ["/api/admin/codec/", "/dev/codec/"];

/// None where no origin is named: then a browser refuses by itself. Credentials are never asked for, because a token
/// is sent by the page and not by the browser.
pub(super) fn allowing(origins: &[String], engine: Option<&Url>) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let engine: Option<HeaderValue> = engine.and_then(|url| url.origin().ascii_serialization().parse().ok());
    if origins.is_empty() && engine.is_none() {
        return None;
    }
    let allowed = AllowOrigin::predicate(move |origin, asked| {
        if CODECS.iter().any(|codec| asked.uri.path().starts_with(codec)) {
            engine.as_ref() == Some(origin)
        } else {
            origins.contains(origin)
        }
    });
    let key = HeaderName::from_static("idempotency-key");
    let id = HeaderName::from_static(REQUEST_ID);
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            key,
            id.clone(),
            HeaderName::from_static(NAMESPACE),
        ])
        .expose_headers([id, header::RETRY_AFTER, POLICY, LIMIT])
        .max_age(REMEMBERED);
    Some(layer)
}

/// Refuses a form that another site's page has sent, whatever the browser sent along.
pub(crate) fn refuse_foreign(headers: &HeaderMap, ours: &Url) -> Result<(), Problem> {
    if is_foreign(headers, ours) { Err(Problem::new(Code::FromElsewhere)) } else { Ok(()) }
}

/// Whether a browser says that another site's page has sent this. Since our pages send no referrer, what they send has `null` for its
/// origin in browsers that do not say more.
pub(crate) fn is_foreign(headers: &HeaderMap, ours: &Url) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    text("origin").is_some_and(|origin| origin != "null" && origin != ours.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn what_another_sites_page_has_sent_is_foreign() {
        let ours: Url = "https://wolo.example/".parse().unwrap();
        for (headers, foreign) in [
            (with(&[]), false),
            (with(&[("sec-fetch-site", "same-origin")]), false),
            (with(&[("sec-fetch-site", "none"), ("origin", "null")]), false),
            (with(&[("sec-fetch-site", "cross-site"), ("origin", "null")]), true),
            (with(&[("sec-fetch-site", "same-site")]), true),
            (with(&[("origin", "null")]), false),
            (with(&[("origin", "https://wolo.example")]), false),
            (with(&[("origin", "https://elsewhere.example")]), true),
            (with(&[("origin", "http://wolo.example")]), true),
        ] {
            assert_eq!(is_foreign(&headers, &ours), foreign, "{headers:?}");
        }
    }
}
