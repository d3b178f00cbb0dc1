//! What whoever comes by a link reads in their browser when something went wrong: a page of plain words with the way to try again,
//! where a program gets the problem's document. It stands at the edge, so that no page can forget it.

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use crate::asker::Asker;
use crate::page::{escape, page, shown, spoken, wants_page};
use crate::problem::{Problem, Words};

/// Somebody who is on one of our pages.
pub(super) struct Visitor {
    /// Where they try again.
    back: String,
    /// What they have sent has to be sent once more.
    sent: bool,
}

impl Visitor {
    pub(super) fn of(request: &Request, route: &str) -> Option<Self> {
        if !is_page(route) || !wants_page(request.headers()) {
            return None;
        }
        let (uri, sent) = (request.uri(), !request.method().is_safe());
        let back = if sent {
            beginning(route, uri.path()).to_owned()
        } else {
            uri.path_and_query().map_or("/", |whole| whole.as_str()).to_owned()
        };
        Some(Self { back, sent })
    }

    /// The problem as a page. What a program would be told of it otherwise stands in the same places.
    pub(super) fn told(&self, problem: &Problem, document: &Response, asker: &Asker) -> Response {
        let language = spoken(asker.language);
        let (title, detail) = problem.words(language);
        let lost = Words::new(
            "Ce que vous veniez d'envoyer n'est peut-être pas arrivé : revenez à la page, elle dit où vous en êtes.",
            "What you have just sent may not have arrived: go back to the page, it says how things stand.",
        );
        let lost = if self.sent { format!("<p>{}</p>", lost.read(language)) } else { String::new() };
        let again = Words::new("Réessayer", "Try again");
        let body = format!(
            "<p>{}</p>{lost}<p><a class=\"pay\" href=\"{}\">{}</a></p><p class=\"id\">{}</p>",
            escape(&detail),
            escape(&self.back),
            again.read(language),
            escape(&asker.request_id),
        );
        let mut response = shown(problem.status(), page(&escape(&title), "", &body, language), language);
        for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = document.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }
}

/// A form of a pot's page.
const REPORT: &str = "/p/{pot}/report";

/// Routes whose answers a person reads.
fn is_page(route: &str) -> bool {
    route.starts_with("/g/")
        || route.starts_with("/i/")
        || route.starts_with("/admin")
        || matches!(route, "/" | "/p/{pot}" | REPORT)
        || matches!(route, "/api/payments/status/{id}" | "/api/notifications/opt-out/{token}")
}

/// The page from which a form was sent: that of the link.
fn beginning<'a>(route: &str, path: &'a str) -> &'a str {
    if route.starts_with("/admin") {
        return "/admin";
    }
    if route == REPORT {
        return path.strip_suffix("/report").unwrap_or(path);
    }
    if !route.starts_with("/g/") && !route.starts_with("/i/") {
        return path;
    }
    path.match_indices('/').nth(2).map_or(path, |(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_sent_a_form_goes_back_to_the_page_of_their_link() {
        for (route, path, back) in [
            ("/g/{token}/give", "/g/abc/give", "/g/abc"),
            ("/g/{token}/documents/{document}/remove", "/g/abc/documents/doc_1/remove", "/g/abc"),
            ("/i/{token}", "/i/abc", "/i/abc"),
            ("/admin/login/code", "/admin/login/code", "/admin"),
            (REPORT, "/p/abc/report", "/p/abc"),
            (
                "/api/notifications/opt-out/{token}",
                "/api/notifications/opt-out/abc",
                "/api/notifications/opt-out/abc",
            ),
        ] {
            assert_eq!(beginning(route, path), back);
        }
    }
}
