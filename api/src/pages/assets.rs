//! What pages load: built in, each under an address that says what is in it, so that a browser keeps it for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::contract::{Nothing, refusals};
use crate::problem::{Code, Problem};

/// So much of a file's hash tells it from its earlier ones.
const HASH_CHARS: usize = 12;
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";

const ICON: &str = include_str!("../../pages/favicon.svg");

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    /// Its file name with its hash.
    file: LazyLock<String>,
}

macro_rules! built_in {
    ($place:literal, $name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            text: include_str!(concat!("../../pages/", $name)),
            file: LazyLock::new(|| hashed(&ALL[$place])),
        }
    };
}

static ALL: [Asset; 4] = [
    built_in!(0, "wolo.css", "text/css; charset=utf-8"),
    built_in!(1, "pot.js", "text/javascript; charset=utf-8"),
    built_in!(2, "admin.css", "text/css; charset=utf-8"),
    built_in!(3, "desk.js", "text/javascript; charset=utf-8"),
];

fn hashed(asset: &Asset) -> String {
    let hash = hex::encode(digest(&SHA256, asset.text.as_bytes()));
    let (stem, end) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
    format!("{stem}.{}.{end}", &hash[..HASH_CHARS])
}

/// Where a file is, by the name that it has among ours.
pub(super) fn address(name: &str) -> Option<String> {
    let asset = ALL.iter().find(|asset| asset.name == name)?;
    Some(format!("/assets/{}", *asset.file))
}

refusals!(NoAsset: &[Code::RouteUnknown]);

/// What pages are made of.
#[utoipa::path(get, path = "/assets/{file}", operation_id = "pages.asset", tag = "pages",
    params(("file" = String, Path, description = "The file's name, with its hash.")),
    responses(
        (status = 200, description = "The file.", content((String = "text/css"), (String = "text/javascript"))),
        NoAsset,
    ))]
pub(crate) async fn asset(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let unknown = || Problem::new(Code::RouteUnknown);
    let Path(name) = name.map_err(|_| unknown())?;
    let asset = ALL.iter().find(|asset| *asset.file == name).ok_or_else(unknown)?;
    Ok(file(asset.text, asset.kind, FOR_EVER))
}

/// What browsers and robots ask for without being told.
#[utoipa::path(get, path = "/favicon.ico", operation_id = "pages.favicon", tag = "pages",
    responses((status = 200, description = "The sign of WOLO.", body = String, content_type = "image/svg+xml"), Nothing))]
pub(crate) async fn favicon() -> Response {
    file(ICON, "image/svg+xml", FOR_A_DAY)
}

/// What robots may read: the pages, of which those that are behind a link say that they are not to be listed.
#[utoipa::path(get, path = "/robots.txt", operation_id = "pages.robots", tag = "pages",
    responses((status = 200, description = "What robots may read.", body = String, content_type = "text/plain"), Nothing))]
pub(crate) async fn robots() -> Response {
    file(include_str!("../../pages/robots.txt"), "text/plain; charset=utf-8", FOR_A_DAY)
}

fn file(text: &'static str, kind: &'static str, kept: &'static str) -> Response {
    let mut response = text.into_response();
    let headers: [(HeaderName, &'static str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
