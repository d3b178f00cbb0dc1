//! Reading a form as strictly as a provider does that knows its fields.

use std::collections::BTreeMap;

use aws_lc_rs::constant_time;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::strict::{Flaw, FlawKind};

pub(crate) type Form = BTreeMap<String, String>;

/// Reads a form that may have these fields, each once.
pub(crate) fn read(headers: &HeaderMap, body: &[u8], known: &[&str]) -> Result<Form, Flaw> {
    let flaw =
        |kind, place: &str, words: &str| Flaw { kind, place: place.to_owned(), words: words.to_owned() };
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(flaw(FlawKind::Wrong, "", "the content type is not that of a form"));
    }
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(body) {
        if !known.contains(&&*name) {
            return Err(flaw(FlawKind::Unknown, &name, "unknown field"));
        }
        if form.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(flaw(FlawKind::Wrong, &name, "there twice"));
        }
    }
    Ok(form)
}

/// Whether somebody is let in with a name and a secret (`Basic`).
pub(crate) fn is_let_in(headers: &HeaderMap, name: &str, secret: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown =
        shown.and_then(|shown| shown.strip_prefix("Basic ")).and_then(|shown| STANDARD.decode(shown).ok());
    shown.is_some_and(|shown| {
        constant_time::verify_slices_are_equal(&shown, format!("{name}:{secret}").as_bytes()).is_ok()
    })
}
