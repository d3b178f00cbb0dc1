//! Small pages for people who come by a link, in their language.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::asker::Language;
use crate::pages;
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
    pages::plain(title, head, body, language)
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

/// A page as an answer.
pub(crate) fn shown(status: StatusCode, page: String, language: Language) -> Response {
    pages::answer(status, page, language)
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
