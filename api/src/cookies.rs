//! What we ask a browser to keep, and what it sends along. No script reads any of it, and it goes over TLS alone where we have that.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::state::App;

/// Because of which pages a browser sends it along.
#[derive(Clone, Copy)]
pub(crate) enum SameSite {
    /// Because of our own alone.
    Strict,
    /// Because of a link from elsewhere, too, and never because of a form there.
    Lax,
}

impl SameSite {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
        }
    }
}

/// Something that a browser is to keep.
pub(crate) struct Cookie<'a> {
    pub(crate) name: &'static str,
    pub(crate) value: &'a str,
    /// For which of our addresses.
    pub(crate) path: &'a str,
    pub(crate) seconds: u64,
    pub(crate) same_site: SameSite,
}

impl Cookie<'_> {
    pub(crate) fn put(&self, response: &mut Response, app: &App) {
        let Self { name, value, path, seconds, same_site } = self;
        let same_site = same_site.as_str();
        let secure = if app.settings.api.public_url.scheme() == "https" { "; Secure" } else { "" };
        let cookie =
            format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
}

/// What a browser has kept under a name.
pub(crate) fn kept<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}
