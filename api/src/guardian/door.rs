//! Whoever comes to a guardian's page: with which link and session, from where, and in which language they want to read.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use url::form_urlencoded;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, PartialSchema as _};
use wolo_domain::consents::AddressClass;

use crate::asker::{Asker, Language};
use crate::contract::schemas;
use crate::cookies::{self, Cookie, SameSite};
use crate::edge::{address, browsers};
use crate::page::{escape, page, shown, spoken, wants_page};
use crate::problem::{Code, Problem, Words};
use crate::state::App;

/// What a guardian's browser keeps, for the pages of one link.
const COOKIE: &str = "wolo_guardian";
/// How long it keeps it, in seconds.
pub(super) const SESSION_SECONDS: u32 = 30 * 60;

const LONGEST_SECRET: usize = 64;

/// The request, before anybody has looked at what its link belongs to.
pub(crate) struct Door {
    /// The secret in the link; empty where it cannot be one.
    pub(super) token: String,
    /// What the browser keeps.
    pub(super) session: Option<String>,
    pub(super) language: Language,
    /// Wished for on the page itself.
    chosen: bool,
    pub(super) address: AddressClass,
    is_browser: bool,
    /// Another site's page has sent it.
    is_foreign: bool,
}

impl FromRequestParts<App> for Door {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let asker = Asker::from_request_parts(parts, app).await?;
        let token = match RawPathParams::from_request_parts(parts, app).await {
            Ok(params) => params.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned()),
            Err(_) => None,
        };
        let from = address::of(parts, app.settings.api.client_address).await;
        let chosen = wish(parts.uri.query().unwrap_or_default());
        Ok(Self {
            token: token.filter(|token| is_secret(token)).unwrap_or_default(),
            session: kept(&parts.headers),
            language: spoken(chosen.unwrap_or(asker.language)),
            chosen: chosen.is_some(),
            address: AddressClass::of(from),
            is_browser: wants_page(&parts.headers),
            is_foreign: browsers::is_foreign(&parts.headers, &app.settings.api.public_url),
        })
    }
}

impl Door {
    /// Where one of the pages stands, in the language that was chosen.
    pub(super) fn to(&self, step: &str) -> String {
        let language = if self.chosen { format!("?lang={}", self.language.as_str()) } else { String::new() };
        format!("/g/{}{step}{language}", escape(&self.token))
    }

    /// Back to the page that says where things stand.
    pub(super) fn back(&self) -> Response {
        self.back_to("")
    }

    pub(super) fn back_to(&self, step: &str) -> Response {
        Redirect::to(&self.to(step)).into_response()
    }

    /// The same, with what the browser is to keep. It sends it along to the pages of this link, and never because of another site.
    pub(super) fn back_with(&self, session: &str, app: &App) -> Response {
        let cookie = Cookie {
            name: COOKIE,
            value: session,
            path: &format!("/g/{}", self.token),
            seconds: SESSION_SECONDS.into(),
            same_site: SameSite::Strict,
        };
        let mut response = self.back();
        cookie.put(&mut response, app);
        response
    }

    /// A page, with the way to its other language. What its body has of others is HTML already.
    pub(super) fn page(&self, status: StatusCode, title: &str, body: &str) -> Response {
        let language = |tag: &str, name: &str| {
            format!("<a lang=\"{tag}\" hreflang=\"{tag}\" href=\"/g/{}?lang={tag}\">{name}</a>", self.token)
        };
        let languages = format!("{} · {}", language("fr", "Français"), language("en", "English"));
        let body = format!("{body}<p class=\"id\">{languages}</p>");
        shown(status, page(title, "", &body, self.language), self.language)
    }

    /// Refuses what another site's page has sent, whatever the browser sent along.
    pub(super) fn refuse_foreign(&self) -> Result<(), Problem> {
        if self.is_foreign { Err(Problem::new(Code::FromElsewhere)) } else { Ok(()) }
    }

    /// Whether a problem is told on a page.
    pub(super) fn tells(&self, problem: &Problem) -> bool {
        self.is_browser && problem.status().is_client_error()
    }

    /// For a browser a page that says why not, with the way back.
    pub(super) fn refused(&self, problem: Problem) -> Result<Response, Problem> {
        if !self.tells(&problem) {
            return Err(problem);
        }
        let back = Words::new("Revenir à la page de votre lien", "Back to the page of your link");
        let back = match problem.code() {
            Code::ConsentUnknown => String::new(),
            _ => format!("<p><a href=\"{}\">{}</a></p>", self.to(""), back.read(self.language)),
        };
        let body = format!("{}{back}", self.wrong(&problem));
        let (title, _) = problem.words(self.language);
        Ok(problem.with_its_wait(self.page(problem.status(), &escape(&title), &body)))
    }

    /// What is wrong, for a page that can be mended.
    pub(super) fn wrong(&self, problem: &Problem) -> String {
        let faults: Vec<_> = problem.faults(self.language).map(escape).collect();
        let faults = if faults.is_empty() { vec![escape(&problem.words(self.language).1)] } else { faults };
        format!("<p class=\"wrong\" role=\"alert\">{}</p>", faults.join("<br>"))
    }
}

impl IntoParams for Door {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, place, required, what: &str| {
            ParameterBuilder::new().name(name).parameter_in(place).required(required).description(Some(what))
        };
        let language = ObjectBuilder::new().schema_type(Type::String);
        vec![
            parameter("token", ParameterIn::Path, Required::True, "The link's secret part.")
                .schema(Some(schemas::GuardianToken::schema()))
                .build(),
            parameter("lang", ParameterIn::Query, Required::False, "The language of the page: `fr` or `en`.")
                .schema(Some(language))
                .build(),
        ]
    }
}

fn wish(query: &str) -> Option<Language> {
    let (_, tag) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang")?;
    tag.parse().ok()
}

fn is_secret(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= LONGEST_SECRET && text.bytes().all(is_one)
}

fn kept(headers: &HeaderMap) -> Option<String> {
    cookies::kept(headers, COOKIE).filter(|session| is_secret(session)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    fn with(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        assert_eq!(kept(&with(&[("cookie", "a=b; wolo_guardian=x-1; c=d")])), Some("x-1".to_owned()));
        for none in ["", "a=b", "wolo_guardian", "other_wolo_guardian=x", "wolo_guardian=x y"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, none.parse().unwrap());
            assert_eq!(kept(&headers), None, "{none}");
        }
    }

    #[test]
    fn a_page_is_in_the_language_that_was_chosen_on_it() {
        assert_eq!(wish("lang=en"), Some(Language::English));
        assert_eq!(wish("x=1&lang=fr"), Some(Language::French));
        for none in ["", "lang=", "lang=de", "language=en"] {
            assert_eq!(wish(none), None, "{none}");
        }
    }
}
