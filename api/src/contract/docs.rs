//! `GET /docs`: the document as a page to read and try, from files that are built in. It loads nothing from anywhere
//! else and runs no script that stands in a page.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use utoipa_swagger_ui::Config;

use super::{Nothing, refusals, schemas};
use crate::problem::{self, Code, Problem};

/// Swagger UI sets styles from its scripts and draws its icons from data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page asks for; the rest of what is built in is not given out.
pub(super) const FILES: [&str; 5] = [
    "favicon-32x32.png",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // Without this it would show the document to a checker on the internet.
    Arc::new(Config::from("/openapi.json").validator_url("none"))
});

refusals!(NoFile: &[Code::RouteUnknown]);

/// This document as a page to read and try.
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "operation",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), Nothing))]
pub(crate) async fn page() -> Response {
    with(Html(include_str!("docs.html")).into_response(), &[(header::CONTENT_SECURITY_POLICY, POLICY)])
}

/// What the page is made of.
#[utoipa::path(get, path = "/docs/{file}", operation_id = "docs.file", tag = "operation",
    params(("file" = inline(schemas::DocsFile), Path, description = "The file's name.")),
    responses(
        (status = 200, description = "The file.", content((String = "text/css"), (String = "text/javascript"), (String = "image/png"))),
        NoFile,
    ))]
pub(crate) async fn file(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let unknown = || Problem::new(Code::RouteUnknown);
    let Path(name) = name.map_err(|_| unknown())?;
    if !FILES.contains(&name.as_str()) {
        return Err(unknown());
    }
    let found = utoipa_swagger_ui::serve(&name, CONFIG.clone()).map_err(|error| {
        tracing::error!(cause = problem::chain(error.as_ref()), "a file of the documentation cannot be made");
        Problem::new(Code::Internal)
    })?;
    let file = found.ok_or_else(unknown)?;
    let mut response = file.bytes.into_owned().into_response();
    let kind = HeaderValue::from_str(&file.content_type).map_err(|_| unknown())?;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(with(response, &[(header::CACHE_CONTROL, "public, max-age=3600")]))
}

fn with(mut response: Response, headers: &[(HeaderName, &'static str)]) -> Response {
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
