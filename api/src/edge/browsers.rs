//! What other people's web pages may do with us: ask from a browser, where the settings name them.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;

use crate::asker::REQUEST_ID;
use crate::limits::{LIMIT, POLICY};

/// How long a browser remembers what it was allowed.
const REMEMBERED: Duration = Duration::from_hours(1);

/// None where no origin is named: then a browser refuses by itself. Credentials are never asked for, because a token
/// is sent by the page and not by the browser.
pub(super) fn allowing(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let key = HeaderName::from_static("idempotency-key");
    let id = HeaderName::from_static(REQUEST_ID);
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            key,
            id.clone(),
        ])
        .expose_headers([id, header::RETRY_AFTER, POLICY, LIMIT])
        .max_age(REMEMBERED);
    Some(layer)
}
