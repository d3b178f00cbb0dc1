//! Pages that people read in a browser: one layout, one stylesheet, templates that are compiled in.
//!
//! A page is made on the server and works without its script. It loads nothing from anywhere else, and nothing in it that came from
//! people is ever HTML: templates escape what they are given. To add one: a template in `api/pages`, named in `templates.rs`, that
//! fills the blocks of `layout.html`, and `Page::new("…", language).show(context! { … })` in a handler.

mod assets;
mod qr;
mod templates;

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use minijinja::{Value, context};

pub(crate) use assets::{__path_asset, __path_favicon, __path_robots, asset, favicon, robots};
pub(crate) use qr::{Qr, qr};

use crate::asker::Language;
use crate::page::spoken;
use crate::problem::{Code, Problem};
use templates::Templates;

static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::built_in);

/// What a page may load and where its forms may lead: here, and nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// One page, before its template is filled in.
pub(crate) struct Page {
    template: &'static str,
    language: Language,
    status: StatusCode,
    /// Where else its form may end up.
    leads_to: Option<String>,
}

impl Page {
    pub(crate) const fn new(template: &'static str, language: Language) -> Self {
        Self { template, language: spoken(language), status: StatusCode::OK, leads_to: None }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A browser lets a form be redirected only to where the page said that it may be: to this origin too.
    pub(crate) fn leading_to(self, origin: String) -> Self {
        Self { leads_to: Some(origin), ..self }
    }

    /// The page with these values in it, as an answer.
    pub(crate) fn show(self, values: Value) -> Result<Response, Problem> {
        let text = drawing(self.template, self.language, values)?;
        let mut response = answer(self.status, text, self.language);
        if let Some(policy) =
            self.leads_to.and_then(|to| HeaderValue::try_from(format!("{POLICY} {to}")).ok())
        {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

/// A template with these values in it, by itself.
pub(crate) fn drawing(template: &str, language: Language, values: Value) -> Result<String, Problem> {
    TEMPLATES.fill(template, language, values).map_err(|error| {
        // What the engine says of a template may quote what was to stand in it.
        tracing::error!(template, kind = ?error.kind(), line = error.line(), "a template cannot be filled in");
        Problem::new(Code::Internal)
    })
}

/// A page that is there already, as an answer.
pub(crate) fn answer(status: StatusCode, text: String, language: Language) -> Response {
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// A page of few words, whose parts are HTML already: what stands under `/g/` and `/i/`, and what went wrong.
pub(crate) fn plain(title: &str, head: &str, body: &str, language: Language) -> String {
    let [title, head, body] = [title, head, body].map(|html| Value::from_safe_string(html.to_owned()));
    let values = context! { title, head, body };
    TEMPLATES.fill("plain.html", spoken(language), values).unwrap_or_else(|error| {
        tracing::error!(kind = ?error.kind(), "a plain page cannot be made");
        String::new()
    })
}
