//! The contract: one OpenAPI 3.1 document, put together from what the routes say of themselves.
//!
//! A route is registered together with its description (`routes!` in `router.rs`), so nothing is served that is not
//! described, and nothing is described that is not served. What every operation has in common is added here, once. The
//! document is 3.1 and not 3.2 because that is what the tools of those who read it understand.
//!
//! `api/openapi.json` is the document as it was when somebody last looked at it; a test fails when it is stale.

mod all;
mod docs;
mod list;
mod refusals;
pub(crate) mod schemas;

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use utoipa::OpenApi;

pub(crate) use docs::{__path_file, __path_page, file, page};
pub use list::{Route, Who, routes};
pub(crate) use refusals::{Nothing, OnPages, refusals, responses};

/// What the routes are added to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "WOLO",
        description = include_str!("opening.md"),
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(crate::problem::Document, crate::pots::PotEvent)),
    tags(
        (name = "accounts", description = "Registering, signing in, and what people change about themselves."),
        (name = "admin", description = "What those may do who work here."),
        (name = "pots", description = "Making a pot, seeing it, closing it."),
        (name = "sponsorship", description = "Inviting others, answering an invitation, and the points that invitations bring."),
        (name = "identity", description = "Who consents for a minor, to what, and the pages on which they do."),
        (name = "payments", description = "Giving, and hearing what Wave says about it."),
        (name = "notifications", description = "Messages that somebody was sent, wanting no more of them, and what their carriers tell."),
        (name = "desk", description = "The pages of those who work here, who sign in to them with a browser."),
        (name = "pages", description = "What people read in a browser, and what that is made of."),
        (name = "analytics", description = "What visitors do, and the figures of the business."),
        (name = "operation", description = "Whether it lives, whether it can work, and what it can do."),
    ),
)]
pub(crate) struct Opening;

/// The document as it is given out.
#[derive(Clone)]
pub(crate) struct Document(Bytes);

impl Document {
    pub(crate) fn new(mut openapi: utoipa::openapi::OpenApi) -> Self {
        all::complete(&mut openapi);
        // A document made of texts and numbers always has a JSON form.
        let mut text = openapi.to_pretty_json().unwrap_or_default();
        text.push('\n');
        Self(text.into())
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operation",
    responses(
        (status = 200, description = "The document.", body = Object, content_type = "application/json"),
        Nothing,
    ))]
pub(crate) async fn openapi(Extension(Document(bytes)): Extension<Document>) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
