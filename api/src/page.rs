//! Pages for people who come by a link, in their language. They load nothing from anywhere.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

use crate::asker::Language;
use crate::problem::Words;

/// The language that a page is written in: its sentences are in French and English.
pub(crate) const fn spoken(wanted: Language) -> Language {
    match wanted {
        Language::French | Language::Wolof => Language::French,
        Language::English => Language::English,
    }
}

/// A page, whose `head` and `body` are HTML already.
pub(crate) fn page(title: &str, head: &str, body: &str, language: Language) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\">{head}<title>{title} · WOLO</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>",
        language.as_str()
    )
}

/// A page that says one thing. What its words have of others is HTML already.
pub(crate) fn saying(title: &Words, sentence: &Words, language: Language) -> String {
    let body = format!("<p>{}</p>", sentence.read(language));
    page(title.read(language), "", &body, language)
}

/// A page that says one thing and has one button, which posts to where the page is.
pub(crate) fn asking(title: &Words, sentence: &Words, button: &Words, language: Language) -> String {
    let body = format!(
        "<p>{}</p><form method=\"post\"><button>{}</button></form>",
        sentence.read(language),
        button.read(language)
    );
    page(title.read(language), "", &body, language)
}

const STYLE: &str = "body{margin:0;font:18px/1.5 system-ui,sans-serif;background:#f6f4ef;color:#1d1d1b}\
    main{max-width:28rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:1rem}\
    h1{margin:0 0 .5rem;font-size:1.5rem}h2{margin:2rem 0 .5rem;font-size:1.125rem}\
    label{display:block;margin:.75rem 0}input{display:block;box-sizing:border-box;width:100%;font:inherit;padding:.5rem}\
    input[type=checkbox]{display:inline;width:auto;margin-right:.5rem}\
    .quiet{background:#6b6b66}.wrong{color:#a3210f}.amount{font-size:2rem;margin:.25rem 0}\
    .pay,button{display:inline-block;border:0;font:inherit;padding:.75rem 1.25rem;border-radius:.5rem;background:#0b6bcb;color:#fff;text-decoration:none}\
    .id{color:#6b6b66;font-size:.75rem;overflow-wrap:anywhere}";

/// A page as an answer.
pub(crate) fn shown(status: StatusCode, page: String, language: Language) -> Response {
    let mut response = (status, Html(page)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
    );
    response
}

/// Whether a browser asks.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|part| part.trim().starts_with("text/html"))
}

/// A text as it stands in a page of HTML, between tags or in a quoted attribute.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_escaped() {
        assert_eq!(escape("\"><script>'&"), "&quot;&gt;&lt;script&gt;&#39;&amp;");
    }
}
